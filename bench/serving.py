"""How both servers under test run: one process on one core, the same event loop and protocols."""

import ctypes
import os
import signal
from collections.abc import Awaitable, Callable

import uvicorn
import uvloop
from fastapi import FastAPI

_PR_SET_PDEATHSIG = 1


def pin(core: int) -> None:
    """Keep this process, and every thread it starts from now on, on one core.

    It ends with the benchmark that started it, however that ends.
    """
    os.sched_setaffinity(0, {core})
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def run(serve: Callable[[], Awaitable[None]]) -> None:
    """Run until SIGTERM (blocking)."""

    async def main() -> None:
        await serve()

    uvloop.run(main())


async def listen(app: FastAPI, port: int) -> None:
    """Serve an application on loopback until SIGTERM."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    await uvicorn.Server(config).serve()
