"""One frame processor between two taps, without a pipeline around it."""

import asyncio
from typing import TypeVar, cast

from pipecat.clocks.system_clock import SystemClock
from pipecat.frames.frames import Frame, StartFrame
from pipecat.pipeline.worker import PipelineWorker
from pipecat.processors.frame_processor import (
    FrameDirection,
    FrameProcessor,
    FrameProcessorSetup,
)
from pipecat.utils.asyncio.task_manager import TaskManager

F = TypeVar("F", bound=Frame)


class Tap(FrameProcessor):
    """Keeps what comes by."""

    def __init__(self) -> None:
        super().__init__(enable_direct_mode=True)
        self.frames: list[Frame] = []

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        self.frames.append(frame)


class Stage:
    """A processor that was set up and started, and everything that it pushed either way."""

    def __init__(self, processor: FrameProcessor) -> None:
        self.processor = processor
        self._before, self._behind = Tap(), Tap()
        self._before.link(processor)
        processor.link(self._behind)

    async def __aenter__(self) -> "Stage":
        setup = FrameProcessorSetup(
            clock=SystemClock(),  # type: ignore[no-untyped-call]  # of Pipecat's
            task_manager=TaskManager(),
            pipeline_worker=cast(PipelineWorker, None),
            audio_in_sample_rate=8000,
            audio_out_sample_rate=8000,
        )
        for processor in (self._before, self.processor, self._behind):
            await processor.setup(setup)
        await self.send(StartFrame())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.processor.cleanup()  # type: ignore[no-untyped-call]  # of Pipecat's

    async def send(self, *frames: Frame, up: bool = False) -> None:
        """Let the frames arrive, from upstream unless said otherwise, and be dealt with."""
        direction = FrameDirection.UPSTREAM if up else FrameDirection.DOWNSTREAM
        for frame in frames:
            await self.processor.queue_frame(frame, direction)
            await settle()

    def down(self, kind: type[F]) -> list[F]:
        """What was pushed downstream, of one kind."""
        return [frame for frame in self._behind.frames if isinstance(frame, kind)]

    def up(self, kind: type[F]) -> list[F]:
        """What was pushed upstream, of one kind."""
        return [frame for frame in self._before.frames if isinstance(frame, kind)]


async def settle() -> None:
    """Return once nothing is left to run until time passes."""
    loop = asyncio.get_running_loop()
    for _ in range(500):
        await asyncio.sleep(0)
        # The loop's own list of what can run now; empty but for this.
        if not getattr(loop, "_ready", None):
            return
