"""One worker process behind its listening socket, from start-up to a clean stop."""

import contextlib
import errno
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from fastapi import FastAPI

from core.errors import ConfigurationError

# Larger than what the media stream accepts, so that it can name its reason when it refuses.
_LARGEST_MESSAGE = 1 << 20
_LAST_REQUESTS_S = 5


class Worker(uvicorn.Server):
    """uvicorn, told to end the calls before it closes their connections."""

    def __init__(
        self, config: uvicorn.Config, before_closing: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._before_closing = before_closing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no new connection, end the calls, then close what is left."""
        for server in self.servers:
            server.close()
        await self._before_closing()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGTERM and SIGINT end the worker and go no further: the rest stops in its order."""
        former = {
            number: signal.signal(number, self.handle_exit)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


def listen(host: str, port: int) -> socket.socket:
    """Open the listening socket, or say which setting is in the way.

    Raises:
        ConfigurationError: ``port_unavailable``.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        reason = "another program listens there" if taken else str(error.strerror or error)
        raise ConfigurationError(
            "port_unavailable",
            f"Cannot listen on {host}:{port}: {reason}. Set CALLSURE_HOST or CALLSURE_PORT.",
        ) from error
    return listener


def worker(app: FastAPI, before_closing: Callable[[], Awaitable[None]]) -> Worker:
    """A worker for ``app``, which ``before_closing`` readies for the end."""
    config = uvicorn.Config(
        app,
        lifespan="off",  # what the app stands on is running before it and stops after it
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=_LARGEST_MESSAGE,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_LAST_REQUESTS_S,
    )
    return Worker(config, before_closing)
