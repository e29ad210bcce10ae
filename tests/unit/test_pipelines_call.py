"""Whole calls as event sequences: `snapshots/*.json` hold what happened, this what to look for."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import ProviderError
from pipelines.call import Ending
from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    BackchannelHeard,
    Body,
    DigitPressed,
    Interrupted,
    PlaybackPaused,
    PlaybackResumed,
    ProviderFailed,
    TurnEnded,
    UserStartedSpeaking,
)
from tests.unit.simulated_call import GREETING, Answers, SimulatedCall, said
from tests.unit.snapshot import check

LONG = "Press on the gauze for an hour and rest. Drink nothing hot. Call us if it bleeds."


class Dial:
    """Makes a test's calls; those that it left open are hung up."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls: list[SimulatedCall] = []

    def __call__(self, answers: Answers | None = None) -> SimulatedCall:
        self.calls.append(SimulatedCall(self.folder, answers))
        return self.calls[-1]


@pytest.fixture
async def dial(tmp_path: Path) -> AsyncIterator[Dial]:
    dial = Dial(tmp_path)
    yield dial
    for call in dial.calls:
        if not call.over:
            await call.hang_up()


def spoken(call: SimulatedCall) -> str:
    """Everything that the log says the agent was heard to say."""
    return " ".join(body.text for body in call.bodies() if isinstance(body, AgentSpoke))


async def test_an_ordinary_call(dial: Dial) -> None:
    call = dial({"When do you open?": said("We open at nine.", "Every day.")})
    await call.until_event(AgentSpoke)
    call.say("When do you open?")
    await call.until_event(AgentSpoke, 2)
    await call.line.run(0.5)
    assert await call.hang_up() == Ending("caller", "hangup")
    check("ordinary", call.bodies())
    assert spoken(call) == call.heard() == f"{GREETING} We open at nine. Every day."


async def test_the_caller_takes_the_turn(dial: Dial) -> None:
    call = dial({"What then?": said(*LONG.split(". "))})
    await call.until_event(AgentSpoke)
    call.say("What then?")
    await call.until_event(AgentStartedSpeaking, 2)
    await call.line.run(1.3)
    call.say("Actually do you take cards?")
    await call.until_event(AgentSpoke, 3)
    await call.hang_up()
    check("barge_in", call.bodies())
    assert spoken(call) == call.heard()
    assert call.line.clears == 1


async def test_a_listener_s_sound_takes_no_turn(dial: Dial) -> None:
    call = dial({"What then?": said(LONG)})
    await call.until_event(AgentSpoke)
    call.say("What then?")
    await call.until_event(AgentStartedSpeaking, 2)
    await call.line.run(1.3)
    call.say("Mm-hm.")
    await call.until_event(AgentSpoke, 2)
    await call.hang_up()
    check("backchannel", call.bodies())
    assert spoken(call) == f"{GREETING} {LONG}"


async def test_a_cough_takes_no_turn(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentStartedSpeaking)
    await call.line.run(0.5)
    call.say("[cough]")
    await call.until_event(AgentSpoke)
    await call.hang_up()
    check("cough", call.bodies())
    assert call.agent.asked == []


async def test_last_words_are_kept_when_the_caller_hangs_up_in_them(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.say("Please call me back")
    await call.line.run(1.12)  # in the last word
    assert await call.hang_up() == Ending("caller", "hangup")
    check("hangup_in_mid_word", call.bodies())
    assert call.agent.asked == []  # nobody is there to hear an answer


@pytest.mark.parametrize("after_s", [0.14, 0.22, 0.3, 0.6, 1.0])
async def test_last_words_are_kept_when_the_caller_hangs_up_behind_them(
    dial: Dial, after_s: float
) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.say("Well, I would,")  # sounds as if more were to come
    await call.until(lambda: not call.line.saying)
    await call.line.run(after_s)
    await call.hang_up()
    assert [body.text for body in call.bodies() if isinstance(body, TurnEnded)] == [
        "Well, I would,"
    ]


async def test_a_goodbye_is_played_to_its_end_before_the_call_is(dial: Dial) -> None:
    answer = said("Thank you for calling.", "Goodbye!", hang_up=True)
    call = dial({"That's all. Bye.": answer})
    await call.until_event(AgentSpoke)
    call.say("That's all. Bye.")
    assert await call.ended() == Ending("agent", "goodbye")
    check("goodbye", call.bodies())
    assert call.heard() == f"{GREETING} Thank you for calling. Goodbye!"


async def test_an_agent_that_breaks_apologises_and_goes_on(dial: Dial) -> None:
    slow = ProviderError("llm_stalled", "No token within 1.5 s", spoken="One moment, please.")
    call = dial({"First?": [slow], "Second?": [KeyError("a bug")]})
    await call.until_event(AgentSpoke)
    call.say("First?")
    await call.until_event(AgentSpoke, 2)
    call.say("Second?")
    await call.until_event(AgentSpoke, 3)
    await call.hang_up()
    check("agent_error", call.bodies())
    assert len(call.bodies(ProviderFailed)) == 2
    assert "One moment, please." in spoken(call)


async def test_a_caller_who_hangs_up_on_the_agent_heard_only_so_much(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentStartedSpeaking)
    await call.line.run(0.7)
    await call.hang_up()
    (spoke,) = (body for body in call.bodies() if isinstance(body, AgentSpoke))
    assert spoke.interrupted
    assert GREETING.startswith(spoke.text)
    assert spoke.text == call.heard()


def kinds(call: SimulatedCall, *wanted: type[Body]) -> list[str]:
    """The events of these kinds by their names."""
    return [type(body).__name__ for body in call.bodies(*wanted)]


async def test_what_a_pause_stopped_goes_on_or_is_given_up_never_both(dial: Dial) -> None:
    call = dial({"What then?": said(LONG)})
    await call.until_event(AgentSpoke)
    call.say("What then?")
    await call.until_event(AgentStartedSpeaking, 2)
    for sound in ("Uh-huh.", "Okay.", "Stop."):
        await call.line.run(1)
        call.say(sound)
    await call.until_event(AgentSpoke, 3)
    await call.hang_up()
    assert kinds(call, PlaybackPaused, PlaybackResumed, BackchannelHeard, Interrupted) == [
        *("PlaybackPaused", "PlaybackResumed", "BackchannelHeard") * 2,
        *("PlaybackPaused", "Interrupted"),
    ]
    assert kinds(call, UserStartedSpeaking) == ["UserStartedSpeaking"] * 2
    assert call.speech.voices.__dict__["streams"] == 0


@pytest.mark.parametrize("lane", ["transcribe", "synthesise", "end_of_turn"])
async def test_a_model_that_fails_costs_a_turn_not_the_call(dial: Dial, lane: str) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.host.broken[lane] = RuntimeError("no memory")
    call.say("First?")
    await call.until_event(ProviderFailed)
    await call.line.run(5)
    call.host.broken.clear()
    call.say("Second?")
    await call.until(lambda: "Second?" in call.heard())
    await call.hang_up()
    check(f"{lane}_fails", call.bodies())


async def test_a_caller_who_says_nothing_is_asked_and_then_bidden_farewell(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    await call.line.run(25)
    assert await call.ended() == Ending("agent", "goodbye")
    check("silence", call.bodies())
    assert call.heard() == f"{GREETING} Are you still there? Goodbye!"


async def test_a_farewell_in_mid_answer_comes_behind_it(dial: Dial) -> None:
    call = dial({"What then?": said(LONG)})
    await call.until_event(AgentSpoke)
    call.say("What then?")
    await call.until_event(AgentStartedSpeaking, 2)
    await call.line.run(1)
    await call.live.farewell()
    assert await call.ended() == Ending("agent", "goodbye")
    assert call.heard() == spoken(call) == f"{GREETING} {LONG} Goodbye!"


async def test_the_first_reason_to_end_stands(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.live.end(Ending("us", "drain"))
    call.live.end(Ending("us", "too_long"))
    assert await call.hang_up() == Ending("us", "drain")


async def test_the_agent_sees_what_was_heard_and_said(dial: Dial) -> None:
    call = dial({"What then?": said(*LONG.split(". "))})
    await call.until_event(AgentSpoke)
    call.say("What then?")
    await call.until_event(AgentStartedSpeaking, 2)
    await call.line.run(1.3)
    call.say("Actually do you take cards?")
    await call.until_event(AgentSpoke, 3)
    await call.hang_up()
    assert call.agent.conversation is not None
    assert [(u.who, u.text, u.interrupted) for u in call.agent.conversation.utterances] == [
        ("agent", GREETING, False),
        ("caller", "What then?", False),
        ("agent", "Press on the gauze for", True),
        ("caller", "Actually do you take cards?", False),
        ("agent", "You said: Actually do you take cards?", False),
    ]


async def test_keys_are_logged(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.line.press("5")
    await call.line.run(0.1)
    await call.hang_up()
    assert DigitPressed("5") in call.bodies()


async def test_every_position_lies_on_the_call_s_timeline(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.say("Hello there?")
    await call.until_event(AgentSpoke, 2)
    await call.hang_up()
    (turn,) = (body for body in call.bodies() if isinstance(body, TurnEnded))
    greeting, answer = (body for body in call.bodies() if isinstance(body, AgentSpoke))
    assert greeting.start_ms < greeting.end_ms <= turn.start_ms < turn.end_ms < answer.start_ms
    assert abs(turn.end_ms - turn.start_ms - 600) <= 64
    assert abs(answer.end_ms - answer.start_ms - 1200) <= 1  # four words


async def test_last_words_that_nobody_can_decode_hold_no_call_open(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    call.host.broken["transcribe"] = RuntimeError("no memory")
    call.say("Please call me back")
    await call.line.run(1)
    left_at = call.clock.monotonic()
    assert await call.hang_up() == Ending("caller", "hangup")
    assert call.clock.monotonic() - left_at <= 1.5
    assert call.bodies(TurnEnded) == []


async def test_a_pipeline_that_stops_by_itself_ends_the_call(dial: Dial) -> None:
    call = dial()
    await call.until_event(AgentSpoke)
    await call.live._worker.cancel(reason="a fault in a dependency")
    ending = await call.ended()
    assert (ending.by, ending.reason) == ("us", "setup_failed")
