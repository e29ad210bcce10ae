"""The answerer: the one processor between Pipecat's frames and the agent."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import structlog
from pipecat.frames.frames import CancelFrame, EndFrame, Frame, InterruptionFrame, TTSSpeakFrame
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

from agent.answering import Answered, Do, Retrieved, Say, Step, UserTurn
from agent.conversation import Conversation
from core.errors import CallsureError
from pipelines.context import CallContext
from pipelines.frames import (
    AnswerEndedFrame,
    AnswerStartedFrame,
    CallerSaysFrame,
    CallerTurnFrame,
)
from pipelines.latency import Stage
from storage.events import (
    Body,
    ModelAnswered,
    PassageFound,
    PassagesRetrieved,
    ProviderFailed,
    ToolCalled,
    ToolReturned,
)

_log = structlog.get_logger(__name__)
_TROUBLE = "I'm sorry, something went wrong on my side. Could you say that again?"
HANG_UP = "hang_up"

Tool = Callable[[str, dict[str, str]], Awaitable[str]]


class Agent(Protocol):
    """Who answers: an agent of the owner's, or a stub of the benchmarks."""

    async def prepare(self, interim_text: str, conversation: Conversation | None = None) -> None:
        """Look things up before the caller's turn has ended."""

    def answer(self, turn: UserTurn, conversation: Conversation) -> AsyncIterator[Step]:
        """Answer a turn."""


class Floor(Protocol):
    """What the answerer tells the speaker."""

    def expect_answer(self) -> None:
        """An answer is being made."""


class Answerer(FrameProcessor):
    """Asks the agent for an answer to each of the caller's turns and has it spoken.

    Args:
        context: The call.
        agent: Who answers.
        conversation: What was heard and said so far, kept up from the call's log.
        floor: Told when an answer begins to be made.
        tool: Carries out what the agent wants done; returns the outcome in words.
    """

    def __init__(
        self,
        context: CallContext,
        agent: Agent,
        conversation: Conversation,
        floor: Floor,
        tool: Tool,
    ) -> None:
        super().__init__(enable_direct_mode=True)
        self._context = context
        self._agent = agent
        self._conversation = conversation
        self._floor = floor
        self._tool = tool
        self._answer: asyncio.Task[None] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._retired = False

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer turns; everything that is not for the agent passes."""
        await super().process_frame(frame, direction)
        match frame:
            case CallerSaysFrame() | CallerTurnFrame() if self._retired:
                return
            case CallerSaysFrame():
                self._prepare(frame.text)
            case CallerTurnFrame():
                await self._stop()
                self._floor.expect_answer()
                self._answer = self.create_task(self._answer_turn(frame))
            case _:
                if isinstance(frame, InterruptionFrame | EndFrame | CancelFrame):
                    await self._stop()
                await self.push_frame(frame, direction)

    async def cleanup(self) -> None:
        """Release the tasks."""
        await self._stop()
        await super().cleanup()

    async def say(self, turn: int, *sentences: str, hang_up: bool = False) -> None:
        """Speak without being asked: the greeting, a warning, a farewell."""
        await self.push_frame(AnswerStartedFrame(turn=turn))
        for sentence in sentences:
            await self._speak(sentence)
        await self.push_frame(AnswerEndedFrame(turn=turn, hang_up=hang_up))

    def retire(self) -> None:
        """Answer nothing more: nobody is there to hear it."""
        self._retired = True

    def _prepare(self, text: str) -> None:
        if self._preparing is None or self._preparing.done():
            self._preparing = self.create_task(self._agent.prepare(text, self._conversation))

    async def _answer_turn(self, frame: CallerTurnFrame) -> None:
        turn = frame.turn
        hang_up = False
        await self.push_frame(AnswerStartedFrame(turn=turn))
        try:
            said = self._conversation.unanswered or frame.text
            user_turn = UserTurn(turn, said, frame.confidence)
            async for step in self._agent.answer(user_turn, self._conversation):
                match step:
                    case Say(text):
                        self._reached(turn, Stage.FIRST_TEXT)
                        await self._speak(text)
                    case Do(tool, arguments):
                        hang_up = hang_up or tool == HANG_UP
                        if tool != HANG_UP:
                            await self._use(turn, tool, arguments)
                    case _:
                        self._note(turn, step)
        except CallsureError as error:
            self._context.record(ProviderFailed("llm", "agent", error.code, error.message))
            await self._speak(error.spoken or _TROUBLE)
        except Exception as error:
            _log.exception("answer_failed", call_id=self._context.log.call_id, turn=turn)
            self._context.record(ProviderFailed("llm", "agent", "internal", type(error).__name__))
            await self._speak(_TROUBLE)
        await self.push_frame(AnswerEndedFrame(turn=turn, hang_up=hang_up))

    async def _speak(self, sentence: str) -> None:
        await self.push_frame(TTSSpeakFrame(sentence, append_to_context=False))

    async def _use(self, turn: int, tool: str, arguments: dict[str, str]) -> None:
        self._context.record(ToolCalled(turn, tool, arguments))
        try:
            result, ok = await self._tool(tool, arguments), True
        except CallsureError as error:
            result, ok = str(error), False
        self._context.record(ToolReturned(turn, tool, ok, result))

    def _note(self, turn: int, step: Retrieved | Answered) -> None:
        self._context.record(_noted(turn, step))
        if isinstance(step, Retrieved):
            self._reached(turn, Stage.PASSAGES)

    def _reached(self, turn: int, stage: Stage) -> None:
        self._context.waterfalls.reached(turn, stage, self._context.clock.monotonic())

    async def _stop(self) -> None:
        for task in (self._answer, self._preparing):
            if task is not None and task is not asyncio.current_task() and not task.done():
                await self.cancel_task(task)
        self._answer = self._preparing = None


def _noted(turn: int, step: Retrieved | Answered) -> Body:
    """The event that records a step."""
    if isinstance(step, Answered):
        return ModelAnswered(turn, step.provider, step.model, step.intent, step.text)
    retrieval = step.retrieval
    found = tuple(
        PassageFound(p.id, p.document, p.heading, round(p.score, 4)) for p in retrieval.passages
    )
    return PassagesRetrieved(turn, step.query, retrieval.covered, found, retrieval.took_ms)
