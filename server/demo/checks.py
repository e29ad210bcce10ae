"""Whether a scripted call went as expected, by its events and by the carrier's tape. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulators.carrier.script import Step
from simulators.carrier.steps import StepRecord
from simulators.carrier.tape import HungUpBy, Tape
from storage import events as e

_SAMPLES_PER_MS = 8
# A pause this long within the agent's turn is still one breath.
_BREATH_MS = 1000
# How soon after the caller's voice the agent must be silent.
_YIELD_MS = 1500
# The detected start of a caller's turn may lie a little before its recording's first word.
_SLACK_MS = 400


@dataclass(frozen=True, slots=True)
class Check:
    """One expectation and what came of it."""

    name: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a finished call left.

    Attributes:
        records: What came of each line of the script that the caller came to.
        events: The call's events.
        tape: What the carrier sent and played.
        offer: How this agent offers to take a message.
    """

    records: Sequence[StepRecord]
    events: Sequence[e.Event]
    tape: Tape
    offer: str


def check_call(evidence: Evidence, steps: Sequence[Step]) -> list[Check]:
    """Every scripted expectation, then what holds for any call."""
    checks = []
    for number, step in enumerate(steps, start=1):
        name = f"{number} {step.say.rsplit('.', 1)[0]}"
        record = evidence.records[number - 1] if number <= len(evidence.records) else None
        if record is None or record.started is None:
            reason = record.missed if record else "the call was over before"
            checks.append(Check(f"{name}: was said", False, reason))
            continue
        for what, passed, detail in _outcomes(evidence, record):
            checks.append(Check(f"{name}: {what}", passed, detail))
    checks.append(_no_gap(evidence.events))
    checks.append(_ended(evidence.events))
    return checks


def _outcomes(evidence: Evidence, record: StepRecord) -> Iterator[tuple[str, bool, str]]:
    expect = record.step.expect
    turns = _turns_of(evidence, record)
    answer = _answer(evidence.events, turns)
    lowered = answer.casefold()
    quoted = f"“{answer}”" if answer else "no answer"
    for part in expect.answer_contains_all:
        yield f"answer has “{part}”", part.casefold() in lowered, quoted
    if expect.answer_contains_any:
        options = " or ".join(f"“{part}”" for part in expect.answer_contains_any)
        found = any(part.casefold() in lowered for part in expect.answer_contains_any)
        yield f"answer has {options}", found, quoted
    for part in expect.not_contains:
        yield f"answer lacks “{part}”", part.casefold() not in lowered, quoted
    if expect.resumes:
        yield "the agent goes on", *_resumes(evidence, record, turns)
    if expect.interrupts:
        yield "the agent stops", *_interrupts(evidence, record)
    if expect.not_covered:
        yield "says it is not covered, offers a message", *_not_covered(evidence, turns, answer)
    if expect.hangs_up:
        yield "the agent hangs up after its last word", *_hangs_up(evidence)


def _turns_of(evidence: Evidence, record: StepRecord) -> set[int]:
    """The caller's turns that began with this line, before the next one."""
    since = _ms(record.started) - _SLACK_MS
    starts = [_ms(other.started) for other in evidence.records if other.started is not None]
    until = min((at - _SLACK_MS for at in starts if at - _SLACK_MS > since), default=None)
    return {
        event.body.turn
        for event in evidence.events
        if isinstance(event.body, e.TurnEnded)
        and since <= event.body.start_ms
        and (until is None or event.body.start_ms < until)
    }


def _answer(events: Sequence[e.Event], turns: set[int]) -> str:
    """What the agent was heard to say in answer to these turns of the caller."""
    return " ".join(spoke.text for spoke in _spoken(events) if spoke.turn in turns)


def _spoken(events: Sequence[e.Event]) -> list[e.AgentSpoke]:
    return [event.body for event in events if isinstance(event.body, e.AgentSpoke)]


def _spoken_over(evidence: Evidence, record: StepRecord) -> e.AgentSpoke | None:
    """The agent's turn that the caller's line fell into."""
    for spoke in _spoken(evidence.events):
        if spoke.start_ms <= _ms(record.started) <= spoke.end_ms + _SLACK_MS:
            return spoke
    return None


def _resumes(evidence: Evidence, record: StepRecord, turns: set[int]) -> tuple[bool, str]:
    spoke = _spoken_over(evidence, record)
    if spoke is None:
        return False, "the agent was not speaking"
    if spoke.interrupted or turns:
        return False, f"it was taken as a turn; the agent broke off after “{spoke.text}”"
    pause = _longest_pause_ms(evidence.tape, _ms(record.started), _ms(record.ended) + _BREATH_MS)
    if pause is None:
        return False, "the tape holds nothing after it"
    return pause <= _BREATH_MS, f"paused for {pause} ms on the carrier's tape"


def _longest_pause_ms(tape: Tape, since_ms: int, until_ms: int) -> int | None:
    """The longest silence between stretches that touches a span; None where nothing follows."""
    stretches = tape.stretches
    if not any(_ms(stretch.end_sample) > since_ms for stretch in stretches):
        return None
    pauses = [0]
    for before, after in zip(stretches, stretches[1:], strict=False):
        begins, ends = _ms(before.end_sample), _ms(after.start_sample)
        if begins < until_ms and ends > since_ms:
            pauses.append(ends - begins)
    return max(pauses)


def _interrupts(evidence: Evidence, record: StepRecord) -> tuple[bool, str]:
    spoke = _spoken_over(evidence, record)
    if spoke is None:
        return False, "the agent was not speaking"
    if not spoke.interrupted:
        return False, f"the agent spoke on to the end: “{spoke.text}”"
    started = record.started or 0
    cuts = [
        _ms(stretch.end_sample - started)
        for stretch in evidence.tape.stretches
        if stretch.cut and stretch.end_sample >= started
    ]
    if not cuts:
        return False, "nothing was cut off on the carrier's tape"
    return cuts[0] <= _YIELD_MS, f"silent {cuts[0]} ms after the line began, after “{spoke.text}”"


def _not_covered(evidence: Evidence, turns: set[int], answer: str) -> tuple[bool, str]:
    retrieved = [
        event.body
        for event in evidence.events
        if isinstance(event.body, e.PassagesRetrieved) and event.body.turn in turns
    ]
    if not retrieved or retrieved[-1].covered:
        return False, f"the documents were taken to cover it: “{answer}”"
    offers = evidence.offer.casefold() in answer.casefold() or "message" in answer.casefold()
    return offers, f"“{answer}”"


def _hangs_up(evidence: Evidence) -> tuple[bool, str]:
    tape = evidence.tape
    if tape.hung_up_by not in (HungUpBy.REST, HungUpBy.SOCKET):
        return False, f"the call was ended by {tape.hung_up_by}"
    if tape.unplayed:
        return False, f"{_ms(tape.unplayed)} ms of its last words were never played"
    return True, f"by {tape.hung_up_by}, all its audio played"


def _no_gap(events: Sequence[e.Event]) -> Check:
    numbers: dict[int, list[int]] = {}
    for event in events:
        numbers.setdefault(event.leg, []).append(event.seq)
    gaps = [leg for leg, seqs in numbers.items() if sorted(seqs) != list(range(len(seqs)))]
    detail = f"gaps in legs {gaps}" if gaps else f"{len(events)} events, numbered without a gap"
    return Check("the event log is whole", bool(events) and not gaps, detail)


def _ended(events: Sequence[e.Event]) -> Check:
    ends = [event.body for event in events if isinstance(event.body, e.CallEnded)]
    if len(ends) != 1:
        return Check("the call ended once", False, f"{len(ends)} ends in the log")
    good = ends[0].by in ("agent", "caller")
    return Check("the call ended once", good, f"by {ends[0].by}: {ends[0].reason}")


def _ms(position: int | None) -> int:
    return (position or 0) // _SAMPLES_PER_MS
