"""Child processes that never outlive us, and ports for them."""

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from core.errors import StorageError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
# Below the ports that the kernel lends out, with room for a sibling above each.
_PORTS = range(12_000, 22_000)
GRPC_OFFSET = 10_000
"""How far above each of its ports the S3 server opens a second one."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run and as whom."""

    arguments: Sequence[str | Path]
    log: Path
    death_signal: signal.Signals
    environment: Mapping[str, str] | None = None
    user: int | None = None
    group: int | None = None
    folder: Path = field(default=Path("/"))


class _Keeper:
    """The thread that all children are started from.

    The kernel sends a child its death signal when the *thread* that started it ends, so this one
    lasts as long as the process, whichever thread asked.
    """

    def __init__(self) -> None:
        self._requests: SimpleQueue[tuple[Command, Future[subprocess.Popen[bytes]]]] = SimpleQueue()
        self._pid = 0
        self._lock = threading.Lock()

    def spawn(self, command: Command) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._pid != os.getpid():  # the first request, or the first after a fork
                self._pid = os.getpid()
                self._requests = SimpleQueue()
                threading.Thread(target=self._serve, name="server keeper", daemon=True).start()
        result: Future[subprocess.Popen[bytes]] = Future()
        self._requests.put((command, result))
        return result.result()

    def _serve(self) -> None:
        while True:
            command, result = self._requests.get()
            try:
                result.set_result(_start(command))
            except BaseException as error:
                result.set_exception(error)


def _start(command: Command) -> subprocess.Popen[bytes]:
    parent = os.getpid()

    def die_with_parent() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(command.death_signal))
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    log = os.open(command.log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - the arguments are our own
            command.arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=command.environment,
            cwd=command.folder,
            user=command.user,
            group=command.group,
            extra_groups=None if command.user is None else [],
            start_new_session=True,
            umask=0o077,
            preexec_fn=die_with_parent,
        )
    finally:
        os.close(log)


_keeper = _Keeper()


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a child that gets its death signal when this process ends, however it ends."""
    return _keeper.spawn(command)


def stop(process: subprocess.Popen[bytes], gently: signal.Signals, patience_s: float = 5.0) -> None:
    """End a child with ``gently``, or by force after ``patience_s`` seconds (blocking)."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(gently)
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, timeout_s: float
) -> None:
    """Poll until the child is ready (blocking).

    Raises:
        StorageError: ``server_failed`` with the end of its log, where it ended or is too slow.
    """
    end = time.monotonic() + timeout_s
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(errors="replace")[-1500:] if log.exists() else ""
            raise StorageError("server_failed", f"{log.stem} did not start:\n{tail}")
        time.sleep(0.02)


def free_ports(count: int) -> list[int]:
    """Ports that are free on loopback, as is the one :data:`GRPC_OFFSET` above each."""
    found: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            return found
        if _is_free(port) and _is_free(port + GRPC_OFFSET):
            found.append(port)
    raise StorageError("no_free_port", "there are not enough free ports on loopback")


def port_again(former: int) -> int:
    """A port for a server that is started again: the former one, once it is free (blocking).

    Whoever knows the server's address then need not learn another.
    """
    for _ in range(50 if former else 0):
        if _is_free(former) and _is_free(former + GRPC_OFFSET):
            return former
        time.sleep(0.1)
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
