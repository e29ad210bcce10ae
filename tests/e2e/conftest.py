"""What whole calls need: a running server, and ears of the tests' own."""

import asyncio
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import asyncpg
import pytest

from pipelines.speech_to_text.moonshine import Moonshine
from pipelines.text_to_speech.hibari import HibariVoice
from storage.embedded import EmbeddedServers
from tests.conftest import dsn_of, store_address
from tests.e2e.house import House, settings_for


@pytest.fixture(scope="session")
def front_desk(embedded_servers: EmbeddedServers, migrated: str) -> Iterator[House]:
    """A server with the example's agent, for the tests that leave it running."""
    asyncio.run(_create_database(embedded_servers.database_dsn, "front_desk", migrated))
    dsn = dsn_of(embedded_servers, "front_desk")
    with tempfile.TemporaryDirectory(prefix="callsure-test-") as folder:
        house = House(Path(folder), settings_for(dsn, store_address(embedded_servers)))
        house.start()
        yield house
        house.stop()


@pytest.fixture(scope="session")
def voice() -> HibariVoice:
    """The agent's voice, to know what it had to say."""
    return HibariVoice()


@pytest.fixture(scope="session")
def recogniser() -> Moonshine:
    """An ear."""
    return Moonshine()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of the server's log with a test that failed."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, House):
                report.sections.append(("callsure serve", value.tail()))
    return report


async def _create_database(admin: str, name: str, template: str) -> None:
    connection = await asyncpg.connect(admin)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
