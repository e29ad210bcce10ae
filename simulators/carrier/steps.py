"""What came of each line of a scripted caller, read from the carrier's tape alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from simulators.carrier.hearing import Hearing, Sound
from simulators.carrier.playback import Playback
from simulators.carrier.script import Step
from simulators.carrier.speech import RATE

MS = RATE // 1000
# Audio that is cut off later than this after a line was not cut off because of it.
_REACTION = 1_500 * MS


@dataclass(slots=True)
class StepRecord:
    """One line and what followed; positions are samples on the tape, None for what did not happen.

    Attributes:
        step: The line of the script.
        started: Where the caller began to say it.
        ended: Where the caller had said it.
        agent_started: Where the agent's turn began that the line fell into.
        cut: Where the agent's audio was cut off because of it.
        answered: Where the agent was first audible after the line; for a line that only makes the
            agent pause, after the cut.
        settled: Where the agent had said what it had to say to it.
        missed: Why the line was never said.
    """

    step: Step
    started: int | None = None
    ended: int | None = None
    agent_started: int | None = None
    cut: int | None = None
    answered: int | None = None
    settled: int | None = None
    missed: str = ""


def cut_by(record: StepRecord, playback: Playback) -> int | None:
    """Where the line last made the agent's audio stop."""
    if record.started is None or record.ended is None:
        return None
    cuts = [
        clear.at
        for clear in playback.clears
        if clear.dropped and record.started <= clear.at <= record.ended + _REACTION
    ]
    return cuts[-1] if cuts else None


def answer_from(record: StepRecord, playback: Playback) -> int:
    """Where the agent's answer to the line can begin: what is audible before is no answer.

    An agent that is expected to go on need not wait for the end of the line.
    """
    said = record.started if record.step.expect.resumes else record.ended
    return max(said or 0, cut_by(record, playback) or 0)


def note_reactions(records: Sequence[StepRecord], playback: Playback, hearing: Hearing) -> None:
    """Fill in what the tape shows of the agent's reactions to each line that was said."""
    said = [record for record in records if record.started is not None]
    nexts = [record.started for record in said[1:]]
    for record, until in zip_longest(said, nexts):
        record.cut = cut_by(record, playback)
        sounds = _before(hearing.since(answer_from(record, playback)), until)
        if sounds and (record.cut is not None or not record.step.expect.resumes):
            record.answered = sounds[0].start
        record.settled = sounds[-1].end if sounds else None


def _before(sounds: Sequence[Sound], until: int | None) -> list[Sound]:
    return [sound for sound in sounds if until is None or sound.start < until]
