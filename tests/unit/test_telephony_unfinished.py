from datetime import UTC, datetime

from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    BackchannelHeard,
    Body,
    Event,
    Interrupted,
    PlaybackPaused,
    PlaybackResumed,
    TurnEnded,
    UtteranceQueued,
)
from telephony.unfinished import Unfinished, unfinished

GREETING = UtteranceQueued(0, 0, "Good morning to you.", 1000, (250, 500, 750, 1000))
NINE = UtteranceQueued(1, 1, "We open at nine.", 1000, (250, 500, 750, 1000))
FIVE = UtteranceQueued(1, 2, "We close at five.", 1000, (250, 500, 750, 1000))


def log(*bodies: tuple[int | None, Body]) -> Unfinished:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return unfinished(
        [Event("call_1", 1, seq, 1, at, offset, body) for seq, (offset, body) in enumerate(bodies)]
    )


def test_nothing_is_left_of_a_call_that_was_silent() -> None:
    left = log(
        (100, AgentStartedSpeaking(0)),
        (100, GREETING),
        (1100, AgentSpoke(0, GREETING.text, 100, 1100, False)),
        (5000, TurnEnded(1, "When do you open?", 3000, 4500)),
    )
    assert left == Unfinished(agent=None, next_turn=2, listened_to_ms=4500)


def test_a_backchannel_was_listened_to_and_is_no_turn() -> None:
    left = log((900, BackchannelHeard("backchannel", "Mm-hm.", 300, 800)))
    assert (left.next_turn, left.listened_to_ms) == (1, 800)


def test_what_was_being_said_is_heard_as_far_as_its_audio_goes() -> None:
    agent = log((100, AgentStartedSpeaking(1)), (100, NINE), (150, FIVE)).agent
    assert agent is not None
    assert agent.heard(100) == ""
    assert agent.heard(700) == "We open"
    assert agent.heard(1600) == "We open at nine. We close"
    assert agent.heard(2100) == "We open at nine. We close at five."


def test_a_pause_took_time_and_played_nothing() -> None:
    agent = log(
        (100, AgentStartedSpeaking(1)),
        (100, NINE),
        (400, PlaybackPaused(1, 300)),
        (900, PlaybackResumed(1, 300, 500)),
    ).agent
    assert agent is not None
    assert agent.heard(1200) == "We open"


def test_another_turn_of_the_same_number_begins_anew() -> None:
    prompt = UtteranceQueued(1, 3, "Are you still there?", 1000, (250, 500, 750, 1000))
    agent = log(
        (100, NINE),
        (100, AgentStartedSpeaking(1)),
        (300, PlaybackPaused(1, 200)),
        (400, PlaybackResumed(1, 200, 100)),
        (1200, AgentSpoke(1, NINE.text, 100, 1200, False)),
        (9990, prompt),
        (10_000, AgentStartedSpeaking(1)),
    ).agent
    assert agent is not None
    assert agent.utterances == (prompt,)
    assert agent.heard(10_600) == "Are you"


def test_an_interrupted_turn_is_finished() -> None:
    left = log(
        (100, AgentStartedSpeaking(1)),
        (100, NINE),
        (700, Interrupted(1, 2, "We open")),
        (700, AgentSpoke(1, "We open", 100, 700, True)),
    )
    assert left.agent is None
