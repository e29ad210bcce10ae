"""The waterfall of an answer: when each stage between two speakers was done. Pure."""

from enum import StrEnum

from storage.events import LatencyMeasured

_KEPT = 8  # turns that can be open at once: far more than a call has


class Stage(StrEnum):
    """What happens between the caller's last word and the agent's first, in order."""

    SPEECH_END = "speech_end"
    END_OF_TURN = "end_of_turn"
    TRANSCRIPT = "transcript"
    PASSAGES = "passages"
    FIRST_TEXT = "first_text"
    FIRST_AUDIO = "first_audio"


class Waterfalls:
    """Collects the stages of each turn's answer; the first time of a stage counts."""

    def __init__(self) -> None:
        self._turns: dict[int, dict[Stage, float]] = {}

    def reached(self, turn: int, stage: Stage, at: float) -> None:
        """Note that ``stage`` of the answer to ``turn`` was reached at ``at`` (seconds)."""
        stages = self._turns.setdefault(turn, {})
        stages.setdefault(stage, at)
        while len(self._turns) > _KEPT:
            self._turns.pop(next(iter(self._turns)))

    def measure(self, turn: int) -> LatencyMeasured | None:
        """The waterfall, once its first audio was sent; None for speech that answers nothing.

        A stage that was done ahead of the one before it (a transcript decoded during the pause)
        counts as done with that one, so that the stages add up to the whole.
        """
        stages = self._turns.pop(turn, {})
        if Stage.SPEECH_END not in stages or Stage.FIRST_AUDIO not in stages:
            return None
        start = reached = stages[Stage.SPEECH_END]
        millis: list[int] = []
        for stage in list(Stage)[1:]:
            reached = max(reached, stages.get(stage, reached))
            millis.append(round((reached - start) * 1000))
        return LatencyMeasured(turn, *millis)
