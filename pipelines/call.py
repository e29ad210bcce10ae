"""One call, assembled: read this first.

    line ─► listener ─► speech to text ─► turns ─► answerer ─► text to speech ─► speaker ─► line

The listener hears voice and silence, the recogniser words; `turns` decides who has the floor; the
answerer asks the agent; the speaker plays and knows what was played. What happens is appended to
the call's log; the conversation that the agent sees is read from that log.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import structlog
from pipecat.frames.frames import ErrorFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker, ProcessorUnusablePolicy
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.workers.runner import WorkerRunner

from agent.conversation import Conversation
from core.clock import within
from pipelines.answerer import Agent, Answerer, Tool
from pipelines.context import CallContext
from pipelines.line import SAMPLE_RATE, Line, LineClosed
from pipelines.listener import Hearing, LineHandlers, Listener
from pipelines.recorder import Recorder
from pipelines.silence import SilenceWatch
from pipelines.speaker import Speaker
from pipelines.speech import SpeechServices
from pipelines.text_to_speech.style import VoiceStyle
from pipelines.turn_taking import TurnTaking, TurnTakingParams
from pipelines.turns import Turns
from pipelines.voice_activity import VoiceActivity, VoiceActivityParams
from storage.events import AgentSpoke, BackchannelHeard, Event, ProviderFailed, TurnEnded
from storage.recordings import RecordingWriter

_log = structlog.get_logger(__name__)
_LAST_WORDS_S = 1.0  # how long a hang-up waits for what the caller was saying to be decoded
_SETUP_S = 5.0
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended, in the words of `CallEnded`."""

    by: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the agent says unasked."""

    greeting: str
    are_you_there: str = "Are you still there?"
    goodbye: str = "Goodbye!"


@dataclass(frozen=True, slots=True)
class CallParts:
    """What a call is made of."""

    context: CallContext
    line: Line
    agent: Agent
    speech: SpeechServices
    phrases: Phrases
    tool: Tool
    recording: RecordingWriter | None = None
    style: VoiceStyle = field(default_factory=VoiceStyle)
    activity: VoiceActivityParams = field(default_factory=VoiceActivityParams)
    taking: TurnTakingParams = field(default_factory=TurnTakingParams)
    silence_s: float = 10.0


class LiveCall:
    """One leg of one call, from its first frame to its last."""

    def __init__(self, parts: CallParts) -> None:
        self._parts = parts
        context = parts.context
        self._recorder = Recorder(parts.recording, context.timeline)
        self._conversation = Conversation()
        self._ending: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._voice = parts.speech.voices.open()
        self._speaker = Speaker(context, parts.line, self._recorder, self._goodbye_played)
        self._answerer = Answerer(
            context, parts.agent, self._conversation, self._speaker, parts.tool
        )
        self._worker = PipelineWorker(
            Pipeline(self._processors()),
            params=PipelineParams(
                audio_in_sample_rate=SAMPLE_RATE, audio_out_sample_rate=SAMPLE_RATE
            ),
            enable_rtvi=False,
            enable_turn_tracking=False,
            idle_timeout_secs=None,
            setup_timeout_secs=_SETUP_S,
            cancel_timeout_secs=_END_S,
            processor_unusable_policy=ProcessorUnusablePolicy.CONTINUE,
            conversation_id=context.log.call_id,
        )
        self._worker.add_event_handler("on_pipeline_error", self._service_failed)

    def _processors(self) -> list[FrameProcessor]:
        parts, context = self._parts, self._parts.context
        hearing = Hearing(self._voice, parts.speech.end_of_turn, VoiceActivity(parts.activity))
        handlers = LineHandlers(self._speaker.mark_returned, self._line_closed)
        self._listener = Listener(context, parts.line, hearing, self._recorder, handlers)
        self._turns = Turns(context, TurnTaking(parts.taking), self._speaker)
        return [
            self._listener,
            parts.speech.stt(context),
            self._turns,
            self._answerer,
            parts.speech.tts(context, parts.style),
            self._speaker,
        ]

    async def run(self) -> Ending:
        """Run until the call is over; returns how it ended."""
        log, clock = self._parts.context.log, self._parts.context.clock
        silence = SilenceWatch(clock, self._parts.silence_s, self._break_silence)
        unsubscribe = [log.subscribe(self._remember), log.subscribe(silence.note)]
        watching = asyncio.create_task(silence.run())
        # One runner per call: a shared one ends every call with the first that does.
        runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
        await runner.add_workers(self._worker)
        running = asyncio.create_task(runner.run())
        try:
            await self._answerer.say(0, self._parts.phrases.greeting)
            over: list[asyncio.Future[Any]] = [running, self._ending]
            await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
            if not self._ending.done():
                self.end(Ending("us", "setup_failed", "the pipeline stopped by itself"))
            ending = self._ending.result()
            if ending.reason == "hangup":
                await self._last_words()
            await self._speaker.hung_up()
            await self._worker.cancel(reason=ending.reason)
            await asyncio.wait([running], timeout=2 * _END_S)
            return ending
        finally:
            watching.cancel()
            running.cancel()
            for stop in unsubscribe:
                stop()
            self._parts.speech.voices.release()

    def end(self, ending: Ending) -> None:
        """End the call; the first reason given stands."""
        if not self._ending.done():
            self._ending.set_result(ending)

    async def farewell(self) -> None:
        """Say goodbye and hang up once it was played."""
        await self._answerer.say(self._turns.last, self._parts.phrases.goodbye, hang_up=True)

    async def _break_silence(self, count: int) -> None:
        if count > 1:
            await self.farewell()
        else:
            await self._answerer.say(self._turns.last, self._parts.phrases.are_you_there)

    async def _last_words(self) -> None:
        """Let what the caller was saying when they hung up be decoded and logged."""
        self._answerer.retire()
        finished = asyncio.Event()
        unsubscribe = self._parts.context.log.subscribe(
            lambda event: (
                finished.set() if isinstance(event.body, TurnEnded | BackchannelHeard) else None
            )
        )
        try:
            undecided = self._turns.open
            if await self._listener.finish() or undecided:
                await within(self._parts.context.clock, _LAST_WORDS_S, finished.wait())
        except TimeoutError:
            _log.info("last_words_lost", call_id=self._parts.context.log.call_id)
        finally:
            unsubscribe()

    async def _line_closed(self, closed: LineClosed) -> None:
        by = "caller" if closed.reason == "hangup" else "us"
        self.end(Ending(by, closed.reason, closed.detail))

    async def _goodbye_played(self) -> None:
        self.end(Ending("agent", "goodbye"))

    async def _service_failed(self, _: PipelineWorker, error: ErrorFrame) -> None:
        """Log what a speech service reports; the call goes on without what it would have made."""
        provider = type(error.processor).__name__ if error.processor else "pipeline"
        code = error.category.value if error.category else "unknown"
        self._parts.context.record(ProviderFailed("speech", provider, code, error.error))

    def _remember(self, event: Event) -> None:
        """Keep up the conversation that the agent sees."""
        match event.body:
            case TurnEnded(text=text):
                self._conversation.add_caller(text)
            case AgentSpoke(text=text, interrupted=interrupted):
                self._conversation.add_agent(text, interrupted)
