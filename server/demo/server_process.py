"""`callsure serve` as a child: started on a free port, watched through its log, stopped again."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from core.errors import CallsureError

_START_S = 180.0
_STOP_S = 20.0
_KEPT_LINES = 12

# What the server is doing after each line of its log.
_STAGES = {
    "starting": "starting PostgreSQL and the S3 server",
    "servers_ready": "bringing the database up to date",
    "database_ready": "reading the agent's documents",
    "agent_applied": "loading the speech models",
    "models_ready": "opening the line",
}


class ServerFailedError(CallsureError):
    """The server ended, or did not get ready."""


class ServerProcess:
    """One server, for the length of an ``async with``.

    Args:
        agent: Folder of the agent that it applies first.
        settings: Settings on top of those in the environment, by their name there.
        log: File for what the server logs.
        on_stage: Told what the server is doing while it starts.
    """

    def __init__(
        self,
        agent: Path,
        settings: Mapping[str, str],
        log: Path,
        on_stage: Callable[[str], None],
    ) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._command = (
            *(sys.executable, "-m", "server.cli", "serve"),
            *("--agent", str(agent.absolute()), "--die-with", str(os.getpid())),
        )
        self._environment = {
            **os.environ,
            **settings,
            "CALLSURE_HOST": "127.0.0.1",
            "CALLSURE_PORT": str(port),
            "CALLSURE_PUBLIC_URL": self.url,
            "CALLSURE_LOG_FORMAT": "json",
            "CALLSURE_LOG_LEVEL": "info",
        }
        self._log = log
        self._on_stage = on_stage
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)
        self._process: asyncio.subprocess.Process
        self._reader: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        """Start it and wait until it takes calls.

        Raises:
            ServerFailedError: It ended, or took longer than three minutes.
        """
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            env=self._environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        self._reader = asyncio.create_task(self._read())
        try:
            async with asyncio.timeout(_START_S):
                await self._until_ready()
        except BaseException as error:
            await self._stop()
            if isinstance(error, TimeoutError):
                raise self._failed("was not ready after three minutes") from error
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it as an operator would, by force only if that does not help."""
        await self._stop()

    async def _until_ready(self) -> None:
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=5) as http:
            while self._process.returncode is None:
                try:
                    if (await http.get("/readyz")).is_success:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.1)
        await self._reader
        raise self._failed(f"ended with exit code {self._process.returncode}")

    async def _read(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - asked for a pipe
        with self._log.open("wb") as file:
            async for line in self._process.stderr:
                file.write(line)
                file.flush()
                text = line.decode(errors="replace").rstrip()
                self._last.append(text)
                if stage := _STAGES.get(_event_of(text)):
                    self._on_stage(stage)

    async def _stop(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), _STOP_S)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        await self._reader

    def _failed(self, what: str) -> ServerFailedError:
        last = "\n".join(self._last)
        return ServerFailedError(
            "server_failed", f"The server {what}. Its log: {self._log}\n{last}"
        )


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _event_of(line: str) -> str:
    try:
        return str(json.loads(line).get("event", ""))
    except (ValueError, AttributeError):
        return ""
