"""One Silero session for all calls of a process, run in batches on a thread of its own.

Pipecat loads a session per call (10 MB and 45 ms of the event loop each) and runs every 32 ms
window by itself. One run over eight calls' windows costs less than three runs over one.
"""

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from pipelines.voice_activity import WINDOW

_CONTEXT = 32  # samples of the window before that the model sees again, at 8 kHz
_RESET_WINDOWS = 63  # the model dulls over long silence: its state is renewed every 2 s of it
_RESET_BELOW = 0.2
_RATE = np.array(8000, dtype=np.int64)
_CROWD = 4
_LINGER_S = 0.008
Floats = npt.NDArray[np.float32]


class VoiceStream:
    """One call's state in the detector."""

    def __init__(self, detector: "VoiceDetector") -> None:
        self._detector = detector
        self.reset()

    def reset(self) -> None:
        """Forget what was heard."""
        self.state = np.zeros((2, 128), np.float32)
        self.context = np.zeros(_CONTEXT, np.float32)
        self._silent = 0

    async def confidences(self, pcm: npt.NDArray[np.int16]) -> list[float]:
        """Voice confidence, 0 … 1, of each window of 256 samples in ``pcm``."""
        windows = pcm.reshape(-1, WINDOW).astype(np.float32) / np.float32(32768)
        return await self._detector.submit(self, windows)

    def took(self, state: Floats, window: Floats, confidence: float) -> None:
        """Keep the state after a window (called by the detector's thread)."""
        self.state = state
        self.context = window[-_CONTEXT:]
        self._silent = self._silent + 1 if confidence < _RESET_BELOW else 0
        if self._silent >= _RESET_WINDOWS:
            self.reset()


@dataclass(slots=True)
class _Job:
    stream: VoiceStream
    windows: Floats
    confidences: list[float]
    done: asyncio.Future[list[float]]


class VoiceDetector:
    """The shared session; `open` gives a call its stream."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        model = resources.files("pipecat.audio.vad.data").joinpath("silero_vad.onnx")
        self._session: Any = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice-detector")
        self._waiting: deque[_Job] = deque()
        self._busy = False
        self._streams = 0

    def open(self) -> VoiceStream:
        """A stream for one more call."""
        self._streams += 1
        return VoiceStream(self)

    def release(self) -> None:
        """A call that opened a stream is over."""
        self._streams -= 1

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=True)

    async def submit(self, stream: VoiceStream, windows: Floats) -> list[float]:
        """Confidences of a stream's next windows, computed with those of the other calls."""
        loop = asyncio.get_running_loop()
        job = _Job(stream, windows, [], loop.create_future())
        self._waiting.append(job)
        if not self._busy:
            self._busy = True
            # With few calls nothing is gained by waiting for company.
            loop.call_later(_LINGER_S if self._streams > _CROWD else 0, self._start, loop)
        return await job.done

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        jobs = list(self._waiting)
        self._waiting.clear()
        run = loop.run_in_executor(self._thread, self.score, jobs)
        run.add_done_callback(lambda finished: self._finished(loop, jobs, finished))

    def _finished(
        self, loop: asyncio.AbstractEventLoop, jobs: list[_Job], run: asyncio.Future[None]
    ) -> None:
        error = None if run.cancelled() else run.exception()
        for job in jobs:
            if job.done.done():
                continue
            if error is not None:
                job.done.set_exception(error)
            else:
                job.done.set_result(job.confidences)
        if self._waiting:
            loop.call_later(_LINGER_S if self._streams > _CROWD else 0, self._start, loop)
        else:
            self._busy = False

    def score(self, jobs: list[_Job]) -> None:
        """Run the model over the jobs' windows, one of each job at a time."""
        for index in range(max(len(job.windows) for job in jobs)):
            batch = [job for job in jobs if index < len(job.windows)]
            windows = [job.windows[index] for job in batch]
            inputs = np.stack(
                [
                    np.concatenate((job.stream.context, window))
                    for job, window in zip(batch, windows, strict=True)
                ]
            )
            state = np.stack([job.stream.state for job in batch], axis=1)
            output, state = self._session.run(None, {"input": inputs, "state": state, "sr": _RATE})
            for row, (job, window) in enumerate(zip(batch, windows, strict=True)):
                confidence = float(output[row, 0])
                job.confidences.append(confidence)
                job.stream.took(state[:, row], window, confidence)
