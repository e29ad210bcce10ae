"""What a process finds that its predecessor left: spools whose owner is gone."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import structlog
from pydantic_core import from_json

from core.errors import StorageError
from storage.codec import decode
from storage.database import Database
from storage.events import CallEnded, Event
from storage.outbox import Outbox, kind_of
from storage.spool import SUFFIX, AbandonedSpool

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LostLeg:
    """A call that nobody ended. It is finished under a leg after ``leg``.

    ``events`` are those of all its legs that this machine still holds, in order.
    """

    account_id: str
    call_id: str
    leg: int
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class AbandonedLeg:
    """One spool whose owner is gone, ready to be drained."""

    leg: int
    outbox: Outbox
    events: tuple[Event, ...]


def abandoned_legs(folder: Path) -> list[AbandonedLeg]:
    """Take over every spool in ``folder`` that nobody owns (blocking)."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        spool = AbandonedSpool.claim(path)
        if spool is None:
            continue
        payloads = spool.payloads()
        try:
            header = from_json(payloads[0])
            account_id, call_id, leg = header["account_id"], header["call_id"], int(header["leg"])
        except (IndexError, KeyError, TypeError, ValueError):
            # Only a loss of power leaves a file without its first frame: nothing can be read.
            _log.warning("spool_unreadable", path=path.name, bytes=path.stat().st_size)
            spool.remove()
            continue
        outbox = Outbox(account_id, call_id, spool)
        outbox.closed = True
        for payload in payloads[1:]:
            outbox.queue(kind_of(payload), payload)
        found.append(AbandonedLeg(leg, outbox, tuple(known_events(payloads[1:]))))
    return found


def lost_legs(legs: Iterable[AbandonedLeg]) -> list[LostLeg]:
    """The calls among ``legs`` that have no end, each with its last leg."""
    lost = []
    ordered = sorted(legs, key=lambda leg: (leg.outbox.call_id, leg.leg))
    for call_id, group in groupby(ordered, key=lambda leg: leg.outbox.call_id):
        of_call = list(group)
        events = tuple(event for leg in of_call for event in leg.events)
        if not any(isinstance(event.body, CallEnded) for event in events):
            last = of_call[-1]
            lost.append(LostLeg(last.outbox.account_id, call_id, last.leg, events))
    return lost


async def settled_elsewhere(database: Database, lost: Iterable[LostLeg]) -> set[str]:
    """Those of the lost calls that have ended since, or that a later leg's holder carries on."""
    legs = {leg.call_id: leg.leg for leg in lost}
    async with database.acquire() as connection:
        rows = await connection.fetch(
            """
            SELECT lost.call_id
              FROM unnest($1::text[], $2::int[]) AS lost (call_id, leg)
             WHERE EXISTS (SELECT FROM calls
                            WHERE calls.call_id = lost.call_id AND ended_at IS NOT NULL)
                OR EXISTS (SELECT FROM leases
                            WHERE leases.call_id = lost.call_id AND leases.leg > lost.leg
                              AND expires_at > now())
            """,
            list(legs),
            list(legs.values()),
        )
    return {row["call_id"] for row in rows}


def known_events(payloads: Iterable[bytes]) -> Iterable[Event]:
    """The events that this version knows; a newer one's others are left to the database."""
    for payload in payloads:
        try:
            yield decode(payload)
        except StorageError as error:
            _log.warning("event_skipped", code=error.code, error=error.message)
