"""`callsure serve` as a process of its own that tests dial, kill, start again and question."""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import psutil

from core.clock import Clock, SystemClock
from simulators.carrier.dial import ACCOUNT_SID, Carrier, dial
from simulators.carrier.media_stream import Caller
from simulators.carrier.rest import RestServer
from simulators.carrier.tape import Tape
from storage.calls import CallDetail, CallQueries
from storage.database import Database
from storage.embedded.processes import free_ports
from storage.objects import ObjectStore, ObjectStoreAddress

TOKEN = "the carrier's token"
NUMBER = "+15550100100"
_ROOT = Path(__file__).parents[2]
_START_S = 120.0
_STOP_S = 30.0


class House:
    """One server on one home. Where the settings name no database it starts its own.

    Args:
        home: Its home.
        settings: Settings by their names in the environment.
        program: The module that is run.
    """

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, str] | None = None,
        *,
        program: str = "server.cli",
    ) -> None:
        self.home = home
        self._program = program
        self.log = home / "serve.log"
        port, self._rest_port = free_ports(2)
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if "CALLSURE" not in name},
            **{"CALLSURE_HOME": str(home), "CALLSURE_PORT": str(port)},
            **{"CALLSURE_TWILIO_AUTH_TOKEN": TOKEN, "CALLSURE_TWILIO_ACCOUNT_SID": ACCOUNT_SID},
            "CALLSURE_TWILIO_API_URL": f"http://127.0.0.1:{self._rest_port}",
            "CALLSURE_LOG_FORMAT": "json",
            "PYTHONPATH": os.environ.get("PYTHONPATH", str(_ROOT)),
            **(settings or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it takes calls (blocking; from the main thread)."""
        command = [sys.executable, "-m", self._program, "serve", "--die-with", str(os.getpid())]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, env=self._environment, cwd=self.home, stdout=log, stderr=log
            )
        until = time.monotonic() + _START_S
        with httpx.Client(base_url=self.url, trust_env=False, timeout=5) as http:
            while time.monotonic() < until and self._process.poll() is None:
                with contextlib.suppress(httpx.TransportError):
                    if http.get("/readyz").is_success:
                        return
                time.sleep(0.1)
        self.kill()
        raise AssertionError(f"the server did not get ready:\n{self.tail()}")

    @property
    def pid(self) -> int:
        """The server's process."""
        assert self._process is not None
        return self._process.pid

    def children(self) -> list[psutil.Process]:
        """The processes that the server started, theirs included."""
        return psutil.Process(self.pid).children(recursive=True)

    def kill(self) -> None:
        """End the server without a word (`kill -9`)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End the server as an operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(_STOP_S)

    def lines(self, event: str) -> list[dict[str, object]]:
        """What the server logged under a name."""
        logged = (line for line in self.log.read_text().splitlines() if line.startswith("{"))
        return [entry for entry in map(json.loads, logged) if entry.get("event") == event]

    def tail(self) -> str:
        """The end of the server's log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])

    @contextlib.asynccontextmanager
    async def carrier(self, clock: Clock | None = None) -> AsyncIterator[Carrier]:
        """A carrier whose REST interface the server reaches."""
        clock = clock or SystemClock()
        async with RestServer(ACCOUNT_SID, TOKEN, clock, port=self._rest_port) as rest:
            yield Carrier(TOKEN, rest=rest, clock=clock)

    async def dial(self, carrier: Carrier, caller: Caller) -> Tape:
        """Make one call."""
        return await dial(
            f"{self.url}/twilio/voice",
            carrier,
            caller,
            from_number="+15550100001",
            to_number=NUMBER,
        )

    async def record_of(self, tape: Tape, *, patience_s: float = 30.0) -> CallDetail:
        """What the database says of a call, once it is over and its recording is made."""
        database = Database(self.database_dsn)
        queries = CallQueries(database)
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    for call in await queries.list(limit=50):
                        over = call.ended_at is not None and call.recording_uri is not None
                        if over and call.carrier_call_id == tape.call_sid:
                            return await queries.get(call.call_id)
                    await asyncio.sleep(0.1)
        finally:
            await database.close()

    @property
    def database_dsn(self) -> str:
        """The address of the server's database."""
        return self._environment.get("CALLSURE_DATABASE_URL") or str(self._note["database_dsn"])

    def objects(self) -> ObjectStore:
        """The server's object store."""
        env = self._environment
        if "CALLSURE_S3_BUCKET" in env:
            address = ObjectStoreAddress(
                bucket=env["CALLSURE_S3_BUCKET"],
                endpoint=env["CALLSURE_S3_ENDPOINT_URL"],
                access_key=env["CALLSURE_S3_ACCESS_KEY_ID"],
                secret_key=env["CALLSURE_S3_SECRET_ACCESS_KEY"],
            )
        else:
            named = {name[3:]: value for name, value in self._note.items() if name[:3] == "s3_"}
            address = ObjectStoreAddress(**named)
        return ObjectStore(address, SystemClock())

    @property
    def _note(self) -> dict[str, str]:
        """Where the server says how to reach its own database and object store."""
        note: dict[str, str] = json.loads((self.home / "run" / "servers.json").read_text())
        return note


def settings_for(database_dsn: str, objects: ObjectStoreAddress) -> dict[str, str]:
    """The settings of a server on a database and an object store that others run."""
    return {
        "CALLSURE_DATABASE_URL": database_dsn,
        "CALLSURE_S3_BUCKET": objects.bucket,
        "CALLSURE_S3_ENDPOINT_URL": objects.endpoint,
        "CALLSURE_S3_ACCESS_KEY_ID": objects.access_key,
        "CALLSURE_S3_SECRET_ACCESS_KEY": objects.secret_key,
    }
