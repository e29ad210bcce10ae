"""A long call with a carrier whose clock is not ours: its recording is aligned to the end."""

import asyncio

import pytest

from core.clock import SystemClock
from tests.e2e.chatter import Chatter, assert_served
from tests.e2e.house import House

_MINUTES = 15
_FAST = 1 + 100e-6  # quartz may differ by so much: 90 ms in a quarter of an hour


class FastClock(SystemClock):
    """A clock that gains on the machine's."""

    def monotonic(self) -> float:
        """Seconds as this clock counts them."""
        return super().monotonic() * _FAST

    async def sleep(self, seconds: float) -> None:
        """Sleep for as many of them."""
        await super().sleep(seconds / _FAST)


@pytest.mark.soak
@pytest.mark.timeout(_MINUTES * 60 + 300)
async def test_a_recording_stays_aligned_however_long_the_call(front_desk: House) -> None:
    caller = Chatter()
    async with front_desk.carrier(FastClock()) as carrier:
        call = asyncio.create_task(front_desk.dial(carrier, caller))
        await asyncio.wait([call], timeout=_MINUTES * 60)
        caller.leave()
        tape = await call
    assert tape.ended_at > _MINUTES * 60 * 8000
    await assert_served(front_desk, caller, tape)
