"""PostgreSQL with pgvector from a package: own launcher, loopback only, never outlives us."""

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from core.errors import StorageError
from storage.embedded.binaries import Account, account_for, postgres_programs
from storage.embedded.processes import Command, port_again, spawn, stop, wait_until
from storage.home import write_private

_USER = "callsure"
_START_S = 60.0


class EmbeddedPostgres:
    """One server on the data under ``servers``.

    Args:
        servers: The folder for data, log and, where needed, a copy of the programs.
        durable: False gives up safety from power loss for speed (tests).
        programs: The folder of another version's programs; None is the installed package.
        port: Where the server listened before, if it did.
    """

    def __init__(
        self,
        servers: Path,
        *,
        durable: bool = True,
        programs: Path | None = None,
        port: int = 0,
    ) -> None:
        self._programs = programs
        self._servers = servers
        self._folder = servers / "postgres"
        self._data = self._folder / "data"
        self._log = servers / "postgres.log"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port
        self.password = ""

    @property
    def dsn(self) -> str:
        """The address of the default database."""
        return f"postgresql://{_USER}:{self.password}@127.0.0.1:{self.port}/postgres"

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Make the data folder if there is none, start the server and wait for it (blocking)."""
        programs, account = account_for(self._programs or postgres_programs(), self._servers)
        self._claim_folder(account)
        self.password = self._password()
        if not (self._data / "PG_VERSION").exists():
            self._initialise(programs, account)
        _end_orphan(self._data)
        self.port = port_again(self.port)
        self._process = spawn(
            Command(
                [*account.prefix, programs / "postgres", *self._arguments()],
                log=self._log,
                death_signal=signal.SIGQUIT,
                user=account.user,
                group=account.group,
            )
        )
        wait_until(self._is_ready, self._process, self._log, _START_S)

    def stop(self) -> None:
        """Shut down cleanly, dropping open connections (blocking)."""
        if self._process is not None:
            stop(self._process, signal.SIGINT, 10.0)
            self._process = None

    def _arguments(self) -> list[str | Path]:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",
            # Nothing in /dev/shm that a killed server would leave behind.
            "dynamic_shared_memory_type": "mmap",
            "max_connections": "100",
            "shared_buffers": "64MB",
            "jit": "off",
            "log_min_messages": "warning",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        pairs = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ["-D", self._data, *pairs]

    def _claim_folder(self, account: Account) -> None:
        """Give the data to the account that the server runs as."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() != 0:
            return
        user, group = account.user or 0, account.group or 0
        if self._folder.stat().st_uid != user:
            for path in (self._folder, *self._folder.rglob("*")):
                os.chown(path, user, group, follow_symlinks=False)

    def _password(self) -> str:
        path = self._servers / "postgres.password"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text(encoding="utf-8")

    def _initialise(self, programs: Path, account: Account) -> None:
        shutil.rmtree(self._data, ignore_errors=True)  # an earlier attempt that was cut short
        handed = self._folder / "password"
        write_private(handed, self.password)
        if account.user is not None and account.group is not None:
            os.chown(handed, account.user, account.group)
        try:
            done = subprocess.run(  # noqa: S603 - the arguments are our own
                [
                    *account.prefix,
                    *(str(programs / "initdb"), f"--pgdata={self._data}", f"--username={_USER}"),
                    *("--auth=scram-sha-256", f"--pwfile={handed}", "--encoding=UTF8"),
                    *("--locale-provider=libc", "--locale=C.UTF-8", "--no-sync"),
                ],
                capture_output=True,
                text=True,
                cwd="/",
                user=account.user,
                group=account.group,
                extra_groups=None if account.user is None else [],
            )
        finally:
            handed.unlink(missing_ok=True)
        if done.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise StorageError("server_failed", f"initdb failed:\n{done.stderr[-1500:]}")

    def _is_ready(self) -> bool:
        """Whether the server has written that it takes connections, and does."""
        with contextlib.suppress(OSError, IndexError):  # not there yet, or still empty
            status = (self._data / "postmaster.pid").read_text().splitlines()[-1]
            if status.strip() == "ready":
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return True
        return False


def _end_orphan(data: Path) -> None:
    """Wait for a server of a killed process to leave the data; end it if it does not.

    Only whoever holds the home's lock starts servers, so no living owner is disturbed.
    """
    note = data / "postmaster.pid"
    with contextlib.suppress(OSError, ValueError, IndexError):
        first, *rest = note.read_text().splitlines(keepends=True)
        pid = int(first)
        for attempt in range(100):
            if str(data).encode() not in Path(f"/proc/{pid}/cmdline").read_bytes():
                break
            if attempt in (40, 80):
                os.kill(pid, signal.SIGQUIT if attempt == 40 else signal.SIGKILL)
            time.sleep(0.05)
        # A process that nobody has reaped still counts as alive. The next server takes its own
        # parent for none, and still looks whether the former one's memory is in use.
        note.write_text("".join((f"{os.getpid()}\n", *rest)))
