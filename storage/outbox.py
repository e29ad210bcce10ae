"""What one leg still owes the database: in memory while the call runs, in its spool always."""

import asyncio
import json
from collections import deque
from itertools import islice

import structlog

from storage.event_table import EventRow
from storage.spool import AbandonedSpool, Spool

_log = structlog.get_logger(__name__)


class Outbox:
    """The undrained events of one leg, oldest first.

    Args:
        account_id: Whose call it is.
        call_id: The call.
        spool: The file that holds every event of the leg; None where the disk refused to make it.
    """

    def __init__(self, account_id: str, call_id: str, spool: Spool | AbandonedSpool | None) -> None:
        self.account_id = account_id
        self.call_id = call_id
        self.done = asyncio.Event()
        self.closed = False
        self.kept = False
        self._spool = spool
        self._rows: deque[EventRow] = deque()
        self._drained = 0
        self._whole = spool is not None
        self._parked = False

    @property
    def parked(self) -> bool:
        """Whether the events have to be read from the file first."""
        return self._parked

    def add(self, kind: str, payload: bytes) -> None:
        """Spool one event and queue it. A disk that refuses it costs safety, never the call."""
        if self._whole and isinstance(self._spool, Spool):
            try:
                self._spool.append(payload)
            except OSError as error:
                self._whole = False
                _log.error("spool_failed", call_id=self.call_id, error=str(error))
        self.queue(kind, payload)

    def queue(self, kind: str, payload: bytes) -> None:
        """Queue one event that the file already holds."""
        self._rows.append(EventRow(self.account_id, self.call_id, kind, payload.decode()))

    def first(self, count: int) -> list[EventRow]:
        """The oldest undrained events, at most ``count``."""
        return list(islice(self._rows, count))

    def drained(self, count: int) -> None:
        """Forget the oldest ``count`` events: the database has them."""
        for _ in range(count):
            self._rows.popleft()
        self._drained += count

    def finish(self) -> bool:
        """Delete the file if nothing is owed any more; return whether it is so."""
        if self._rows or self._parked or not self.closed or self.kept:
            return False
        if self._spool is not None:
            self._spool.remove()
        self.done.set()
        return True

    def park(self) -> None:
        """Hold no memory and no open file for a call that is over, until the database is back."""
        if self.closed and self._rows and self._whole and not self.kept:
            self._rows.clear()
            self._parked = True
            self.close()

    def unpark(self) -> None:
        """Read the undrained events from the file again (blocking)."""
        self._parked = False
        abandoned = AbandonedSpool.claim(self._spool.path) if self._spool else None
        if abandoned is None:  # another process of this machine found and drained it
            return
        self._spool = abandoned
        for payload in abandoned.payloads()[1 + self._drained :]:
            self.queue(kind_of(payload), payload)

    def sync(self) -> None:
        """Put the file on the disk itself (blocking, from any thread)."""
        if isinstance(self._spool, Spool):
            self._spool.sync()

    def close(self) -> None:
        """Give the file up without deleting it."""
        if self._spool is not None:
            self._spool.close()


def kind_of(payload: bytes) -> str:
    """The type of an encoded event, also of one that this version does not know."""
    try:
        return str(json.loads(payload)["type"])
    except (ValueError, KeyError, TypeError):
        return ""
