"""The leases of the calls that this process runs: taken, renewed, entered late, given back."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from core.clock import Clock
from core.errors import StorageError
from storage.leases import Leases

_log = structlog.get_logger(__name__)

TTL_S = 15.0


class LeaseKeeper:
    """Keeps one lease a call.

    A call never waits for the database: without it, a leg begins at once and its lease is entered
    when the database is back.

    Args:
        leases: The table of leases.
        owner: This process, by a name that no other bears.
        clock: What the renewals are timed with.
        ttl_s: How long a lease lasts that is not renewed.
        on_lost: Called with each call that another process has won.
    """

    def __init__(
        self,
        leases: Leases,
        owner: str,
        clock: Clock,
        *,
        ttl_s: float = TTL_S,
        on_lost: Callable[[str], None] | None = None,
    ) -> None:
        self._leases = leases
        self._owner = owner
        self._clock = clock
        self._ttl_s = ttl_s
        self._on_lost = on_lost
        self._held: dict[str, int] = {}
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def held(self) -> dict[str, int]:
        """The calls of this process and the leg of each."""
        return dict(self._held)

    def hold(self, call_id: str, leg: int = 1) -> None:
        """Hold a call that begins here; its lease is entered in the background."""
        self._held[call_id] = leg
        self._work.set()

    async def take_over(self, call_id: str, after_leg: int) -> int | None:
        """Become the one that goes on with a call whose last leg is known to be over.

        Returns:
            The leg to write under; None where another process has gone on with it already.
        """
        try:
            leg = await self._leases.acquire(call_id, self._owner, self._ttl_s, after_leg=after_leg)
        except StorageError:
            leg = after_leg + 1
        if leg is not None:
            self.hold(call_id, leg)
        return leg

    async def release(self, call_id: str) -> None:
        """Give a call back: it has ended, or the next process shall take it."""
        leg = self._held.pop(call_id, None)
        if leg is not None:
            with contextlib.suppress(StorageError):  # it expires by itself
                await self._leases.release(call_id, leg, self._owner)

    async def start(self) -> None:
        """Begin to renew."""
        self._task = asyncio.create_task(self._run(), name="renew leases")

    async def stop(self) -> None:
        """Renew no more; what is still held expires by itself."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        timer = asyncio.create_task(self._tick(), name="lease timer")
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                await self._renew_all()
        finally:
            timer.cancel()

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(self._ttl_s / 3)
            self._work.set()

    async def _renew_all(self) -> None:
        for call_id, leg in list(self._held.items()):
            if self._held.get(call_id) != leg:
                continue  # given back meanwhile
            try:
                ours = await self._leases.claim(call_id, leg, self._owner, self._ttl_s)
            except StorageError as error:
                _log.warning("leases_not_renewed", code=error.code, calls=len(self._held))
                return
            if not ours and self._held.get(call_id) == leg:
                del self._held[call_id]
                _log.warning("lease_lost", call_id=call_id, leg=leg)
                if self._on_lost:
                    self._on_lost(call_id)
