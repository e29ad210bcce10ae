"""One turn of the agent: its utterances and where they lie in the stream of agent audio. Pure."""

from dataclasses import dataclass, field

from pipelines.heard import words_heard
from pipelines.line import SAMPLE_RATE


@dataclass(slots=True)
class Utterance:
    """One sentence; positions as in `Playback`. ``end`` grows until the synthesis is done."""

    text: str
    start: int
    end: int
    word_ends_ms: tuple[int, ...] = ()


@dataclass(slots=True)
class AgentTurn:
    """What the agent says in answer to the caller's turn of the same number (0: the greeting)."""

    turn: int
    utterances: list[Utterance] = field(default_factory=list)
    complete: bool = False
    hang_up: bool = False
    started: bool = False
    first_sample: int | None = None
    last_sample: int = 0

    @property
    def end(self) -> int:
        """The position behind the last sample queued so far."""
        return self.utterances[-1].end if self.utterances else 0

    def placed(self, start: int, end: int) -> None:
        """Note that samples ``start`` … ``end`` of the call's timeline carried this turn."""
        if self.first_sample is None:
            self.first_sample = start
        self.last_sample = end

    def heard(self, played: int) -> str:
        """The words that reached the caller when playback had come to position ``played``."""
        parts = []
        for utterance in self.utterances:
            if utterance.end == utterance.start:
                continue  # it could not be synthesised
            if played >= utterance.end:
                parts.append(utterance.text)
            elif played > utterance.start:
                ms = (played - utterance.start) * 1000 / SAMPLE_RATE
                ends = utterance.word_ends_ms or (duration_ms(utterance),)
                parts.append(words_heard(utterance.text, ends, ms))
        return " ".join(part for part in parts if part)


def duration_ms(utterance: Utterance) -> int:
    """How long the utterance lasts, as far as it was synthesised."""
    return round((utterance.end - utterance.start) * 1000 / SAMPLE_RATE)
