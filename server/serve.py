"""`callsure serve`: one worker from its first log line to its clean stop."""

import contextlib
import ctypes
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from socket import socket
from types import FrameType

import structlog
import uvloop

from server.backends import Backends, open_backends
from server.settings import Settings
from server.worker import listen, worker

_PR_SET_PDEATHSIG = 1

_log = structlog.get_logger(__name__)


def serve(settings: Settings, folders: Sequence[Path] = (), *, die_with: int | None = None) -> None:
    """Run until SIGTERM or SIGINT (blocking).

    Args:
        settings: What is configured.
        folders: Agents to apply before calls are taken.
        die_with: End when this process, our parent, ends.

    Raises:
        CallsureError: What kept the worker from starting, and what to do about it.
    """
    if die_with is not None:
        _die_with(die_with)
    signal.signal(signal.SIGTERM, _leave)
    with contextlib.closing(listen(settings.host, settings.port)) as listener:
        _log.info("starting", address=f"{settings.host}:{settings.port}")
        with ThreadPoolExecutor(1) as pool:
            # Takes seconds, as do the servers: both at once.
            importing = pool.submit(import_module, "server.app")
            with open_backends(settings, to_serve=True) as backends:
                _log.info("servers_ready", home=str(backends.home), embedded=backends.embedded)
                importing.result()
                uvloop.run(_run(settings, backends, folders, listener))
    _log.info("stopped")


async def _run(
    settings: Settings, backends: Backends, folders: Sequence[Path], listener: socket
) -> None:
    from server.app import compose, create_app

    async with compose(settings, backends, folders) as system:
        app = create_app(system)
        _log.info("ready", url=settings.base_url, agents=[agent.id for agent in system.agents.all])
        await worker(app, system.calls.close).serve([listener])


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End a start-up from the outside as if it had ended by itself, so that all is taken down."""
    raise SystemExit(0)


def _die_with(parent: int) -> None:
    """Ask the kernel for SIGTERM when our parent ends, however it ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)
