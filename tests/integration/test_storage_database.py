import asyncio
import os
import signal

import asyncpg
import pytest

from core.errors import StorageError
from storage.database import Database
from storage.embedded import EmbeddedServers
from tests.relay import Relay
from tests.waiting import until


async def test_json_comes_back_as_it_was(database: Database) -> None:
    value = {"a": [1, None, "é"], "b": {"c": True}}
    async with database.acquire() as connection:
        assert await connection.fetchval("SELECT $1::jsonb", value) == value


async def test_a_database_that_goes_and_comes_back(
    database_relay: Relay, distant_database: Database
) -> None:
    await distant_database.connect()
    assert await distant_database.reachable()
    await database_relay.down()
    assert not await distant_database.reachable()
    with pytest.raises(StorageError) as caught:
        await distant_database.connect()
    assert caught.value.code == "database_unavailable"
    assert caught.value.retryable
    await database_relay.up()
    await until(distant_database.reachable)


async def test_a_connection_that_breaks_in_mid_query_is_an_outage(database: Database) -> None:
    with pytest.raises(StorageError) as caught:
        async with database.acquire() as connection:
            await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert caught.value.code == "database_unavailable"


async def test_a_server_that_hangs_is_an_outage_and_not_for_ever(
    embedded_servers: EmbeddedServers, database_relay: Relay, distant_database: Database
) -> None:
    await distant_database.connect()
    assert embedded_servers.postgres is not None
    assert embedded_servers.postgres.pid is not None
    os.kill(embedded_servers.postgres.pid, signal.SIGSTOP)
    try:
        await database_relay.down()
        await database_relay.up()
        async with asyncio.timeout(8):
            assert not await distant_database.reachable()
    finally:
        os.kill(embedded_servers.postgres.pid, signal.SIGCONT)
    await until(distant_database.reachable)


async def test_a_mistake_in_a_query_is_no_outage(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        async with database.acquire() as connection:
            await connection.execute("SELECT * FROM nothing")


async def test_listeners_hear_each_payload_and_the_end(
    database_relay: Relay, distant_database: Database, database: Database
) -> None:
    heard: list[str | None] = []
    async with distant_database.listen("channel", heard.append):
        async with database.acquire() as connection:
            await connection.execute("NOTIFY channel, 'call_1'")
        await until(lambda: heard == ["call_1"])
        await database_relay.down()
        await until(lambda: heard == ["call_1", None])
    with pytest.raises(StorageError):
        async with distant_database.listen("channel", heard.append):
            pass


async def test_a_closed_pool_opens_again(database: Database) -> None:
    await database.connect()
    await database.close()
    await database.close()
    await database.connect()
