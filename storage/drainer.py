"""The background work behind every call log: rows to PostgreSQL, spools to the disk."""

import asyncio
import contextlib

import asyncpg
import structlog

from core.clock import Clock
from core.errors import StorageError
from storage.database import Database
from storage.event_table import EventRow, store
from storage.outbox import Outbox

_log = structlog.get_logger(__name__)

_GATHER_S = 0.1
_BATCH = 500
_FIRST_RETRY_S = 0.2
_LAST_RETRY_S = 2.0


class Drainer:
    """Writes what the outboxes hold in batches, oldest first, until the database has it all."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._outboxes: dict[Outbox, None] = {}
        self._work = asyncio.Event()
        self._draining = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    def add(self, outbox: Outbox) -> None:
        """Take charge of an outbox until it owes nothing."""
        self._outboxes[outbox] = None
        self._work.set()

    def wake(self) -> None:
        """Say that an outbox has something new."""
        self._work.set()

    def release(self, call_id: str) -> None:
        """Let the files of the call's lost legs go, once they are drained: it was finished."""
        for outbox in self._outboxes:
            if outbox.call_id == call_id:
                outbox.kept = False
        self._work.set()

    def start(self) -> None:
        """Begin to drain."""
        self._task = asyncio.create_task(self._run(), name="drain events")

    async def stop(self, patience_s: float) -> None:
        """Drain what can be drained within ``patience_s``; the rest stays in its files."""
        with contextlib.suppress(StorageError, TimeoutError):
            async with asyncio.timeout(patience_s):
                await self.drain()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        for outbox in self._outboxes:
            outbox.close()
        self._outboxes.clear()

    async def drain(self) -> None:
        """Write everything that is owed now.

        Raises:
            StorageError: The database is away; what was not written stays.
        """
        async with self._draining:
            while batch := await self._next_batch():
                await self._write(batch)
            for outbox in [box for box in self._outboxes if box.finish()]:
                del self._outboxes[outbox]

    async def _run(self) -> None:
        retry_s = _FIRST_RETRY_S
        while True:
            await self._work.wait()
            await self._clock.sleep(_GATHER_S)
            self._work.clear()
            try:
                await self.drain()
                retry_s = _FIRST_RETRY_S
            except StorageError as error:
                _log.warning("drain_postponed", code=error.code, retry_s=retry_s)
                for outbox in self._outboxes:
                    outbox.park()
                self._work.set()
                await self._clock.sleep(retry_s)
                retry_s = min(2 * retry_s, _LAST_RETRY_S)

    async def _next_batch(self) -> dict[Outbox, list[EventRow]]:
        batch: dict[Outbox, list[EventRow]] = {}
        room = _BATCH
        for outbox in list(self._outboxes):
            if outbox.parked and not batch:
                await asyncio.to_thread(outbox.unpark)
            rows = outbox.first(room)
            if rows:
                batch[outbox] = rows
                room -= len(rows)
            if room <= 0:
                break
        return batch

    async def _write(self, batch: dict[Outbox, list[EventRow]]) -> None:
        try:
            async with self._database.acquire() as connection:
                await store(connection, [row for rows in batch.values() for row in rows])
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            await self._write_apart(batch, error)
            return
        except asyncpg.PostgresError as error:  # not migrated, read-only, out of rights …
            raise StorageError("database_refused", str(error), retryable=True) from error
        for outbox, rows in batch.items():
            outbox.drained(len(rows))

    async def _write_apart(self, batch: dict[Outbox, list[EventRow]], error: Exception) -> None:
        """Find the call whose events are refused and set it aside: no other waits for it."""
        if len(batch) > 1:
            for outbox, rows in batch.items():
                await self._write({outbox: rows})
            return
        (outbox,) = batch
        _log.error("events_refused", call_id=outbox.call_id, error=str(error))
        outbox.close()
        del self._outboxes[outbox]
