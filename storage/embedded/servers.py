"""PostgreSQL and S3 together, one pair a home: the first process owns them, others join.

When the owner ends, the pair ends with it; a process that had joined then starts it again, where
it was, so that a server does not depend on the command that happened to come first.
"""

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

import structlog

from core.errors import CallsureError, StorageError
from storage.embedded.postgres import EmbeddedPostgres
from storage.embedded.s3 import EmbeddedS3
from storage.home import prepare_home, write_private

_log = structlog.get_logger(__name__)

_JOIN_S = 90.0
_WATCH_S = 0.5


@dataclass(frozen=True, slots=True)
class Addresses:
    """How to reach the servers."""

    database_dsn: str
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str
    s3_bucket: str


class EmbeddedServers:
    """The pair, owned or joined. Made by :func:`start_embedded`."""

    def __init__(self, home: Path, *, durable: bool) -> None:
        self.home = home
        self.postgres: EmbeddedPostgres | None = None
        self.s3: EmbeddedS3 | None = None
        self._durable = durable
        self._addresses: Addresses | None = None
        self._lock = -1
        self._changing = threading.Lock()
        self._stopped = threading.Event()

    @property
    def owned(self) -> bool:
        """Whether this process started the servers, and so ends them."""
        return self._lock >= 0

    @property
    def addresses(self) -> Addresses:
        """How to reach the servers; it does not change while they are used."""
        if self._addresses is None:
            raise StorageError("server_failed", "the embedded servers are not running")
        return self._addresses

    @property
    def database_dsn(self) -> str:
        """The address of the database."""
        return self.addresses.database_dsn

    def own(self) -> bool:
        """Start the servers, unless another process has them (blocking).

        Raises:
            StorageError: ``server_failed``.
            ConfigurationError: ``embedded_missing`` or ``home_unusable``.
        """
        with self._changing:
            if self._stopped.is_set():
                return False
            lock = os.open(self.home / "run" / "servers.lock", os.O_CREAT | os.O_RDWR, 0o600)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._start()
            except BlockingIOError:
                os.close(lock)
                return False
            except BaseException:
                os.close(lock)
                raise
            self._lock = lock
            return True

    def join(self) -> bool:
        """Use the servers of another process, if they take connections (blocking)."""
        with contextlib.suppress(OSError, ValueError, TypeError):
            addresses = Addresses(**json.loads(self._note.read_text(encoding="utf-8")))
            for url in (addresses.database_dsn, addresses.s3_endpoint):
                with socket.create_connection(("127.0.0.1", _port(url)), timeout=2):
                    pass
            self._addresses = addresses
            threading.Thread(target=self._succeed, name="server watch", daemon=True).start()
            return True
        return False

    def stop(self) -> None:
        """End the servers if this process started them (blocking)."""
        self._stopped.set()
        with self._changing:
            if not self.owned:
                return
            self._note.unlink(missing_ok=True)
            self._end()
            os.close(self._lock)
            self._lock = -1

    @property
    def _note(self) -> Path:
        """Where the owner writes down how to reach the servers."""
        return self.home / "run" / "servers.json"

    def _start(self) -> None:
        self._note.unlink(missing_ok=True)
        servers, former = self.home / "servers", self._addresses
        self.postgres = EmbeddedPostgres(
            servers, durable=self._durable, port=_port(former.database_dsn) if former else 0
        )
        self.s3 = EmbeddedS3(servers, port=_port(former.s3_endpoint) if former else 0)
        try:
            with ThreadPoolExecutor(2, thread_name_prefix="start server") as pool:
                for started in [pool.submit(self.postgres.start), pool.submit(self.s3.start)]:
                    started.result()
        except BaseException:
            self._end()
            raise
        self._addresses = Addresses(
            database_dsn=self.postgres.dsn,
            s3_endpoint=self.s3.endpoint,
            s3_access_key=self.s3.access_key,
            s3_secret_key=self.s3.secret_key,
            s3_bucket=self.s3.bucket,
        )
        write_private(self._note, json.dumps(asdict(self._addresses)))

    def _end(self) -> None:
        with ThreadPoolExecutor(2, thread_name_prefix="stop server") as pool:
            for server in (self.postgres, self.s3):
                if server is not None:
                    pool.submit(server.stop)

    def _succeed(self) -> None:
        """Wait for the owner to end, then start the servers again."""
        while not self._stopped.wait(_WATCH_S):
            try:
                if self.own():
                    _log.info("servers_taken_over", home=str(self.home))
                    return
            except (CallsureError, OSError) as error:
                _log.error("servers_not_taken_over", error=str(error))


def start_embedded(home: Path, *, durable: bool = True) -> EmbeddedServers:
    """Start the pair on ``home``, or join the one that another process runs there (blocking).

    The servers end with the process that started them, however it ends.

    Raises:
        StorageError: ``server_failed``.
        ConfigurationError: ``embedded_missing`` or ``home_unusable``.
    """
    servers = EmbeddedServers(prepare_home(home), durable=durable)
    end = time.monotonic() + _JOIN_S
    while time.monotonic() < end:
        if servers.own() or servers.join():
            return servers
        time.sleep(0.1)
    raise StorageError("server_failed", "another process holds the servers, but they do not answer")


def _port(url: str) -> int:
    return urlsplit(url).port or 0
