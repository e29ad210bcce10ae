"""Spools reach the disk itself in groups, in a thread: one wait for all calls together."""

import asyncio
import contextlib

import structlog

from core.clock import Clock
from storage.outbox import Outbox

_log = structlog.get_logger(__name__)

_GROUP_S = 0.2


class DiskSync:
    """Collects the spools that were written to and syncs them together."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._dirty: set[Outbox] = set()
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def mark(self, outbox: Outbox) -> None:
        """Say that ``outbox`` was written to."""
        self._dirty.add(outbox)
        self._work.set()

    def start(self) -> None:
        """Begin to sync."""
        self._task = asyncio.create_task(self._run(), name="sync spools")

    async def stop(self) -> None:
        """Sync what is left and end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._sync()

    async def _run(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self._sync()
            await self._clock.sleep(_GROUP_S)

    async def _sync(self) -> None:
        outboxes, self._dirty = self._dirty, set()
        if outboxes:
            await asyncio.to_thread(_sync_all, outboxes)


def _sync_all(outboxes: set[Outbox]) -> None:
    for outbox in outboxes:
        try:
            outbox.sync()
        except OSError as error:
            _log.error("spool_not_synced", call_id=outbox.call_id, error=str(error))
