"""PostgreSQL or the S3 server away in mid-call: no caller notices, and nothing is missing after."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from simulators.carrier.tape import Tape
from storage.embedded import EmbeddedServers, start_embedded
from storage.embedded.postgres import EmbeddedPostgres
from storage.embedded.s3 import EmbeddedS3
from tests.conftest import store_address
from tests.e2e.chatter import Chatter, assert_served
from tests.e2e.house import House, settings_for


@pytest.fixture(scope="module")
def servers() -> Iterator[EmbeddedServers]:
    """A database and an object store of this module's own, which it ends and starts again."""
    with TemporaryDirectory(prefix="callsure-test-") as folder:
        running = start_embedded(Path(folder), durable=False)
        yield running
        running.stop()


@pytest.fixture(scope="module")
def house(servers: EmbeddedServers) -> Iterator[House]:
    """A server on them."""
    with TemporaryDirectory(prefix="callsure-test-") as folder:
        house = House(Path(folder), settings_for(servers.database_dsn, store_address(servers)))
        house.start()
        yield house
        house.stop()


async def _outage(
    house: House, away: Sequence[EmbeddedPostgres | EmbeddedS3], seconds: float
) -> list[tuple[Chatter, Tape]]:
    """One call that lasts through an outage, another that begins within it."""
    early, late = Chatter(), Chatter()
    async with house.carrier() as carrier:
        first = asyncio.create_task(house.dial(carrier, early))
        await early.hears(1)
        await asyncio.gather(*(asyncio.to_thread(server.stop) for server in away))
        second = asyncio.create_task(house.dial(carrier, late))
        await asyncio.gather(asyncio.sleep(seconds), early.hears(1), late.hears(1))
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in away))
        early.leave()
        late.leave()
        return [(early, await first), (late, await second)]


async def test_callers_notice_no_outage(house: House, servers: EmbeddedServers) -> None:
    """Both at once, for eight seconds."""
    assert servers.postgres is not None
    assert servers.s3 is not None
    for caller, tape in await _outage(house, [servers.postgres, servers.s3], seconds=8):
        await assert_served(house, caller, tape)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("away", ["postgres", "s3"])
async def test_twenty_five_outages_of_twenty_seconds(
    house: House, servers: EmbeddedServers, away: str
) -> None:
    for _ in range(25):
        for caller, tape in await _outage(house, [getattr(servers, away)], seconds=20):
            await assert_served(house, caller, tape)
