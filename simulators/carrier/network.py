"""What lies between the carrier and the server: delay, jitter, stalls and lost frames."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from core.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a call, in milliseconds since its first frame."""

    start_ms: int
    length_ms: int

    def holds(self, at_ms: float) -> bool:
        """Whether the moment lies in the stretch."""
        return self.start_ms <= at_ms < self.start_ms + self.length_ms


@dataclass(frozen=True, slots=True)
class Faults:
    """How the network misbehaves. The default is a perfect one.

    Attributes:
        delay_ms: One-way delay, in both directions.
        jitter_ms: Up to so much is added to each message towards the server; order is kept.
        stalls: Nothing reaches the server within these; then everything does at once.
        gaps: Frames of the caller that are lost within these; the timestamps go on.
        seed: Of the jitter.
    """

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    stalls: tuple[Span, ...] = ()
    gaps: tuple[Span, ...] = ()
    seed: int = 0

    @property
    def delays_uplink(self) -> bool:
        """Whether anything on its way to the server can be late."""
        return bool(self.delay_ms or self.jitter_ms or self.stalls)


class Uplink:
    """Says when a message that leaves now reaches the server."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._random = random.Random(faults.seed)  # noqa: S311 - a fault, not a secret

    def delay(self, at_ms: float) -> float:
        """Seconds on the way for a message that leaves at ``at_ms`` of the call."""
        stalled = max(
            (s.start_ms + s.length_ms - at_ms for s in self._faults.stalls if s.holds(at_ms)),
            default=0.0,
        )
        jitter = self._random.uniform(0.0, self._faults.jitter_ms)
        return (stalled + self._faults.delay_ms + jitter) / 1000


class DelayLine(Generic[T]):
    """Delivers items in order, each at its own time or right after the one before it."""

    def __init__(self, clock: Clock, deliver: Callable[[T, float], Awaitable[None]]) -> None:
        self._clock = clock
        self._deliver = deliver
        self._queue: asyncio.Queue[tuple[float, T]] = asyncio.Queue()
        self._last_due = 0.0

    def put(self, item: T, delay: float) -> None:
        """Take an item that is to arrive in ``delay`` seconds."""
        self._last_due = max(self._clock.monotonic() + delay, self._last_due)
        self._queue.put_nowait((self._last_due, item))

    async def run(self) -> None:
        """Deliver until cancelled; ``deliver`` is given the moment at which the item was due."""
        while True:
            due, item = await self._queue.get()
            await self._clock.sleep(due - self._clock.monotonic())
            await self._deliver(item, due)
            self._queue.task_done()

    async def drained(self) -> None:
        """Wait until everything taken so far was delivered."""
        await self._queue.join()
