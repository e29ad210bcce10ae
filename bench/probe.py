"""What a server under test tells about itself: processor time, and when audio was scored."""

import os
import time
from array import array
from typing import Any

from fastapi import APIRouter

PATH = "/probe"


class Probe:
    """Collects while calls run; reading it starts anew."""

    def __init__(self) -> None:
        self._scored: dict[str, tuple[array[int], array[float]]] = {}
        self._waterfalls: list[tuple[float, int]] = []

    def scored(self, call: str, samples: int) -> None:
        """The voice detector has now scored the first ``samples`` of a call's audio."""
        ends, times = self._scored.setdefault(call, (array("q"), array("d")))
        ends.append(samples)
        times.append(time.monotonic())

    def answered(self, first_audio_ms: int) -> None:
        """An answer's first audio left ``first_audio_ms`` after the caller's last voiced sample."""
        self._waterfalls.append((time.monotonic(), first_audio_ms))

    def read(self) -> dict[str, Any]:
        """Everything since the last reading. Times are the machine's monotonic seconds."""
        scored, self._scored = self._scored, {}
        waterfalls, self._waterfalls = self._waterfalls, []
        return {
            "at": time.monotonic(),
            "cpu_s": time.process_time(),
            "pid": os.getpid(),
            "scored": {call: [list(e), list(t)] for call, (e, t) in scored.items()},
            "waterfalls": waterfalls,
        }


def probe_routes(probe: Probe) -> APIRouter:
    """The probe over HTTP, on the loopback address that the server listens on."""
    router = APIRouter()

    @router.get(PATH)
    async def read() -> dict[str, Any]:
        return probe.read()

    return router
