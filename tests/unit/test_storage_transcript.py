from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    Body,
    Event,
    Interrupted,
    LatencyMeasured,
    TurnEnded,
)
from storage.transcript import TranscriptTurn, transcript


def log(*bodies: Body, leg: int = 1) -> list[Event]:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return [Event("call_1", leg, seq, 1, at, None, body) for seq, body in enumerate(bodies)]


GREETING = AgentSpoke(turn=0, text="Good morning.", start_ms=0, end_ms=900, interrupted=False)
QUESTION = TurnEnded(turn=1, text="When do you open?", start_ms=1200, end_ms=2300)
LATENCY = LatencyMeasured(1, 200, 250, 260, 300, 420)
ANSWER = AgentSpoke(turn=1, text="At nine.", start_ms=2720, end_ms=3300, interrupted=False)


def test_turns_of_both_sides_with_the_latency_of_each_answer() -> None:
    assert transcript(log(GREETING, QUESTION, LATENCY, ANSWER)) == (
        TranscriptTurn("agent", 0, "Good morning.", 0, 900),
        TranscriptTurn("user", 1, "When do you open?", 1200, 2300),
        TranscriptTurn(
            "agent",
            1,
            "At nine.",
            2720,
            3300,
            latency_ms={
                "end_of_turn_ms": 200,
                "transcript_ms": 250,
                "passages_ms": 260,
                "first_text_ms": 300,
                "first_audio_ms": 420,
            },
        ),
    )


def test_an_interrupted_turn_stands_before_the_turn_that_took_it() -> None:
    cut = AgentSpoke(turn=1, text="At nine on", start_ms=2720, end_ms=3300, interrupted=True)
    second = TurnEnded(turn=2, text="And on Sunday?", start_ms=3100, end_ms=4000)
    turns = transcript(log(QUESTION, second, Interrupted(1, 2, "At nine on"), cut))
    assert [(turn.who, turn.turn, turn.interrupted) for turn in turns] == [
        ("user", 1, False),
        ("agent", 1, True),
        ("user", 2, False),
    ]


def test_nothing_is_invented_for_an_agent_whose_worker_was_killed() -> None:
    assert [turn.who for turn in transcript(log(QUESTION, AgentStartedSpeaking(1)))] == ["user"]


def test_a_later_leg_supplies_what_the_first_could_not_say() -> None:
    events = log(QUESTION, LATENCY, AgentStartedSpeaking(1)) + log(ANSWER, leg=2)
    agent = transcript(reversed(events))[-1]
    assert agent.text == "At nine."
    assert agent.latency_ms["first_audio_ms"] == 420


@given(st.permutations(log(GREETING, QUESTION, LATENCY, ANSWER)))
def test_the_order_of_the_rows_does_not_matter(events: list[Event]) -> None:
    assert transcript(events) == transcript(log(GREETING, QUESTION, LATENCY, ANSWER))
