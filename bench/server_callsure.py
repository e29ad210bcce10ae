"""Callsure's server with stub services: ``python -m bench.server_callsure PORT CORE HOME``.

Its calls are whole: webhook and token, event log drained to PostgreSQL, recording uploaded to S3.
Only the agent, the recogniser and the voice are stubs. Where the database and the object store
are is read from a file in HOME; they run elsewhere, on another core.
"""

import json
import sys
from pathlib import Path
from typing import cast
from unittest.mock import patch

from fastapi import FastAPI, WebSocket

from agent.definition import AgentDefinition
from agent.directory import AgentDirectory, KnownAgent
from bench.callsure import ProbedLogs, StubAgent, stub_speech
from bench.probe import Probe, probe_routes
from bench.serving import listen, pin, run
from bench.stubs import ADDRESSES, AUTH_TOKEN, GREETING, LONG_NUMBER, SHORT_NUMBER, STREAM_PATH
from core.clock import SystemClock
from core.ids import SystemIds
from knowledge.retriever import Retriever
from server.logs import configure_logs
from storage.call_log import DEFAULT_ACCOUNT
from storage.database import Database
from storage.lease_keeper import LeaseKeeper
from storage.leases import Leases
from storage.objects import ObjectStore, ObjectStoreAddress
from storage.recordings import RecordingStore
from telephony import live
from telephony.calls import CallManager
from telephony.services import CallServices
from telephony.twilio.signatures import Signatures
from telephony.twilio.tokens import StreamTokens
from telephony.twilio.webhooks import StatusChange, twilio_router

_MAX_CALLS = 1000


class NoControl:
    """The callers of the benchmark hang up by themselves."""

    async def hang_up(self, carrier_call_id: str) -> None:
        """Do nothing."""


def agents() -> AgentDirectory:
    """Two agents, one of short answers and one of long ones."""
    known = [
        KnownAgent(
            AgentDefinition(id=name, name="Bench", greeting=GREETING, numbers=(number,)),
            1,
            cast(Retriever, None),  # a stub answers
        )
        for name, number in (("short", SHORT_NUMBER), ("long", LONG_NUMBER))
    ]
    directory = AgentDirectory()
    directory.replace(known, {agent.definition.numbers[0]: agent.id for agent in known})
    return directory


def services(home: Path, port: int, probe: Probe) -> CallServices:
    """What calls are made of (blocking)."""
    clock = SystemClock()
    ids = SystemIds(clock)
    where = json.loads((home / ADDRESSES).read_text())
    database = Database(where["database_dsn"])
    address = ObjectStoreAddress(
        bucket=where["s3_bucket"],
        endpoint=where["s3_endpoint"],
        access_key=where["s3_access_key"],
        secret_key=where["s3_secret_key"],
    )
    return CallServices(
        account_id=DEFAULT_ACCOUNT,
        agents=agents(),
        logs=ProbedLogs(home, database, clock, probe),
        leases=LeaseKeeper(Leases(database), ids.new("worker"), clock),
        recordings=RecordingStore(home, ObjectStore(address, clock), clock),
        speech=stub_speech(probe),
        control=NoControl(),
        tokens=StreamTokens(AUTH_TOKEN.encode(), clock, ids),
        stream_url=f"ws://127.0.0.1:{port}{STREAM_PATH}",
        clock=clock,
        ids=ids,
        max_calls=_MAX_CALLS,
    )


async def serve(home: Path, port: int) -> None:
    """Run until SIGTERM."""
    probe = Probe()
    parts = services(home, port, probe)
    calls = CallManager(parts)
    app = FastAPI()
    app.include_router(probe_routes(probe))

    async def ignore(_change: StatusChange) -> None:
        return

    signatures = Signatures(AUTH_TOKEN, f"http://127.0.0.1:{port}")
    app.include_router(twilio_router(signatures, calls.voice, ignore))

    @app.websocket(STREAM_PATH)
    async def stream(websocket: WebSocket) -> None:
        await calls.media_stream(websocket)

    await parts.logs.start()
    await parts.leases.start()
    try:
        with patch.object(live, "AgentService", StubAgent):
            await listen(app, port)
    finally:
        await calls.close()
        await parts.leases.stop()
        await parts.logs.stop()


def main() -> None:
    """Serve on the port, core and home given as arguments."""
    port, core, home = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    pin(core)
    configure_logs("warning", "json")
    run(lambda: serve(home, port))


if __name__ == "__main__":
    main()
