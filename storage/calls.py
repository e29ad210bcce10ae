"""Questions about calls: lists, one call with its events, and following calls as they run."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

import asyncpg

from core.errors import NotFoundError
from storage.database import Database
from storage.event_table import read_events
from storage.events import Event
from storage.follow import follow
from storage.transcript import TranscriptTurn, transcript

__all__ = ["CallDetail", "CallQueries", "CallSummary", "TranscriptTurn", "transcript"]


@dataclass(frozen=True, slots=True)
class CallSummary:
    """One line of a list of calls; what the events have not told yet is None."""

    call_id: str
    account_id: str
    agent_id: str | None
    agent_version: int | None
    direction: str | None
    caller: str | None
    called: str | None
    carrier: str | None
    carrier_call_id: str | None
    started_at: datetime | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None
    recording_uri: str | None
    recording_path: str | None
    recording_ms: int | None


@dataclass(frozen=True, slots=True)
class CallDetail:
    """A call with everything that happened in it, in order."""

    summary: CallSummary
    events: tuple[Event, ...]

    @property
    def turns(self) -> tuple[TranscriptTurn, ...]:
        """The transcript."""
        return transcript(self.events)


_COLUMNS = ", ".join(field.name for field in fields(CallSummary))


class CallQueries:
    """What can be asked about calls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self,
        limit: int = 50,
        *,
        before: CallSummary | None = None,
        account_id: str = "default",
    ) -> list[CallSummary]:
        """The latest calls, latest first; ``before`` is the last one of the page before."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS} FROM calls
                 WHERE account_id = $1
                   AND ($3::text IS NULL
                        OR (coalesce(started_at, 'infinity'), call_id)
                         < (coalesce($2::timestamptz, 'infinity'), $3))
                 ORDER BY started_at DESC NULLS FIRST, call_id DESC
                 LIMIT $4
                """,  # noqa: S608 - the columns are ours
                account_id,
                before.started_at if before else None,
                before.call_id if before else None,
                limit,
            )
        return [_summary(row) for row in rows]

    async def get(self, call_id: str) -> CallDetail:
        """One call with all its events.

        Raises:
            NotFoundError: ``call_not_found``.
        """
        async with self._database.acquire() as connection, connection.transaction(readonly=True):
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM calls WHERE call_id = $1",  # noqa: S608 - as above
                call_id,
            )
            if row is None:
                raise NotFoundError("call_not_found", f"there is no call {call_id}")
            events = await read_events(connection, call_id)
        return CallDetail(_summary(row), tuple(events))

    async def events_after(self, call_id: str, leg: int, seq: int) -> Sequence[Event]:
        """The call's events behind ``(leg, seq)``; ``(0, 0)`` is before all of them."""
        async with self._database.acquire() as connection:
            return await read_events(connection, call_id, (leg, seq))

    def follow(
        self, call_id: str | None = None, *, after: tuple[int, int] | None = None
    ) -> AsyncIterator[Event]:
        """Every event of the call, those to come included, each once and in order.

        Args:
            call_id: The call; None follows all calls, from now on.
            after: The ``(leg, seq)`` of the last event already seen.
        """
        return follow(self._database, call_id, after)


def _summary(row: asyncpg.Record) -> CallSummary:
    return CallSummary(**dict(row))
