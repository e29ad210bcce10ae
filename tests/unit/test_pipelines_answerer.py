from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, InterruptionFrame, TTSSpeakFrame

from agent.conversation import Conversation
from agent.steps import Do, Retrieved, Say, Step
from core.clock import ManualClock
from core.errors import ProviderError
from knowledge.passages import Passage, Retrieval
from pipelines.answerer import Answerer
from pipelines.context import CallContext
from pipelines.frames import AnswerEndedFrame, AnswerStartedFrame, CallerSaysFrame, CallerTurnFrame
from pipelines.latency import Stage as Waypoint
from storage.events import (
    Body,
    ModelAnswered,
    PassageFound,
    PassagesRetrieved,
    ProviderFailed,
    ToolCalled,
    ToolReturned,
)
from tests.unit.simulated_call import ToyAgent, said
from tests.unit.stage import Stage

RETRIEVED = Retrieved(
    Retrieval((Passage("p1", "hours.md", "Hours", "We open…", 0.71239, ()),), True, 4.2), "hours"
)


@dataclass
class Floor:
    expected: int = 0

    def expect_answer(self) -> None:
        self.expected += 1


@dataclass
class Desk:
    """An answerer between taps."""

    stage: Stage
    answerer: Answerer
    agent: ToyAgent
    context: CallContext
    conversation: Conversation
    floor: Floor
    tools: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def asked(self, text: str, turn: int = 1) -> None:
        self.conversation.add_caller(text)
        await self.stage.send(CallerTurnFrame(turn=turn, text=text, confidence=0.9))
        await self.agent.clock.advance(0.06)

    def answers(self, text: str, *steps: Step | Exception) -> None:
        self.agent.answers[text] = steps

    @property
    def log(self) -> list[Body]:
        return [event.body for event in self.context.log.events]

    @property
    def pushed(self) -> list[str]:
        wanted = (AnswerStartedFrame, TTSSpeakFrame, AnswerEndedFrame)
        return [_told(frame) for frame in self.stage.down(Frame) if isinstance(frame, wanted)]


def _told(frame: Frame) -> str:
    match frame:
        case TTSSpeakFrame(text=text):
            return text
        case AnswerEndedFrame(turn=turn, hang_up=hang_up):
            return f"ended {turn}{', hang up' if hang_up else ''}"
        case AnswerStartedFrame(turn=turn):
            return f"started {turn}"
    return ""


@pytest.fixture
async def desk(clock: ManualClock, context: CallContext) -> AsyncIterator[Desk]:
    tools: list[tuple[str, dict[str, str]]] = []

    async def use(tool: str, arguments: dict[str, str]) -> str:
        tools.append((tool, arguments))
        if tool == "broken":
            raise ProviderError("calendar_away", "No answer within 2 s")
        return "done"

    agent, conversation, floor = ToyAgent(clock, {}), Conversation(), Floor()
    answerer = Answerer(context, agent, conversation, floor, use)
    async with Stage(answerer) as stage:
        yield Desk(stage, answerer, agent, context, conversation, floor, tools)


async def test_an_answer_in_frames_and_events(desk: Desk) -> None:
    desk.answers("When?", RETRIEVED, *said("At nine.", "Every day."))
    await desk.asked("When?")
    assert desk.pushed == ["started 1", "At nine.", "Every day.", "ended 1"]
    found = PassageFound("p1", "hours.md", "Hours", 0.7124)
    assert desk.log == [
        PassagesRetrieved(1, "hours", True, (found,), 4.2),
        ModelAnswered(1, "toy", "toy", "answer", "At nine. Every day."),
    ]
    assert desk.floor.expected == 1


async def test_a_tool_is_used_and_what_it_came_to_is_logged(desk: Desk) -> None:
    desk.answers("Tell Ann.", Do("take_message", {"for": "Ann"}), Say("Done."))
    await desk.asked("Tell Ann.")
    assert desk.tools == [("take_message", {"for": "Ann"})]
    assert desk.log == [
        ToolCalled(1, "take_message", {"for": "Ann"}),
        ToolReturned(1, "take_message", True, "done"),
    ]


async def test_a_tool_that_fails_ends_no_answer(desk: Desk) -> None:
    desk.answers("Book it.", Do("broken", {}), Say("I could not."))
    await desk.asked("Book it.")
    assert desk.log[-1] == ToolReturned(1, "broken", False, "calendar_away: No answer within 2 s")
    assert desk.pushed == ["started 1", "I could not.", "ended 1"]


async def test_a_hang_up_is_no_tool_but_the_end_of_the_answer(desk: Desk) -> None:
    desk.answers("Bye.", *said("Goodbye!", hang_up=True))
    await desk.asked("Bye.")
    assert desk.pushed == ["started 1", "Goodbye!", "ended 1, hang up"]
    assert desk.tools == []


@pytest.mark.parametrize(
    ("error", "failed", "spoken"),
    [
        (
            ProviderError("llm_stalled", "No token within 1.5 s", spoken="One moment."),
            ProviderFailed("llm", "agent", "llm_stalled", "No token within 1.5 s"),
            "One moment.",
        ),
        (
            ProviderError("llm_stalled", "No token within 1.5 s"),
            ProviderFailed("llm", "agent", "llm_stalled", "No token within 1.5 s"),
            "I'm sorry, something went wrong",
        ),
        (
            KeyError("4111 1111 1111 1111"),  # what a bug says may be anything
            ProviderFailed("llm", "agent", "internal", "KeyError"),
            "I'm sorry, something went wrong",
        ),
    ],
)
async def test_an_agent_that_fails_is_logged_and_the_caller_told(
    desk: Desk, error: Exception, failed: ProviderFailed, spoken: str
) -> None:
    desk.answers("When?", Say("Well."), error)
    await desk.asked("When?")
    assert desk.log == [failed]
    first, second, third, last = desk.pushed
    assert (first, second, last) == ("started 1", "Well.", "ended 1")
    assert third.startswith(spoken)


@pytest.mark.parametrize("frame", [InterruptionFrame(), CancelFrame(), EndFrame()])
async def test_an_answer_that_nobody_wants_any_more_is_given_up(desk: Desk, frame: Frame) -> None:
    await desk.stage.send(CallerTurnFrame(turn=1, text="When?"))
    await desk.stage.send(frame)
    await desk.agent.clock.advance(1)
    assert desk.pushed == ["started 1"]
    assert desk.log == []


async def test_a_new_turn_takes_the_place_of_the_one_before(desk: Desk) -> None:
    await desk.stage.send(CallerTurnFrame(turn=1, text="When?"))
    await desk.stage.send(CallerTurnFrame(turn=2, text="Where?"))
    await desk.agent.clock.advance(1)
    assert desk.pushed == ["started 1", "started 2", "You said: Where?", "ended 2"]


async def test_a_turn_that_was_cut_in_two_is_answered_as_one(desk: Desk) -> None:
    desk.conversation.add_caller("Do you take")
    await desk.asked("Delta Dental?", turn=2)
    assert [turn.text for turn in desk.agent.asked] == ["Do you take Delta Dental?"]


async def test_interim_words_prepare_one_at_a_time(desk: Desk) -> None:
    desk.agent.prepares_s = 0.2
    for text in ("When", "When do"):
        await desk.stage.send(CallerSaysFrame(text=text))
    await desk.agent.clock.advance(0.2)
    await desk.stage.send(CallerSaysFrame(text="When do you"))
    assert desk.agent.prepared == ["When", "When do you"]
    assert desk.stage.down(CallerSaysFrame) == []


async def test_a_retired_answerer_answers_nothing_more(desk: Desk) -> None:
    desk.answerer.retire()
    await desk.stage.send(CallerSaysFrame(text="When"))
    await desk.asked("When?")
    assert (desk.agent.asked, desk.agent.prepared, desk.pushed) == ([], [], [])


async def test_speech_unasked(desk: Desk) -> None:
    await desk.answerer.say(3, "Are you there?", "Goodbye.", hang_up=True)
    assert desk.pushed == ["started 3", "Are you there?", "Goodbye.", "ended 3, hang up"]


async def test_the_waterfall_knows_the_first_text_and_the_passages(desk: Desk) -> None:
    desk.answers("When?", RETRIEVED, *said("At nine.", "Every day."))
    falls = desk.context.waterfalls
    falls.reached(1, Waypoint.SPEECH_END, 0.0)
    await desk.asked("When?")
    falls.reached(1, Waypoint.FIRST_AUDIO, 0.1)
    measured = falls.measure(1)
    assert measured is not None
    assert (measured.passages_ms, measured.first_text_ms, measured.first_audio_ms) == (50, 50, 100)
