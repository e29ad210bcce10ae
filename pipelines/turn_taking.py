"""Turn-taking: whose turn it is, as a pure state machine over what was heard and decided.

Facts go in (onset, pause, verdict, transcript, playback), decisions come out. Times are monotonic
seconds given by the caller of each method; nothing here reads a clock or waits.

While the agent speaks a sound pauses it at once; whether it is a turn is decided afterwards:

    IDLE ── onset, agent silent ──► SPEAKING ── pause + complete ──► turn ended ──► IDLE
      └──── onset, agent speaks ──► OVERLAP ── backchannel or noise ──► resume ──► IDLE
                                       └────── words ──► interrupt ──► SPEAKING
"""

from dataclasses import dataclass
from enum import StrEnum

from pipelines.backchannels import SoundKind, classify
from pipelines.endings import is_closing, is_trailing


@dataclass(frozen=True, slots=True)
class TurnTakingParams:
    """Endpointing and barge-in, in milliseconds.

    ``end_silence_ms``: silence after which a complete turn ends. ``patience_ms``: silence after
    which a turn ends although it seems incomplete. ``barge_in_ms``: speech over the agent longer
    than this is looked at before it ends. ``resume_ms``: the longest the agent stays paused after
    a sound that turned out to be no turn. ``min_confidence``: transcripts below it are noise.
    ``trail_ms``: silence after which a turn ends that sounds complete but breaks off in its words.
    ``noise_ms``: a sound over the agent that has made no words by then is noise.
    ``give_up_ms``: silence after which a turn ends without a final transcript.
    """

    end_silence_ms: int = 192
    trail_ms: int = 700
    patience_ms: int = 1200
    barge_in_ms: int = 600
    resume_ms: int = 600
    min_confidence: float = 0.55
    give_up_ms: int = 3000
    noise_ms: int = 3000


class State(StrEnum):
    """Whose turn it is."""

    IDLE = "idle"
    OVERLAP = "overlap"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class PausePlayback:
    """Stop the agent at once; it may go on."""


@dataclass(frozen=True, slots=True)
class ResumePlayback:
    """The sound was no turn: go on where the agent was."""

    kind: SoundKind
    text: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """The caller took the turn."""


@dataclass(frozen=True, slots=True)
class DecodeNow:
    """A transcript of what was said so far is needed although the caller still speaks."""


@dataclass(frozen=True, slots=True)
class EndTurn:
    """The caller's turn is over; ``text`` is final."""

    text: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class DiscardTurn:
    """What was heard was no speech."""

    text: str


Decision = PausePlayback | ResumePlayback | Interrupt | DecodeNow | EndTurn | DiscardTurn


class TurnTaking:
    """Decides when the agent pauses, goes on, is interrupted, and when the caller is done."""

    def __init__(self, params: TurnTakingParams | None = None) -> None:
        self._params = params or TurnTakingParams()
        self.state = State.IDLE
        self._onset_at = 0.0
        self._silent_since: float | None = None
        self._complete: bool | None = None
        self._text = ""
        self._confidence: float | None = None
        self._transcribed = False  # the transcript covers everything up to the last pause
        self._asked_at = 0.0
        self._gone = False

    def onset(self, now: float, *, agent_speaking: bool) -> list[Decision]:
        """The caller began to make a sound."""
        if self.state is not State.IDLE:
            self._voice_is_back()
            return []
        self._begin(now)
        if not agent_speaking:
            self.state = State.SPEAKING
            return []
        self.state = State.OVERLAP
        return [PausePlayback()]

    def resumed(self) -> list[Decision]:
        """The voice came back after a pause."""
        self._voice_is_back()
        return []

    def pause(self, speech_end_at: float, now: float) -> list[Decision]:
        """The voice has been silent since ``speech_end_at``."""
        if self.state is State.IDLE:
            return []
        if self._silent_since is None:
            self._silent_since = speech_end_at
        return self._decide(now)

    def verdict(self, *, complete: bool, now: float) -> list[Decision]:
        """The end-of-turn model judged the audio up to the last pause."""
        if self.state is State.IDLE or self._silent_since is None:
            return []
        self._complete = complete
        return self._decide(now)

    def transcript(
        self, text: str, confidence: float | None, now: float, *, finalized: bool
    ) -> list[Decision]:
        """What the caller has said so far in this turn."""
        if self.state is State.IDLE:
            return []
        self._text, self._confidence = text, confidence
        if self.state is State.OVERLAP and self._is_turn():
            self.state = State.SPEAKING
            self._transcribed = finalized and self._silent_since is not None
            return [Interrupt(), *self._decide(now)]
        self._transcribed = finalized and self._silent_since is not None
        return self._decide(now)

    def gone(self, now: float) -> list[Decision]:
        """The caller hung up: the turn is over as soon as its transcript is there."""
        self._gone = True
        return self._decide(now)

    def tick(self, now: float) -> list[Decision]:
        """Time passed; call at ``deadline`` or a little later."""
        return self._decide(now)

    def deadline(self) -> float | None:
        """When `tick` next has something to decide; None while only facts can."""
        p = self._params
        if self.state is State.IDLE:
            return None
        if self._silent_since is None:
            if self.state is State.OVERLAP:
                return max(self._onset_at, self._asked_at) + p.barge_in_ms / 1000
            return None
        if self.state is State.OVERLAP:
            return self._silent_since + p.resume_ms / 1000
        return self._silent_since + self._needed_silence_ms() / 1000

    def _begin(self, now: float) -> None:
        self._onset_at = self._asked_at = now
        self._silent_since = self._complete = self._confidence = None
        self._text = ""
        self._transcribed = False

    def _voice_is_back(self) -> None:
        self._silent_since = self._complete = None
        self._transcribed = False

    def _decide(self, now: float) -> list[Decision]:
        if self.state is State.OVERLAP:
            return self._decide_overlap(now)
        if self.state is State.SPEAKING:
            return self._decide_end(now)
        return []

    def _decide_overlap(self, now: float) -> list[Decision]:
        p = self._params
        if self._silent_since is None:
            if now < max(self._onset_at, self._asked_at) + p.barge_in_ms / 1000:
                return []
            if now >= self._onset_at + p.noise_ms / 1000:
                return self._resume()
            self._asked_at = now
            return [DecodeNow()]
        if self._transcribed or now >= self._silent_since + p.resume_ms / 1000:
            return self._resume()
        return []

    def _resume(self) -> list[Decision]:
        self.state = State.IDLE
        kind = classify(self._text, self._confidence, self._params.min_confidence)
        if kind is SoundKind.WORDS:  # not reached while transcripts decide first
            kind = SoundKind.NOISE
        return [ResumePlayback(kind, self._text)]

    def _decide_end(self, now: float) -> list[Decision]:
        if self._silent_since is None:
            return []
        if now < self._silent_since + self._needed_silence_ms() / 1000:
            return []
        self.state = State.IDLE
        if not self._transcribed and not self._text:
            return [EndTurn("", 0.0)]  # nobody could make it out: the agent asks again
        kind = classify(self._text, self._confidence, self._params.min_confidence)
        if kind is SoundKind.NOISE:
            return [DiscardTurn(self._text)]
        return [EndTurn(self._text, self._confidence)]

    def _needed_silence_ms(self) -> int:
        if not self._transcribed:
            return self._params.give_up_ms
        if self._gone:
            return 0
        if is_closing(self._text):
            return self._params.end_silence_ms
        if not self._complete:
            return self._params.patience_ms
        return self._params.trail_ms if is_trailing(self._text) else self._params.end_silence_ms

    def _is_turn(self) -> bool:
        kind = classify(self._text, self._confidence, self._params.min_confidence)
        return kind is SoundKind.WORDS
