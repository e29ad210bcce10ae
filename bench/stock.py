"""A plain Pipecat call as its own project generator lays it out for Twilio, with stub services.

Two settings differ from the defaults: both sample rates are the telephone's, and metrics are on,
because the generator's telephony template says so. Everything else (voice activity, Smart Turn,
turn strategies, RTVI, observers, idle detection) is what Pipecat 1.14 does when told nothing.
"""

import asyncio
from collections.abc import Callable

from fastapi import WebSocket
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADAnalyzer
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMRunFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.workers.runner import WorkerRunner

from bench.stubs import ANSWERS, GREETING, LLM_S, RATE, StubSTT, StubTTS

_SETTINGS = LLMSettings(
    model="stub",
    system_instruction="You answer a telephone.",
    temperature=None,
    max_tokens=None,
    top_p=None,
    top_k=None,
    frequency_penalty=None,
    presence_penalty=None,
    seed=None,
    filter_incomplete_user_turns=False,
    user_turn_completion_config=None,
)


class StubLLM(LLMService):
    """Greets first, then streams the same answer, word by word, to every turn."""

    def __init__(self, number: str) -> None:
        super().__init__(settings=_SETTINGS)
        self._sentences = ANSWERS[number]

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Answer contexts; everything else passes."""
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        text = " ".join(self._sentences) if frame.context.get_messages() else GREETING
        await self.push_frame(LLMFullResponseStartFrame())
        try:
            await asyncio.sleep(LLM_S)
            for word in text.split():
                await self._push_llm_text(f"{word} ")
        finally:
            await self.push_frame(LLMFullResponseEndFrame())


async def run_call(
    websocket: WebSocket, make_vad: Callable[[str], VADAnalyzer] = lambda _: SileroVADAnalyzer()
) -> None:
    """Run one call from its stream's start to its end.

    Args:
        websocket: The accepted media stream.
        make_vad: Makes the voice detector of the call of that name; the default is Pipecat's.
    """
    _, data = await parse_telephony_websocket(websocket)
    serializer = TwilioFrameSerializer(
        data.stream_id, data.call_id, params=TwilioFrameSerializer.InputParams(auto_hang_up=False)
    )
    transport = FastAPIWebsocketTransport(
        websocket,
        FastAPIWebsocketParams(
            audio_in_enabled=True, audio_out_enabled=True, serializer=serializer
        ),
    )
    context = LLMContext()
    user, assistant = LLMContextAggregatorPair(
        context, user_params=LLMUserAggregatorParams(vad_analyzer=make_vad(data.call_id))
    )
    pipeline = Pipeline(
        [
            transport.input(),
            StubSTT(VADUserStoppedSpeakingFrame),
            user,
            StubLLM(data.body["number"]),
            StubTTS(),
            transport.output(),
            assistant,
        ]
    )
    worker = PipelineWorker(
        pipeline,
        params=PipelineParams(
            enable_metrics=True,
            enable_usage_metrics=True,
            audio_in_sample_rate=RATE,
            audio_out_sample_rate=RATE,
        ),
    )

    async def connected(_transport: object, _client: object) -> None:
        await worker.queue_frames([LLMRunFrame()])

    async def disconnected(_transport: object, _client: object) -> None:
        await worker.cancel()

    transport.add_event_handler("on_client_connected", connected)
    transport.add_event_handler("on_client_disconnected", disconnected)
    runner = WorkerRunner(handle_sigint=False, handle_sigterm=False)
    await runner.add_workers(worker)
    await runner.run()
