"""A server under test: a process of its own on a core of its own."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import psutil

from bench.probe import PATH
from bench.stubs import VOICE_PATH

_START_S = 60.0
_STOP_S = 15.0


class Side(StrEnum):
    """Which pipeline."""

    CALLSURE = "callsure"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe told at one moment; see `bench.probe.Probe`."""

    at: float
    cpu_s: float
    rss: int
    scored: dict[str, tuple[list[int], list[float]]]
    waterfalls: list[tuple[float, int]]


class ServerProcess:
    """Starts a server and reads its probe."""

    def __init__(self, side: Side, core: int, home: Path) -> None:
        self.side = side
        self._core = core
        self._home = home
        self._log = home / f"{side}.log"
        self._http = httpx.AsyncClient(trust_env=False, timeout=30)
        self._process: subprocess.Popen[bytes] | None = None
        self._url = ""

    @property
    def voice_url(self) -> str:
        """The webhook of incoming calls."""
        return self._url + VOICE_PATH

    async def start(self) -> None:
        """Start the process and wait until it answers."""
        process = self._process = await asyncio.to_thread(self._spawn)
        until = time.monotonic() + _START_S
        while time.monotonic() < until and process.poll() is None:
            try:
                await self.read()
            except httpx.TransportError:
                await asyncio.sleep(0.2)
            else:
                return
        raise RuntimeError(f"{self.side} did not start:\n{self._log.read_text()[-2000:]}")

    async def read(self) -> Reading:
        """Read the probe, and start it anew."""
        answer: dict[str, Any] = (await self._http.get(self._url + PATH)).json()
        return Reading(
            answer["at"],
            answer["cpu_s"],
            psutil.Process(answer["pid"]).memory_info().rss,
            {call: (ends, times) for call, (ends, times) in answer["scored"].items()},
            [(at, ms) for at, ms in answer["waterfalls"]],
        )

    def _spawn(self) -> subprocess.Popen[bytes]:
        port = _free_port()
        self._url = f"http://127.0.0.1:{port}"
        arguments = [f"bench.server_{self.side}", str(port), str(self._core), str(self._home)]
        with self._log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  (our own module)
                [sys.executable, "-m", *arguments],
                stdout=log,
                stderr=log,
                env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
            )

    async def stop(self) -> None:
        """End the process."""
        await self._http.aclose()
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.to_thread(self._process.wait, _STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
