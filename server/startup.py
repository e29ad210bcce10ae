"""The steps between a composed worker and one that takes calls."""

from collections.abc import Sequence
from pathlib import Path

import structlog

from agent.directory import AgentDirectory
from core.clock import Clock
from core.errors import CallsureError, StorageError
from core.model_host import ModelHost
from pipelines.speech import SpeechServices, warm_embedded
from pipelines.text_to_speech.style import VoiceStyle
from server.agents import AgentStore
from server.examples import FRONT_DESK
from storage.migrations import migrate

_DATABASE_PATIENCE_S = 30.0
_DATABASE_RETRY_S = 2.0
_REFRESH_S = 5.0

_log = structlog.get_logger(__name__)


async def prepare_database(dsn: str, clock: Clock) -> None:
    """Bring the schema up to date; wait a while for a database that is not there yet.

    Raises:
        StorageError: ``database_unavailable`` after half a minute, or ``migration_failed``.
    """
    until = clock.monotonic() + _DATABASE_PATIENCE_S
    while True:
        try:
            await migrate(dsn)
        except StorageError as error:
            if not error.retryable or clock.monotonic() > until:
                raise
            _log.warning("database_awaited", reason=error.message)
            await clock.sleep(_DATABASE_RETRY_S)
        else:
            _log.info("database_ready")
            return


async def apply_agents(store: AgentStore, folders: Sequence[Path]) -> None:
    """Apply these agents; on a database without any, the example's front desk."""
    if not folders and await store.is_empty() and FRONT_DESK.is_dir():
        _log.info("first_agent", detail="There is no agent yet: applying the example front desk.")
        folders = (FRONT_DESK,)
    for folder in folders:
        applied = await store.apply(folder)
        _log.info(
            "agent_applied",
            agent=applied.agent_id,
            version=applied.version,
            documents=applied.documents,
            ingested=applied.ingested,
        )


async def rehearse(host: ModelHost, speech: SpeechServices, agents: AgentDirectory) -> None:
    """Ask each agent something and synthesise its greeting: a first call waits for nothing."""
    greetings = []
    for agent in agents.all:
        voice = agent.definition.voice
        greetings.append((agent.definition.greeting, VoiceStyle(voice.speed, voice.volume_db)))
        await agent.retriever.retrieve("When are you open?", 1)
    await warm_embedded(host, speech, greetings)
    _log.info("models_ready", agents=[agent.id for agent in agents.all])


async def keep_agents_fresh(store: AgentStore, agents: AgentDirectory, clock: Clock) -> None:
    """Take up agents that others apply; while the database is away, what is in memory stays."""
    while True:
        await clock.sleep(_REFRESH_S)
        try:
            await store.load(agents)
        except CallsureError as error:
            _log.debug("agents_not_refreshed", reason=error.message)
