"""PostgreSQL and S3 together, one pair a home: the first process owns them, others join."""

import contextlib
import fcntl
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import StorageError
from storage.embedded.postgres import EmbeddedPostgres
from storage.embedded.s3 import EmbeddedS3
from storage.home import prepare_home, write_private

_JOIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the servers."""

    database_dsn: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_bucket: str


class EmbeddedServers:
    """The running pair. Made by :func:`start_embedded`."""

    def __init__(
        self,
        home: Path,
        addresses: Addresses,
        postgres: EmbeddedPostgres | None = None,
        s3: EmbeddedS3 | None = None,
        lock: int = -1,
    ) -> None:
        self.home = home
        self.addresses = addresses
        self.postgres = postgres
        self.s3 = s3
        self._lock = lock

    @property
    def owned(self) -> bool:
        """Whether this process started the servers, and so ends them."""
        return self.postgres is not None

    @property
    def database_dsn(self) -> str:
        """The address of the database."""
        return self.addresses.database_dsn

    def stop(self) -> None:
        """End the servers if this process started them (blocking)."""
        if self.owned:
            _note(self.home).unlink(missing_ok=True)
        with ThreadPoolExecutor(2, thread_name_prefix="stop server") as pool:
            for server in (self.postgres, self.s3):
                if server is not None:
                    pool.submit(server.stop)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def start_embedded(home: Path, *, durable: bool = True) -> EmbeddedServers:
    """Start the pair on ``home``, or join the one that another process runs there (blocking).

    The servers end with the process that started them, however it ends.

    Raises:
        StorageError: ``server_failed``.
        ConfigurationError: ``embedded_missing`` or ``home_unusable``.
    """
    run = prepare_home(home) / "run"
    end = time.monotonic() + _JOIN_S
    while time.monotonic() < end:
        lock = os.open(run / "servers.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            if addresses := _running(_note(home)):
                return EmbeddedServers(home, addresses)
            time.sleep(0.1)
            continue
        try:
            return _start(home, lock, durable=durable)
        except BaseException:
            os.close(lock)
            raise
    raise StorageError("server_failed", "another process holds the servers, but they do not answer")


def _start(home: Path, lock: int, *, durable: bool) -> EmbeddedServers:
    servers = home / "servers"
    _note(home).unlink(missing_ok=True)
    postgres, s3 = EmbeddedPostgres(servers, durable=durable), EmbeddedS3(servers)
    try:
        with ThreadPoolExecutor(2, thread_name_prefix="start server") as pool:
            for started in [pool.submit(postgres.start), pool.submit(s3.start)]:
                started.result()
    except BaseException:
        postgres.stop()
        s3.stop()
        raise
    addresses = Addresses(
        database_dsn=postgres.dsn,
        s3_endpoint=s3.endpoint,
        s3_access_key=s3.access_key,
        s3_secret_key=s3.secret_key,
        s3_bucket=s3.bucket,
    )
    write_private(_note(home), json.dumps(asdict(addresses)))
    return EmbeddedServers(home, addresses, postgres, s3, lock)


def _note(home: Path) -> Path:
    """Where the owner writes down how to reach the servers."""
    return home / "run" / "servers.json"


def _running(note: Path) -> Addresses | None:
    """The addresses that the owner wrote down, if both servers take connections."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        addresses = Addresses(**json.loads(note.read_text(encoding="utf-8")))
        for url in (addresses.database_dsn, addresses.s3_endpoint):
            parts = urlsplit(url)
            with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=2):
                pass
        return addresses
    return None
