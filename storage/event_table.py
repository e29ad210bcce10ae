"""Rows of the table ``events``, and what the table ``calls`` takes from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
import structlog

from core.errors import StorageError
from storage.codec import from_dict
from storage.database import Connection
from storage.events import Event

_log = structlog.get_logger(__name__)

CHANNEL = "callsure_events"


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event on its way to the database, already in JSON."""

    account_id: str
    call_id: str
    type: str
    payload: str


_EVENTS = """
INSERT INTO events (account_id, call_id, leg, seq, type, version, at, offset_ms, body)
SELECT account_id, e->>'call_id', (e->>'leg')::int, (e->>'seq')::int, e->>'type',
       (e->>'version')::int, (e->>'at')::timestamptz, (e->>'offset_ms')::bigint,
       e - '{call_id,leg,seq,type,version,at,offset_ms}'::text[]
  FROM (SELECT account_id, payload::jsonb AS e
          FROM unnest($1::text[], $2::text[]) AS r (account_id, payload)) AS rows
    ON CONFLICT (call_id, leg, seq) DO NOTHING
"""

# A call whose end came first (its first leg waits in another worker's spool) has a bare row.
_STARTED = """
INSERT INTO calls (account_id, call_id, started_at, agent_id, agent_version, direction,
                   caller, called, carrier, carrier_call_id)
SELECT DISTINCT ON (e->>'call_id')
       account_id, e->>'call_id', (e->>'at')::timestamptz, e->>'agent_id',
       (e->>'agent_version')::int, e->>'direction', e->>'caller', e->>'called',
       e->>'carrier', e->>'carrier_call_id'
  FROM (SELECT account_id, payload::jsonb AS e
          FROM unnest($1::text[], $2::text[]) AS r (account_id, payload)) AS rows
 ORDER BY e->>'call_id', (e->>'leg')::int
    ON CONFLICT (call_id) DO UPDATE
   SET (started_at, agent_id, agent_version, direction, caller, called, carrier, carrier_call_id)
     = (excluded.started_at, excluded.agent_id, excluded.agent_version, excluded.direction,
        excluded.caller, excluded.called, excluded.carrier, excluded.carrier_call_id)
 WHERE calls.started_at IS NULL
"""

_ENDED = """
INSERT INTO calls (account_id, call_id, ended_at, ended_by, end_reason)
SELECT DISTINCT ON (e->>'call_id')
       account_id, e->>'call_id', (e->>'at')::timestamptz, e->>'by', e->>'reason'
  FROM (SELECT account_id, payload::jsonb AS e
          FROM unnest($1::text[], $2::text[]) AS r (account_id, payload)) AS rows
 ORDER BY e->>'call_id', (e->>'leg')::int DESC
    ON CONFLICT (call_id) DO UPDATE
   SET (ended_at, ended_by, end_reason)
     = (excluded.ended_at, excluded.ended_by, excluded.end_reason)
"""

_RECORDED = """
INSERT INTO calls (account_id, call_id, recording_uri, recording_path, recording_ms)
SELECT DISTINCT ON (e->>'call_id')
       account_id, e->>'call_id', e->>'uri', e->>'path', (e->>'duration_ms')::bigint
  FROM (SELECT account_id, payload::jsonb AS e
          FROM unnest($1::text[], $2::text[]) AS r (account_id, payload)) AS rows
 ORDER BY e->>'call_id', (e->>'leg')::int DESC
    ON CONFLICT (call_id) DO UPDATE
   SET (recording_uri, recording_path, recording_ms)
     = (excluded.recording_uri, excluded.recording_path, excluded.recording_ms)
"""

_PROJECTIONS = {"CallStarted": _STARTED, "CallEnded": _ENDED, "RecordingStored": _RECORDED}


async def store(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Write the rows and their projections in one transaction; rows already there stay.

    Each call's followers are woken once, with its identifier as the only payload.
    """
    async with connection.transaction():
        await connection.execute(_EVENTS, *_columns(rows))
        for kind, statement in _PROJECTIONS.items():
            chosen = [row for row in rows if row.type == kind]
            if chosen:
                await connection.execute(statement, *_columns(chosen))
        await connection.execute(
            "SELECT pg_notify($1, call_id) FROM unnest($2::text[]) AS r (call_id)",
            CHANNEL,
            list(dict.fromkeys(row.call_id for row in rows)),
        )


async def read_events(
    connection: Connection, call_id: str, after: tuple[int, int] = (0, 0)
) -> list[Event]:
    """The call's events behind ``(leg, seq)`` that this version knows, in order."""
    rows = await connection.fetch(
        """
        SELECT call_id, leg, seq, type, version, at, offset_ms, body
          FROM events WHERE call_id = $1 AND (leg, seq) > ($2, $3) ORDER BY leg, seq
        """,
        call_id,
        *after,
    )
    return [event for row in rows if (event := event_of(row))]


def event_of(row: asyncpg.Record) -> Event | None:
    """The event in a row, or None where a newer version wrote it."""
    head = {name: row[name] for name in ("call_id", "leg", "seq", "type", "version", "offset_ms")}
    try:
        return from_dict({**row["body"], **head, "at": row["at"].isoformat()})
    except StorageError as error:
        _log.warning("event_skipped", code=error.code, error=error.message)
        return None


def _columns(rows: Sequence[EventRow]) -> tuple[list[str], list[str]]:
    return [row.account_id for row in rows], [row.payload for row in rows]
