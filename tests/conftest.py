"""Real servers for the integration tests: one pair a session, one database a test."""

import asyncio
import itertools
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from core.clock import SystemClock
from storage.database import Database
from storage.embedded import EmbeddedServers, start_embedded
from storage.migrations import migrate
from storage.objects import ObjectStore, ObjectStoreAddress
from tests.relay import Relay

# A busy machine makes nothing wrong: examples are judged by what they find, never by their time.
settings.register_profile("callsure", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("callsure")

_names = itertools.count(1)


@pytest.fixture(scope="session")
def embedded_servers() -> Iterator[EmbeddedServers]:
    """PostgreSQL and S3, started once for all tests that ask for them."""
    # Not pytest's own folder: as root, PostgreSQL's account could not enter it.
    home = Path(tempfile.mkdtemp(prefix="callsure-test-"))
    servers = start_embedded(home, durable=False)
    yield servers
    servers.stop()
    shutil.rmtree(home)


@pytest.fixture
def server_home() -> Iterator[Path]:
    """A home for servers of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="callsure-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated(embedded_servers: EmbeddedServers) -> str:
    """The name of a database that has the schema and nothing else."""
    asyncio.run(_execute(embedded_servers.database_dsn, 'CREATE DATABASE "migrated"'))
    asyncio.run(migrate(dsn_of(embedded_servers, "migrated")))
    return "migrated"


@pytest.fixture
def database_dsn(embedded_servers: EmbeddedServers, migrated: str) -> Iterator[str]:
    """An empty, migrated database of the test's own."""
    name = f"test_{os.getpid()}_{next(_names)}"
    admin = embedded_servers.database_dsn
    asyncio.run(_execute(admin, f'CREATE DATABASE "{name}" TEMPLATE "{migrated}"'))
    yield dsn_of(embedded_servers, name)
    asyncio.run(_execute(admin, f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """A pool on the test's own database."""
    database = Database(database_dsn)
    yield database
    await database.close()


@pytest.fixture
async def database_relay(database_dsn: str) -> AsyncIterator[Relay]:
    """What stands between :func:`distant_database` and the server."""
    relay = Relay(urlsplit(database_dsn).port or 0)
    await relay.up()
    yield relay
    await relay.down()


@pytest.fixture
async def distant_database(database_relay: Relay, database_dsn: str) -> AsyncIterator[Database]:
    """The test's database by way of a relay that the test takes down."""
    port = urlsplit(database_dsn).port
    database = Database(database_dsn.replace(f":{port}/", f":{database_relay.port}/"))
    yield database
    await database.close()


@pytest.fixture
def object_store(embedded_servers: EmbeddedServers) -> Iterator[ObjectStore]:
    """The session's bucket; tests keep apart by their keys."""
    store = ObjectStore(store_address(embedded_servers), SystemClock())
    yield store
    store.close()


def store_address(servers: EmbeddedServers) -> ObjectStoreAddress:
    """How to reach the session's bucket."""
    return ObjectStoreAddress(
        bucket=servers.addresses.s3_bucket,
        endpoint=servers.addresses.s3_endpoint,
        access_key=servers.addresses.s3_access_key,
        secret_key=servers.addresses.s3_secret_key,
    )


def dsn_of(servers: EmbeddedServers, name: str) -> str:
    """The address of another database of the same server."""
    return servers.database_dsn.rpartition("/")[0] + f"/{name}"


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
