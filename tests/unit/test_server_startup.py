"""Starting: patience with a database that is late, and agents that stay fresh."""

import asyncio
from typing import cast

import pytest

from agent.directory import AgentDirectory
from core.clock import ManualClock
from core.errors import StorageError
from server import startup
from server.agents import AgentStore

AWAY = StorageError("database_unavailable", "Nobody answers.", retryable=True)
BROKEN = StorageError("migration_failed", "A column is missing.")


class Failing:
    """Fails with each of these in turn, then succeeds; counts the calls."""

    def __init__(self, *errors: StorageError) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self, *_: object) -> None:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)


async def test_a_database_that_is_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    migrate = Failing(AWAY, AWAY)
    monkeypatch.setattr(startup, "migrate", migrate)
    clock = ManualClock()

    preparing = asyncio.create_task(startup.prepare_database("dsn", clock))
    await asyncio.sleep(0)
    await clock.advance(10)

    await asyncio.wait_for(preparing, 1)
    assert migrate.calls == 3


async def test_a_database_that_stays_away_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "migrate", Failing(*[AWAY] * 100))
    clock = ManualClock()

    preparing = asyncio.create_task(startup.prepare_database("dsn", clock))
    await asyncio.sleep(0)
    await clock.advance(29)
    assert not preparing.done()
    await clock.advance(10)

    with pytest.raises(StorageError, match="Nobody answers"):
        await asyncio.wait_for(preparing, 1)


async def test_a_broken_schema_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "migrate", Failing(BROKEN))

    with pytest.raises(StorageError, match="column"):
        await asyncio.wait_for(startup.prepare_database("dsn", ManualClock()), 1)


async def test_agents_are_looked_up_again_also_after_an_outage() -> None:
    load = Failing(AWAY)
    store = cast(AgentStore, type("Store", (), {"load": load})())
    clock = ManualClock()

    fresh = asyncio.create_task(startup.keep_agents_fresh(store, AgentDirectory(), clock))
    await asyncio.sleep(0)
    await clock.advance(16)
    fresh.cancel()

    assert load.calls == 3
