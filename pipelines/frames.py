"""The frames that Callsure adds to Pipecat's."""

from dataclasses import dataclass

from pipecat.frames.frames import (
    DataFrame,
    SystemFrame,
    UserStoppedSpeakingFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)


@dataclass
class SpeechStartedFrame(VADUserStartedSpeakingFrame):
    """Voice activity began at sample ``onset`` of the line's timeline."""

    onset: int = 0


@dataclass
class SpeechStoppedFrame(VADUserStoppedSpeakingFrame):
    """Voice activity stopped behind sample ``speech_end`` of the line's timeline."""

    speech_end: int = 0


@dataclass
class SpeechPausedFrame(SystemFrame):
    """The caller's voice paused: a good moment to decode what was said so far.

    ``speech_end`` is the sample behind the last voiced one on the line's timeline.
    """

    speech_end: int = 0


@dataclass
class SpeechResumedFrame(SystemFrame):
    """The caller's voice came back after a pause; the turn goes on."""


@dataclass
class EndOfTurnVerdictFrame(SystemFrame):
    """The end-of-turn model judged the audio up to ``speech_end``."""

    speech_end: int = 0
    complete: bool = False
    probability: float = 0.0


@dataclass
class CallerGoneFrame(SystemFrame):
    """The caller hung up: what was said in the running turn is all that will be."""


@dataclass
class DecodeRequestFrame(SystemFrame):
    """Upstream: a transcript of the running turn is needed before its next pause."""


@dataclass
class TurnOverFrame(UserStoppedSpeakingFrame):
    """Upstream: the caller's turn ended or was no turn; forget its audio."""


@dataclass
class CallerTurnFrame(DataFrame):
    """The caller's turn, final. ``speech_end`` as in `SpeechPausedFrame`."""

    turn: int = 0
    text: str = ""
    confidence: float | None = None
    speech_end: int = 0


@dataclass
class CallerSaysFrame(DataFrame):
    """What the caller has said so far in a turn that goes on: retrieval can start."""

    text: str = ""


@dataclass
class AnswerStartedFrame(DataFrame):
    """The agent's turn begins: the speech that follows belongs to it."""

    turn: int = 0


@dataclass
class AnswerEndedFrame(DataFrame):
    """All speech of the agent's turn has been queued; ``hang_up`` once it was played."""

    turn: int = 0
    hang_up: bool = False
