"""A whole call in memory: the real pipeline over toy models, a toy agent, and a telephone line."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.conversation import Conversation
from agent.steps import Answered, Do, Say, Step, UserTurn
from core.clock import ManualClock
from pipelines.call import CallParts, Ending, LiveCall, Phrases
from pipelines.context import CallContext
from storage.call_log import CallLogs
from storage.events import Body
from storage.recordings import RecordingWriter
from tests.unit.phone_line import PhoneLine
from tests.unit.stage import settle
from tests.unit.toy_speech import Words, silence, toy_speech

GREETING = "Hello, this is Oak Dental."
_THINKS_S = 0.05
Answers = dict[str, Sequence[Step | Exception]]


@dataclass
class ToyAgent:
    """Answers each text as it was told to; repeats what it was not told about."""

    clock: ManualClock
    answers: Answers
    asked: list[UserTurn] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    conversation: Conversation | None = None
    prepares_s: float = 0.0

    async def prepare(self, interim_text: str, conversation: Conversation | None = None) -> None:
        self.prepared.append(interim_text)
        await self.clock.sleep(self.prepares_s)

    async def answer(self, turn: UserTurn, conversation: Conversation) -> AsyncIterator[Step]:
        self.asked.append(turn)
        self.conversation = conversation
        await self.clock.sleep(_THINKS_S)
        for step in self.answers.get(turn.text, said(f"You said: {turn.text}")):
            if isinstance(step, Exception):
                raise step
            yield step


def said(*sentences: str, hang_up: bool = False) -> list[Step | Exception]:
    """An answer of these sentences."""
    steps: list[Step | Exception] = [Say(sentence) for sentence in sentences]
    if hang_up:
        steps.append(Do("hang_up", {}))
    return [*steps, Answered("toy", "toy", "answer", " ".join(sentences))]


class SimulatedCall:
    """One call; its test plays the caller."""

    def __init__(self, folder: Path, answers: Answers | None = None) -> None:
        self.clock = ManualClock()
        self.words = Words()
        self.line = PhoneLine(self.clock)
        self.log = CallLogs(folder, None, self.clock).open("call_1", 1)
        self.agent = ToyAgent(self.clock, answers or {})
        self.speech, self.host = toy_speech(self.clock, self.words)
        self.tools: list[str] = []
        self.recording = RecordingWriter(folder / "recordings", "call_1", 1)
        self.context = CallContext(self.log, self.clock)
        parts = CallParts(
            context=self.context,
            line=self.line,
            agent=self.agent,
            speech=self.speech,
            phrases=Phrases(GREETING),
            tool=self._use,
            recording=self.recording,
        )
        self.live = LiveCall(parts)
        self._running = asyncio.create_task(self.live.run())

    @property
    def over(self) -> bool:
        """Whether the call has ended."""
        return self._running.done()

    def say(self, text: str) -> None:
        """The caller says this next."""
        self.line.say(self.words.ulaw(text))

    def pause(self, seconds: float) -> None:
        """The caller is silent for a while before saying more."""
        self.line.say(silence(seconds))

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        """Let time pass until ``condition`` holds."""
        for _ in range(round(seconds * 50)):
            if condition():
                return
            await self.line.tick()
        raise AssertionError(f"nothing of the kind within {seconds} s: {self.log.events[-5:]}")

    async def until_event(self, kind: type[Body], count: int = 1) -> None:
        """Let time pass until so many events of a kind are in the log."""
        await self.until(lambda: len(self.bodies(kind)) >= count)

    async def ended(self) -> Ending:
        """Let the call come to its end, and return it."""
        await self.until(self._running.done)
        await settle()
        self.recording.close()
        await self.log.close()
        return await self._running

    async def hang_up(self) -> Ending:
        """The caller hangs up."""
        self.line.close()
        return await self.ended()

    def bodies(self, *kinds: type[Body]) -> list[Body]:
        """What is in the log, of some kinds or all."""
        bodies = [event.body for event in self.log.events]
        return [body for body in bodies if not kinds or isinstance(body, kinds)]

    def heard(self) -> str:
        """What came out of the caller's telephone, of words at least half of them."""
        return self.words.read(bytes(self.line.heard), least=1200)

    async def _use(self, tool: str, arguments: dict[str, str]) -> str:
        self.tools.append(tool)
        return "done"
