"""What the carrier's tape holds of the agent, told by synthesising the same sentences again.

The voice is deterministic: what was played is, byte for byte, a part of what it says. So the tape
itself shows which sentences were played, how far, and whether a sample was lost or repeated.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core import ulaw
from pipelines.text_to_speech.hibari import HibariVoice
from pipelines.text_to_speech.style import VoiceStyle
from simulators.carrier.tape import Tape
from storage.events import Event, UtteranceQueued

STYLE = VoiceStyle(speed=1.0, gain_db=6.0)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the agent's turn: samples ``start`` … ``end`` of the turn's speech."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Speech:
    """All that the agent had to say in one turn, as the voice says it."""

    ulaw: bytes
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        """The whole turn."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Played:
    """A run on the tape from ``at`` on: samples ``start`` … ``end`` of a turn's speech."""

    at: int
    turn: int
    start: int
    end: int
    cut: bool

    @property
    def over_at(self) -> int:
        """Where on the tape the run ends."""
        return self.at + self.end - self.start


def speech_of(events: Iterable[Event], voice: HibariVoice) -> dict[int, Speech]:
    """Each turn's speech, from the sentences that were queued for it."""
    texts: dict[int, list[str]] = {}
    for event in events:
        if isinstance(event.body, UtteranceQueued):
            texts.setdefault(event.body.turn, []).append(event.body.text)
    return {turn: say(sentences, voice) for turn, sentences in texts.items()}


def say(texts: Sequence[str], voice: HibariVoice) -> Speech:
    """Synthesise sentences."""
    audio, sentences = bytearray(), []
    for text in texts:
        pcm = np.frombuffer(voice.speak(text, STYLE).pcm, np.int16)
        sentences.append(Sentence(text, len(audio), len(audio) + len(pcm)))
        audio += ulaw.encode(pcm)
    return Speech(bytes(audio), tuple(sentences))


def read_tape(tape: Tape, speech: Mapping[int, Speech]) -> list[Played]:
    """Find every run of the tape in what the agent had to say.

    Raises:
        AssertionError: The tape holds something that the agent did not have to say.
    """
    found: list[Played] = []
    for run in tape.playback.runs:
        turn, position = (found[-1].turn, found[-1].end) if found else (0, 0)
        # A turn goes on where it stopped, and a new one begins at its beginning.
        places = [
            (abs(start - (position if number == turn else 0)), number, start)
            for number, all_of_it in speech.items()
            if number >= turn
            for start in _occurrences(bytes(run.ulaw), all_of_it.ulaw)
        ]
        assert places, f"what plays at {run.start} is nothing that the agent had to say since"
        _, number, start = min(places)
        found.append(Played(run.start, number, start, start + len(run.ulaw), run.cut))
    return found


def _occurrences(piece: bytes, whole: bytes) -> list[int]:
    starts: list[int] = []
    at = whole.find(piece)
    while at >= 0 and len(starts) < 1000:
        starts.append(at)
        at = whole.find(piece, at + 1)
    return starts
