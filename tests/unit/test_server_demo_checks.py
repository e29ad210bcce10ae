"""The demo's checks: each expectation passes on a good call and fails on the fault it is for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from server.demo.checks import Check, Evidence, check_call
from simulators.carrier.playback import Playback, Run
from simulators.carrier.script import Step
from simulators.carrier.steps import StepRecord
from simulators.carrier.tape import HungUpBy, Tape
from storage import events as e

OFFER = "Shall I take a message?"


def log(*bodies: e.Body) -> list[e.Event]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [e.Event("call_1", 0, seq, 1, at, None, body) for seq, body in enumerate(bodies)]


def tape(*runs: tuple[int, int, bool], by: HungUpBy = HungUpBy.REST, unplayed: int = 0) -> Tape:
    """A tape with stretches (from ms, to ms, cut off)."""
    playback = Playback()
    playback.runs = [Run(a * 8, bytearray(8 * (b - a)), cut) for a, b, cut in runs]
    return Tape(playback=playback, hung_up_by=by, unplayed=unplayed)


def line(start_ms: int, end_ms: int, **expect: Any) -> StepRecord:
    step = Step(say="line.wav", text="A line.", expect=expect)
    return StepRecord(step, started=start_ms * 8, ended=end_ms * 8)


def outcome(
    records: Sequence[StepRecord], events: Sequence[e.Event], on_tape: Tape | None = None
) -> list[Check]:
    """The checks of the first line alone."""
    evidence = Evidence(records, events, on_tape or tape(), OFFER)
    checks = check_call(evidence, [record.step for record in records])
    return [check for check in checks if check.name.startswith("1 line:")]


def turn(number: int, start_ms: int, end_ms: int) -> e.TurnEnded:
    return e.TurnEnded(number, "A line.", start_ms, end_ms)


def spoke(number: int, text: str, start_ms: int, end_ms: int, *, cut: bool = False) -> e.AgentSpoke:
    return e.AgentSpoke(number, text, start_ms, end_ms, cut)


ENDED = e.CallEnded("agent", "goodbye")


@pytest.mark.parametrize(
    ("expect", "passed"),
    [
        ({"answer_contains_all": ["nine", "SATURDAY"]}, [True, True]),
        ({"answer_contains_all": ["nine", "ten"]}, [True, False]),
        ({"answer_contains_any": ["ten", "nine"]}, [True]),
        ({"answer_contains_any": ["ten"]}, [False]),
        ({"not_contains": ["sunday"]}, [True]),
        ({"not_contains": ["saturday"]}, [False]),
    ],
)
def test_words_are_looked_for_in_the_answer(expect: dict[str, Any], passed: list[bool]) -> None:
    events = log(
        spoke(0, "Ten on Sunday!", 0, 900),
        turn(1, 1100, 2000),
        spoke(1, "On Saturday we open at nine.", 2400, 4000),
        turn(2, 5000, 6000),
        spoke(2, "At ten on Sunday.", 6400, 7000),
        ENDED,
    )

    checks = outcome([line(1000, 2000, **expect), line(5000, 6000)], events)

    assert [check.passed for check in checks] == passed
    assert all("On Saturday we open at nine." in check.detail for check in checks)


def test_a_line_taken_as_two_turns_is_answered_by_both() -> None:
    events = log(
        turn(1, 1000, 1400), spoke(1, "Yes?", 1500, 1600),
        turn(2, 1700, 2000), spoke(2, "At nine.", 2400, 3000), ENDED,
    )  # fmt: skip

    assert [
        c.passed for c in outcome([line(1000, 2000, answer_contains_all=["nine"])], events)
    ] == [True]


MM_HM = line(3000, 3500, resumes=True)
WHOLE = spoke(1, "A long answer.", 1000, 8000)


@pytest.mark.parametrize(
    ("events", "on_tape", "passed"),
    [
        (log(WHOLE), tape((1000, 3150, True), (3700, 8000, False)), True),
        (log(WHOLE), tape((1000, 8000, False)), True),
        (log(WHOLE), tape((1000, 3150, True), (4600, 8000, False)), False),
        (log(WHOLE), tape(), False),
        (log(replace(WHOLE, interrupted=True)), tape((1000, 3150, True)), False),
        (log(WHOLE, turn(2, 3000, 3400)), tape((1000, 8000, False)), False),
        (log(spoke(1, "Short.", 1000, 1500)), tape((1000, 1500, False)), False),
    ],
    ids=[
        "pauses",
        "speaks on",
        "too long",
        "silent",
        "broken off",
        "taken as turn",
        "not speaking",
    ],
)
def test_after_a_backchannel_the_agent_goes_on(
    events: list[e.Event], on_tape: Tape, passed: bool
) -> None:
    (check,) = outcome([MM_HM], events, on_tape)

    assert check.passed is passed, check.detail


INTERRUPT = line(3000, 4500, interrupts=True)
BROKEN_OFF = spoke(1, "A long", 1000, 3200, cut=True)


@pytest.mark.parametrize(
    ("events", "on_tape", "passed"),
    [
        (log(BROKEN_OFF), tape((1000, 3200, True), (5200, 7000, False)), True),
        (log(WHOLE), tape((1000, 8000, False)), False),
        (log(BROKEN_OFF), tape((1000, 8000, False)), False),
        (log(BROKEN_OFF), tape((1000, 4600, True)), False),
        (log(), tape((1000, 3200, True)), False),
    ],
    ids=["stops", "speaks on", "only says so", "too late", "not speaking"],
)
def test_when_interrupted_the_agent_stops(
    events: list[e.Event], on_tape: Tape, passed: bool
) -> None:
    (check,) = outcome([INTERRUPT], events, on_tape)

    assert check.passed is passed, check.detail


@pytest.mark.parametrize(
    ("covered", "answer", "passed"),
    [
        (False, f"I don't know that. {OFFER}", True),
        (False, "I don't know. May I take a message?", True),
        (False, "I don't know.", False),
        (True, f"It costs a hundred. {OFFER}", False),
        (None, OFFER, False),
    ],
)
def test_what_is_not_covered_is_said_to_be_so(
    covered: bool | None, answer: str, passed: bool
) -> None:
    found = [] if covered is None else [e.PassagesRetrieved(1, "q", covered, (), 1.0)]
    events = log(turn(1, 1000, 2000), *found, spoke(1, answer, 2400, 4000), ENDED)

    (check,) = outcome([line(1000, 2000, not_covered=True)], events)

    assert check.passed is passed, check.detail


@pytest.mark.parametrize(
    ("on_tape", "passed"),
    [
        (tape(by=HungUpBy.REST), True),
        (tape(by=HungUpBy.CALLER), False),
        (tape(by=HungUpBy.REST, unplayed=800), False),
    ],
)
def test_the_agent_hangs_up_after_its_last_word(on_tape: Tape, passed: bool) -> None:
    (check,) = outcome([line(1000, 2000, hangs_up=True)], log(ENDED), on_tape)

    assert check.passed is passed, check.detail


def test_a_line_that_was_never_said_fails_with_its_reason() -> None:
    step = Step(say="a.wav", text="A.")
    later = Step(say="b.wav", text="B.")
    record = StepRecord(step, missed="the agent's turn was over after 90 ms")

    checks = check_call(Evidence([record], log(ENDED), tape(), OFFER), [step, later])

    assert [(c.name, c.passed) for c in checks[:2]] == [
        ("1 a: was said", False),
        ("2 b: was said", False),
    ]
    assert checks[0].detail == "the agent's turn was over after 90 ms"


def general(events: Sequence[e.Event]) -> dict[str, bool]:
    return {c.name: c.passed for c in check_call(Evidence([], events, tape(), OFFER), [])}


def test_a_whole_log_with_one_end_is_good() -> None:
    assert general(log(turn(1, 0, 1), ENDED)) == {
        "the event log is whole": True,
        "the call ended once": True,
    }


@pytest.mark.parametrize(
    ("events", "whole", "ended"),
    [
        ([], False, False),
        (log(turn(1, 0, 1), turn(2, 1, 2), ENDED)[1:], False, True),
        (log(turn(1, 0, 1)), True, False),
        (log(ENDED, ENDED), True, False),
        (log(e.CallEnded("us", "worker_lost")), True, False),
    ],
    ids=["empty", "gap", "no end", "two ends", "ended by us"],
)
def test_a_gap_or_a_wrong_end_is_found(events: list[e.Event], whole: bool, ended: bool) -> None:
    assert list(general(events).values()) == [whole, ended]
