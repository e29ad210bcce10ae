"""The composition root: everything that a worker process is made of, and how it fits together.

`compose` brings up what calls stand on, step by step; `create_app` puts HTTP in front of it.
Nothing else in the project knows all of its parts.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, WebSocket

from agent.directory import AgentDirectory
from core.clock import Clock, SystemClock
from core.errors import RefusedError
from core.ids import Ids, SystemIds
from core.model_host import ModelHost
from knowledge.embeddings import Embedder
from pipelines.speech import SpeechServices, embedded_speech, warm_embedded
from server import startup
from server.agents import AgentStore
from server.backends import Backends
from server.errors import install_error_handlers
from server.routes.health import State, health_routes
from server.settings import Settings
from storage.agents import AgentRepository
from storage.call_log import DEFAULT_ACCOUNT, CallLogs
from storage.database import Database
from storage.lease_keeper import LeaseKeeper
from storage.leases import Leases
from storage.objects import ObjectStore
from storage.passages import PassageRepository
from storage.recordings import RecordingStore
from telephony.calls import CallManager
from telephony.recovery import finish_lost_calls
from telephony.services import CallServices
from telephony.twilio.control import TwilioCallControl
from telephony.twilio.signatures import HEADER, Signatures
from telephony.twilio.tokens import StreamTokens
from telephony.twilio.webhooks import StatusChange, twilio_router

STREAM_PATH = "/twilio/stream"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class System:
    """The parts of a running worker."""

    settings: Settings
    clock: Clock
    ids: Ids
    host: ModelHost
    database: Database
    objects: ObjectStore
    logs: CallLogs
    recordings: RecordingStore
    agents: AgentDirectory
    agent_store: AgentStore
    speech: SpeechServices
    signatures: Signatures
    control: TwilioCallControl
    services: CallServices
    calls: CallManager


@contextlib.asynccontextmanager
async def compose(
    settings: Settings, backends: Backends, folders: Sequence[Path] = ()
) -> AsyncIterator[System]:
    """Bring a worker up, and down again at the end.

    Args:
        settings: What is configured.
        backends: Where the database and the object store are.
        folders: Agents to apply before calls are taken.

    Raises:
        StorageError: The database cannot be reached; it is needed for the start.
        ConfigurationError: An agent or an installation is wrong.
    """
    system = await asyncio.to_thread(_assemble, settings, backends)
    background: list[asyncio.Task[Any]] = []
    try:
        # The models load while the agents are fetched: neither needs the other.
        warming = asyncio.create_task(warm_embedded(system.host, system.speech, ()))
        background.append(warming)
        await startup.prepare_database(backends.database_dsn, system.clock)
        await startup.apply_agents(system.agent_store, folders)
        await system.agent_store.load(system.agents)
        await warming
        await startup.rehearse(system.host, system.speech, system.agents)
        await system.logs.start()
        await system.recordings.start()
        await system.services.leases.start()
        for work in (
            finish_lost_calls(system.services),
            startup.keep_agents_fresh(system.agent_store, system.agents, system.clock),
        ):
            background.append(asyncio.create_task(work))
        yield system
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await system.calls.close()
        await system.recordings.stop()
        await system.services.leases.stop()
        await system.logs.stop()
        await system.database.close()
        system.objects.close()
        system.control.close()
        system.speech.voices.close()
        system.host.close()


def create_app(system: System) -> FastAPI:
    """HTTP in front of a running worker."""
    app = FastAPI(title="Callsure", docs_url=None, redoc_url=None)
    install_error_handlers(app)

    async def agents() -> State:
        return "ok" if system.agents.all else "missing"

    async def database() -> State:
        return "ok" if await system.database.reachable() else "away"

    async def objects() -> State:
        return "ok" if await system.objects.reachable() else "away"

    app.include_router(
        health_routes({"agents": agents}, {"database": database, "objects": objects})
    )

    async def on_status(change: StatusChange) -> None:
        _log.info("carrier_status", carrier_call_id=change.call_sid, status=change.status)

    app.include_router(twilio_router(system.signatures, system.calls.voice, on_status))

    @app.websocket(STREAM_PATH)
    async def stream(websocket: WebSocket) -> None:
        try:
            system.signatures.check_handshake(STREAM_PATH, websocket.headers.get(HEADER))
        except RefusedError as error:
            _log.warning("stream_refused", code=error.code, reason=error.message)
            await websocket.close(1008)
            return
        await system.calls.media_stream(websocket)

    return app


def _assemble(settings: Settings, backends: Backends) -> System:
    """Make the parts (blocking: some load a model); nothing runs yet."""
    clock = SystemClock()
    ids = SystemIds(clock)
    host = ModelHost()
    database = Database(backends.database_dsn)
    objects = ObjectStore(backends.objects, clock)
    logs = CallLogs(backends.home, database, clock)
    recordings = RecordingStore(backends.home, objects, clock)
    agents = AgentDirectory()
    speech = embedded_speech(host)
    auth_token = _auth_token(settings, ids)
    signatures = Signatures(auth_token, settings.base_url)
    control = TwilioCallControl(
        settings.twilio_account_sid or "unconfigured",
        auth_token,
        clock,
        base_url=settings.twilio_api_url,
    )
    leases = LeaseKeeper(
        Leases(database),
        ids.new("worker"),
        clock,
        on_lost=lambda call_id: calls.fenced(call_id),
    )
    services = CallServices(
        account_id=DEFAULT_ACCOUNT,
        agents=agents,
        logs=logs,
        leases=leases,
        recordings=recordings,
        speech=speech,
        control=control,
        tokens=StreamTokens(hashlib.sha256(f"stream {auth_token}".encode()).digest(), clock, ids),
        stream_url=signatures.stream_url(STREAM_PATH),
        clock=clock,
        ids=ids,
        max_calls=settings.max_calls,
    )
    calls = CallManager(services)
    repositories = AgentRepository(database), PassageRepository(database)
    return System(
        settings=settings,
        clock=clock,
        ids=ids,
        host=host,
        database=database,
        objects=objects,
        logs=logs,
        recordings=recordings,
        agents=agents,
        agent_store=AgentStore(
            *repositories, host, Embedder(host), clock, settings.memory_passages
        ),
        speech=speech,
        signatures=signatures,
        control=control,
        services=services,
        calls=calls,
    )


def _auth_token(settings: Settings, ids: Ids) -> str:
    """The carrier's token; without one a secret that nobody knows, so that all are refused."""
    configured = settings.twilio_auth_token.get_secret_value()
    if not configured:
        _log.warning(
            "carrier_not_configured",
            detail="Every webhook is refused: set CALLSURE_TWILIO_AUTH_TOKEN.",
        )
    return configured or ids.secret()
