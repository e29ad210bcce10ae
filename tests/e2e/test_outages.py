"""PostgreSQL or the S3 server away in mid-call: no caller notices, and nothing is missing after."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from simulators.carrier.media_stream import MediaStream
from simulators.carrier.tape import Tape
from storage.embedded import EmbeddedServers, start_embedded
from storage.embedded.postgres import EmbeddedPostgres
from storage.embedded.s3 import EmbeddedS3
from storage.events import AgentSpoke, CallEnded, PassagesRetrieved, TurnEnded
from tests.conftest import store_address
from tests.e2e.evidence import assert_no_gap, bodies, recording_of, shifts_ms
from tests.e2e.house import House, settings_for
from tests.e2e.phone import MS, Phone, Said, line
from tests.waiting import until

_ANSWERS_WITHIN = 4000 * MS
_ASKED = {"hours": "saturday", "parking": "parking"}


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


class Chatter:
    """Asks one question after the other and hears each answer out, until told to stop."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.asked: list[str] = []
        self.answers = 0
        self._enough = False

    async def __call__(self, stream: MediaStream) -> None:
        phone = Phone(stream)
        await phone.answered()
        for name in itertools.cycle(_ASKED):
            self.asked.append(name)
            self.said.append(await phone.say(line(name)))
            first = (await phone.answered())[0]
            assert first.start - self.said[-1].end <= _ANSWERS_WITHIN
            self.answers += 1
            if self._enough:
                break
        stream.hang_up()

    async def hears(self, answers: int) -> None:
        """Wait until so many more questions have been answered."""
        enough = self.answers + answers
        await until(lambda: self.answers >= enough, timeout=60)

    def leave(self) -> None:
        """Hang up after the next answer."""
        self._enough = True


async def _outage(
    house: House, server: EmbeddedPostgres | EmbeddedS3, seconds: float
) -> list[tuple[Chatter, Tape]]:
    """One call that lasts through an outage, another that begins within it."""
    early, late = Chatter(), Chatter()
    async with house.carrier() as carrier:
        first = asyncio.create_task(house.dial(carrier, early))
        await early.hears(1)
        await asyncio.to_thread(server.stop)
        second = asyncio.create_task(house.dial(carrier, late))
        await asyncio.gather(asyncio.sleep(seconds), early.hears(1), late.hears(1))
        await asyncio.to_thread(server.start)
        early.leave()
        late.leave()
        return [(early, await first), (late, await second)]


async def _assert_nothing_is_missing(house: House, caller: Chatter, tape: Tape) -> None:
    call = await house.record_of(tape)
    assert_no_gap(call.events)
    (end,) = bodies(call.events, CallEnded)
    assert (end.by, end.reason) == ("caller", "hangup")
    turns = bodies(call.events, TurnEnded)
    assert len(turns) == len(caller.asked)
    spoke = {body.turn: body.text.lower() for body in bodies(call.events, AgentSpoke)}
    assert len(spoke) == 1 + len(turns)
    for turn, name in zip(turns, caller.asked, strict=True):
        assert _ASKED[name] in turn.text.lower()
        assert _ASKED[name] in spoke[turn.turn]
    assert all(found.covered for found in bodies(call.events, PassagesRetrieved))
    recording = await recording_of(house, call)
    assert abs(len(recording.caller) - tape.ended_at) <= 500 * MS
    shifts = shifts_ms(recording, tape, caller.said)
    assert max(map(abs, shifts)) <= 20, shifts


@pytest.mark.parametrize("away", ["postgres", "s3"])
async def test_callers_notice_no_outage(house: House, servers: EmbeddedServers, away: str) -> None:
    for caller, tape in await _outage(house, getattr(servers, away), seconds=8):
        await _assert_nothing_is_missing(house, caller, tape)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("away", ["postgres", "s3"])
async def test_twenty_five_outages_of_twenty_seconds(
    house: House, servers: EmbeddedServers, away: str
) -> None:
    for _ in range(25):
        for caller, tape in await _outage(house, getattr(servers, away), seconds=20):
            await _assert_nothing_is_missing(house, caller, tape)
