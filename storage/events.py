"""The vocabulary: everything that can happen in a call, one frozen dataclass each.

A call is the ordered list of these. All ``*_ms`` fields are milliseconds on the call's
audio timeline (0 = the first sample of the first leg's media), unless the field says otherwise.
"""

from dataclasses import dataclass
from datetime import datetime

VERSION = 1


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A carrier asked for an agent and one was chosen."""

    account_id: str
    agent_id: str
    agent_version: int
    direction: str
    caller: str
    called: str
    carrier: str
    carrier_call_id: str


@dataclass(frozen=True, slots=True)
class MediaStarted:
    """Audio began to flow: sample 0 of this leg."""

    stream_id: str
    encoding: str
    sample_rate: int


@dataclass(frozen=True, slots=True)
class UserStartedSpeaking:
    """Voice activity began; ``onset_ms`` is where the voice itself began."""

    turn: int
    onset_ms: int


@dataclass(frozen=True, slots=True)
class UserStoppedSpeaking:
    """Voice activity ended; ``speech_end_ms`` is where the voice itself ended."""

    turn: int
    speech_end_ms: int


@dataclass(frozen=True, slots=True)
class TranscriptUpdated:
    """What the caller has said so far in this turn."""

    turn: int
    text: str
    final: bool
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller's turn is over and its text is final."""

    turn: int
    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class BackchannelHeard:
    """The caller made a sound that is not a turn: ``kind`` is ``backchannel`` or ``noise``."""

    kind: str
    text: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class PassageFound:
    """One passage handed to the answerer, with its cosine similarity."""

    passage_id: str
    document: str
    heading: str
    score: float


@dataclass(frozen=True, slots=True)
class PassagesRetrieved:
    """What the documents hold about the turn; ``covered`` is false where they hold nothing."""

    turn: int
    query: str
    covered: bool
    passages: tuple[PassageFound, ...]
    took_ms: float


@dataclass(frozen=True, slots=True)
class ModelAnswered:
    """A model finished its answer; ``intent`` names the rule where no model was needed."""

    turn: int
    provider: str
    model: str
    intent: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The agent asked for an effect outside the conversation."""

    turn: int
    tool: str
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class ToolReturned:
    """What the effect came to."""

    turn: int
    tool: str
    ok: bool
    result: str


@dataclass(frozen=True, slots=True)
class UtteranceQueued:
    """A sentence was synthesised and waits to be played.

    ``word_ends_ms`` gives, for each whitespace-separated word of ``text``, the end of its audio
    from the start of the utterance.
    """

    turn: int
    utterance: int
    text: str
    duration_ms: int
    word_ends_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AgentStartedSpeaking:
    """The first audio of the agent's turn was sent to the carrier."""

    turn: int


@dataclass(frozen=True, slots=True)
class PlaybackPaused:
    """The caller made a sound over the agent: playback stopped at ``played_ms`` of the turn."""

    turn: int
    played_ms: int


@dataclass(frozen=True, slots=True)
class PlaybackResumed:
    """The sound was no turn: playback goes on from the first unplayed sample."""

    turn: int
    played_ms: int
    paused_for_ms: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The caller took the turn from the agent; ``heard`` is what had reached the caller."""

    turn: int
    by_turn: int
    heard: str


@dataclass(frozen=True, slots=True)
class AgentSpoke:
    """The agent's turn as it was really played; ``text`` ends at the last word heard."""

    turn: int
    text: str
    start_ms: int
    end_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class LatencyMeasured:
    """The waterfall of one answer: milliseconds since the caller's last voiced sample."""

    turn: int
    end_of_turn_ms: int
    transcript_ms: int
    passages_ms: int
    first_text_ms: int
    first_audio_ms: int


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class ProviderFailed:
    """A speech or language service failed in this call."""

    stage: str
    provider: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class ProviderSwitched:
    """Another service took a stage over."""

    stage: str
    from_provider: str
    to_provider: str


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """The caller was handed to a person."""

    to: str
    kind: str


@dataclass(frozen=True, slots=True)
class SegmentStored:
    """A piece of the recording reached the object store."""

    index: int
    uri: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class RecordingStored:
    """The whole recording reached the object store as one two-channel WAV."""

    uri: str
    path: str
    channels: int
    sample_rate: int
    duration_ms: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over.

    ``by`` is ``caller``, ``agent`` or ``us``. ``reason`` is a stable word: ``hangup``, ``goodbye``,
    ``worker_lost`` (interrupted by us), ``media_lost``, ``protocol``, ``setup_failed``, ``drain``.
    """

    by: str
    reason: str
    detail: str = ""


Body = (
    CallStarted
    | MediaStarted
    | UserStartedSpeaking
    | UserStoppedSpeaking
    | TranscriptUpdated
    | TurnEnded
    | BackchannelHeard
    | PassagesRetrieved
    | ModelAnswered
    | ToolCalled
    | ToolReturned
    | UtteranceQueued
    | AgentStartedSpeaking
    | PlaybackPaused
    | PlaybackResumed
    | Interrupted
    | AgentSpoke
    | LatencyMeasured
    | DigitPressed
    | ProviderFailed
    | ProviderSwitched
    | CallTransferred
    | SegmentStored
    | RecordingStored
    | CallEnded
)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of a call's log.

    ``seq`` counts 0, 1, 2 … within a leg, without gaps. ``at`` is UTC. ``offset_ms`` is the
    position on the call's audio timeline, null before media, and need not rise with ``seq``.
    """

    call_id: str
    leg: int
    seq: int
    version: int
    at: datetime
    offset_ms: int | None
    body: Body

    @property
    def type(self) -> str:
        """The name of what happened, for example ``TurnEnded``."""
        return type(self.body).__name__
