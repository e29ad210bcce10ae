import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from simulators.carrier.network import DelayLine, Faults, Span, Uplink


@pytest.mark.parametrize(
    ("faults", "at_ms", "seconds"),
    [
        (Faults(), 0, 0.0),
        (Faults(delay_ms=120), 500, 0.12),
        (Faults(stalls=(Span(1000, 300),)), 999, 0.0),
        (Faults(stalls=(Span(1000, 300),)), 1000, 0.3),
        (Faults(stalls=(Span(1000, 300),)), 1250, 0.05),
        (Faults(stalls=(Span(1000, 300),)), 1300, 0.0),
        (Faults(delay_ms=50, stalls=(Span(0, 100), Span(50, 200))), 60, 0.24),
    ],
)
def test_the_time_on_the_way(faults: Faults, at_ms: float, seconds: float) -> None:
    assert Uplink(faults).delay(at_ms) == pytest.approx(seconds)


def test_jitter_is_bounded_and_repeatable() -> None:
    faults = Faults(delay_ms=10, jitter_ms=40, seed=7)

    first = [Uplink(faults).delay(0) for _ in range(3)]
    uplink = Uplink(faults)
    delays = [uplink.delay(0) for _ in range(200)]

    assert len(set(first)) == 1
    assert all(0.01 <= delay <= 0.05 for delay in delays)
    assert max(delays) - min(delays) > 0.03


@given(st.lists(st.tuples(st.floats(0, 0.1), st.floats(0, 0.5)), min_size=1, max_size=20))
def test_items_arrive_in_order_and_not_before_their_time(items: list[tuple[float, float]]) -> None:
    asyncio.run(_check_order(items))


async def _check_order(items: list[tuple[float, float]]) -> None:
    clock = ManualClock()
    arrived: list[tuple[int, float]] = []

    async def deliver(item: int, due: float) -> None:
        assert clock.monotonic() == pytest.approx(due)
        arrived.append((item, due))

    line: DelayLine[int] = DelayLine(clock, deliver)
    running = asyncio.ensure_future(line.run())
    earliest = []
    for number, (pause, delay) in enumerate(items):
        await clock.advance(pause)
        earliest.append(clock.monotonic() + delay)
        line.put(number, delay)
        await clock.advance(0)
    await clock.advance(10)
    await line.drained()
    running.cancel()

    assert [item for item, _ in arrived] == list(range(len(items)))
    dues = [due for _, due in arrived]
    assert dues == sorted(dues)
    assert all(due >= wanted - 1e-9 for due, wanted in zip(dues, earliest, strict=True))
