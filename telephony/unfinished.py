"""What a worker that died left unfinished in a call's log. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.heard import words_heard
from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    BackchannelHeard,
    Event,
    PlaybackResumed,
    TurnEnded,
    UtteranceQueued,
)


@dataclass(frozen=True, slots=True)
class UnfinishedSpeech:
    """The agent's turn that was being played; ``paused_ms`` of its time it stood still."""

    turn: int
    start_ms: int
    paused_ms: int
    utterances: tuple[UtteranceQueued, ...]

    def heard(self, end_ms: int) -> str:
        """The words that had been played when the agent's audio ended at ``end_ms``."""
        left = end_ms - self.start_ms - self.paused_ms
        parts = []
        for utterance in self.utterances:
            parts.append(words_heard(utterance.text, utterance.word_ends_ms, left))
            left -= utterance.duration_ms
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Where the log of a call breaks off."""

    agent: UnfinishedSpeech | None
    next_turn: int
    listened_to_ms: int  # up to here everything the caller said is in the log


def unfinished(events: Sequence[Event]) -> Unfinished:
    """Read from a call's events what its recording has to complete."""
    next_turn, listened_to_ms = 1, 0
    for event in events:
        match event.body:
            case TurnEnded(turn=turn, end_ms=end_ms):
                next_turn, listened_to_ms = turn + 1, max(listened_to_ms, end_ms)
            case BackchannelHeard(end_ms=end_ms):
                listened_to_ms = max(listened_to_ms, end_ms)
    return Unfinished(_unfinished_speech(events), next_turn, listened_to_ms)


def _unfinished_speech(events: Sequence[Event]) -> UnfinishedSpeech | None:
    started: Event | None = None
    utterances: list[UtteranceQueued] = []
    paused_ms = 0
    for event in events:
        match event.body:
            case AgentStartedSpeaking():
                started = event
            case UtteranceQueued() as utterance:
                utterances.append(utterance)
            case PlaybackResumed(paused_for_ms=ms):
                paused_ms += ms
            case AgentSpoke():  # what follows is another turn, even if it bears the same number
                started, paused_ms = None, 0
                utterances.clear()
    if started is None or not isinstance(started.body, AgentStartedSpeaking):
        return None
    turn = started.body.turn
    of_turn = tuple(utterance for utterance in utterances if utterance.turn == turn)
    return UnfinishedSpeech(turn, started.offset_ms or 0, paused_ms, of_turn)
