"""Following calls as they run, whichever process runs them: the table answers, NOTIFY wakes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import structlog

from core.errors import StorageError
from storage.database import Database
from storage.event_table import CHANNEL, event_of
from storage.events import Event

_log = structlog.get_logger(__name__)

_POLL_S = 1.0
_RETRY_S = 0.5

# Calls that may still change; a call that nobody ended counts for a day.
_ACTIVE = """
SELECT e.call_id, e.leg, max(e.seq) AS seq
  FROM events AS e JOIN calls AS c USING (call_id)
 WHERE c.started_at > now() - interval '1 day'
   AND (c.ended_at IS NULL OR c.ended_at > now() - interval '1 hour')
 GROUP BY e.call_id, e.leg
"""
_NEWS = """
SELECT e.call_id, e.leg, e.seq, e.type, e.version, e.at, e.offset_ms, e.body
  FROM events AS e
  LEFT JOIN unnest($2::text[], $3::int[], $4::int[]) AS seen (call_id, leg, seq)
    ON seen.call_id = e.call_id AND seen.leg = e.leg
 WHERE e.call_id = ANY($1::text[]) AND e.seq > coalesce(seen.seq, -1)
 ORDER BY e.call_id, e.leg, e.seq
"""


class _Follower:
    """What one follower has seen: the last sequence number of each leg of each call.

    A leg's events are stored in order, so one number a leg suffices, and a leg that a dead worker
    left in its spool may arrive after its successor's.
    """

    def __init__(self, database: Database, call_id: str | None) -> None:
        self._database = database
        self._call_id = call_id
        self._seen: dict[tuple[str, int], int] = {}
        self._told: set[str] = set()
        self._wake = asyncio.Event()
        self.lost = False

    def heard(self, call_id: str | None) -> None:
        """A batch was stored for the call; None: the connection is gone."""
        if call_id is None:
            self.lost = True
        elif self._call_id in (None, call_id):
            self._told.add(call_id)
        else:
            return
        self._wake.set()

    async def skip(self, after: tuple[int, int] | None) -> None:
        """Count as seen what the follower has already, or, for all calls, everything so far."""
        async with self._database.acquire() as connection:
            if self._call_id is None:
                rows = await connection.fetch(_ACTIVE)
            else:
                rows = await connection.fetch(
                    "SELECT call_id, leg, max(seq) AS seq FROM events"
                    " WHERE call_id = $1 AND (leg, seq) <= ($2, $3) GROUP BY call_id, leg",
                    self._call_id,
                    *(after or (0, 0)),
                )
        self._seen = {(row["call_id"], row["leg"]): row["seq"] for row in rows}

    async def news(self) -> list[Event]:
        """What has been stored since the last time."""
        told, self._told = self._told, set()
        async with self._database.acquire() as connection:
            if self._call_id is not None:
                told = {self._call_id}
            else:
                active = await connection.fetch(_ACTIVE)
                told |= {
                    row["call_id"]
                    for row in active
                    if row["seq"] > self._seen.get((row["call_id"], row["leg"]), -1)
                }
            seen = [(*key, seq) for key, seq in self._seen.items() if key[0] in told]
            columns = list(zip(*seen, strict=True)) or [(), (), ()]
            rows = await connection.fetch(_NEWS, list(told), *map(list, columns)) if told else []
        for row in rows:
            self._seen[row["call_id"], row["leg"]] = row["seq"]
        return [event for row in rows if (event := event_of(row))]

    async def wait(self) -> None:
        """Return at the next notification, or after a second without."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_POLL_S):
                await self._wake.wait()
        self._wake.clear()


async def follow(
    database: Database, call_id: str | None, after: tuple[int, int] | None
) -> AsyncIterator[Event]:
    """Yield each event once, for ever; an outage of the database only delays them.

    Raises:
        StorageError: ``database_unavailable`` at the beginning.
    """
    follower = _Follower(database, call_id)
    await follower.skip(after)
    while True:
        try:
            async with database.listen(CHANNEL, follower.heard):
                follower.lost = False
                while not follower.lost:
                    for event in await follower.news():
                        yield event
                    await follower.wait()
        except StorageError as error:
            _log.warning("follow_interrupted", code=error.code)
        await asyncio.sleep(_RETRY_S)
