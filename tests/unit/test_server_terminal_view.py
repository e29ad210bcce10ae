"""What the terminal shows of a call, at 100 columns and without a terminal."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from server.terminal import waterfall
from server.terminal.view import CallView, clock
from storage import events as e


def event(body: e.Body, offset_ms: int | None = None) -> e.Event:
    return e.Event("call_1", 0, 0, 1, datetime(2026, 1, 1, tzinfo=UTC), offset_ms, body)


def shown(*bodies: e.Body, terminal: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=terminal)
    with CallView(console) as view:
        for body in bodies:
            view.show(event(body, 1000))
    return out.getvalue()


MEASURED = e.LatencyMeasured(1, 210, 260, 275, 280, 345)


def test_both_sides_stand_with_their_times() -> None:
    text = shown(
        e.TurnEnded(1, "What time do you open?", 3200, 4600),
        e.AgentSpoke(1, "We open at nine.", 4950, 6000, False),
    )

    assert text.splitlines() == [
        " 0:03.2 caller What time do you open?",
        " 0:05.0 agent  We open at nine.",
    ]


def test_under_an_answer_stand_its_source_and_its_waterfall() -> None:
    found = e.PassageFound("p1", "hours.md", "Saturday", 0.618)
    text = shown(
        e.PassagesRetrieved(1, "open", True, (found,), 12.0),
        MEASURED,
        e.AgentSpoke(1, "At nine.", 4950, 6000, False),
    )

    answer, source, bar = text.splitlines()
    assert "At nine." in answer
    assert source.strip() == "hours.md › Saturday (0.62)"
    assert bar.strip().startswith("█")
    assert "345 ms" in bar


def test_what_was_cut_off_follows_the_scissors() -> None:
    text = shown(
        e.UtteranceQueued(1, 0, "First we clean.", 900, (300, 600, 900)),
        e.UtteranceQueued(1, 1, "Then we polish.", 900, (300, 600, 900)),
        e.AgentSpoke(1, "First we clean. Then", 1000, 2200, True),
    )

    assert "First we clean. Then ✂ we polish." in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (e.BackchannelHeard("backchannel", "Mm-hm.", 10, 400), "heard “Mm-hm.”: a backchannel"),
        (e.BackchannelHeard("noise", "", 10, 400), "heard a sound: a noise"),
        (e.PlaybackResumed(1, 900, 420), "paused for 420 ms"),
        (e.ToolCalled(1, "take_message", {"name": "Ann"}), "does take_message name: Ann"),
        (e.ProviderFailed("stt", "embedded", "stall", "It stalled."), "stt by embedded failed"),
        (e.CallEnded("agent", "goodbye"), "call ended by agent (goodbye)"),
    ],
)
def test_what_else_happened_is_a_note(body: e.Body, words: str) -> None:
    assert words in shown(body)


def test_a_question_that_is_not_covered_says_so() -> None:
    found = e.PassageFound("p1", "prices.md", "", 0.12)
    text = shown(
        e.PassagesRetrieved(1, "q", False, (found,), 3.0),
        e.AgentSpoke(1, "I don't know.", 0, 9, False),
    )

    assert "not covered: nearest is prices.md (0.12)" in text


def test_a_long_line_hangs_under_its_first_word_within_the_width() -> None:
    lines = shown(e.AgentSpoke(1, "word " * 60, 0, 9, False)).splitlines()

    assert len(lines) > 2
    assert all(len(row) <= 100 for row in lines)
    assert all(row.startswith(" " * 15 + "word") for row in lines[1:])


def test_a_terminal_sees_what_is_being_said() -> None:
    text = shown(e.TranscriptUpdated(1, "What time", False), terminal=True)

    assert "caller: What time …" in text
    assert "What time" not in shown(e.TranscriptUpdated(1, "What time", False))


def test_the_bar_holds_every_stage_and_fits() -> None:
    bar = waterfall.bar(MEASURED).plain

    assert bar.count("█") == round(345 * 20 / 800)
    for share in ("turn end 210", "transcript 50", "passages 15", "text 5", "audio 65"):
        assert share in bar


def test_a_slow_answer_fills_the_bar_and_no_more() -> None:
    slow = e.LatencyMeasured(1, 2000, 2500, 2600, 2600, 3100)

    assert waterfall.bar(slow).plain.count("█") == 20


@pytest.mark.parametrize(
    ("at", "text"), [(None, ""), (0, "0:00.0"), (61_240, "1:01.2"), (600_000, "10:00.0")]
)
def test_times_are_minutes_and_seconds(at: int | None, text: str) -> None:
    assert clock(at) == text
