"""Callers and calls for the tests of the carrier."""

import asyncio

from simulators.carrier.dial import Carrier, dial
from simulators.carrier.media_stream import Caller, MediaStream
from simulators.carrier.network import Faults
from simulators.carrier.speech import frames
from simulators.carrier.tape import Tape
from tests.integration.fake_agent import AUTH_TOKEN, MS, FakeAgent

LINE = frames(b"\x22" * 800)


async def silent(stream: MediaStream) -> None:
    """Hold the line."""


def stays(milliseconds: int) -> Caller:
    """A caller who hangs up after a while."""

    async def caller(stream: MediaStream) -> None:
        await stream.reach(milliseconds * MS)
        stream.hang_up()

    return caller


async def ring(
    agent: FakeAgent,
    caller: Caller = silent,
    *,
    carrier: Carrier | None = None,
    faults: Faults | None = None,
) -> Tape:
    async with asyncio.timeout(30):
        return await dial(
            agent.voice_url,
            carrier or Carrier(AUTH_TOKEN),
            caller,
            from_number="+15550100001",
            to_number="+15550100100",
            faults=faults,
        )
