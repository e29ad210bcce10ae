"""The event log of a call: append → sequence number → spool → subscribers → database."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from pydantic_core import to_json

from core.clock import Clock
from core.errors import StorageError
from storage.codec import encode
from storage.database import Database
from storage.disk_sync import DiskSync
from storage.drainer import Drainer
from storage.events import VERSION, Body, CallEnded, Event
from storage.outbox import Outbox
from storage.recovery import LostLeg, abandoned_legs, lost_legs, settled_elsewhere
from storage.spool import SUFFIX, Spool

_log = structlog.get_logger(__name__)

DEFAULT_ACCOUNT = "default"
_CLOSE_PATIENCE_S = 2.0
_STOP_PATIENCE_S = 5.0
_RECOVER_PATIENCE_S = 5.0

Subscriber = Callable[[Event], None]


class CallLog:
    """One leg's events, made by :meth:`CallLogs.open`; for the event loop's thread only."""

    def __init__(self, logs: "CallLogs", call_id: str, leg: int, outbox: Outbox) -> None:
        self.call_id = call_id
        self.leg = leg
        self._logs = logs
        self._outbox = outbox
        self._events: list[Event] = []
        self._subscribers: list[Subscriber] = []
        self._undelivered: deque[Event] = deque()
        self._delivering = False

    @property
    def events(self) -> Sequence[Event]:
        """Everything appended under this leg so far, in order."""
        return self._events

    def append(self, body: Body, *, offset_ms: int | None = None) -> Event:
        """Add what happened. Waits for neither the disk nor the network.

        Args:
            body: What happened.
            offset_ms: Where on the call's audio timeline; None before media.

        Raises:
            StorageError: ``log_closed``.
        """
        if self._outbox.closed:
            raise StorageError("log_closed", f"the log of {self.call_id} is closed")
        event = Event(
            call_id=self.call_id,
            leg=self.leg,
            seq=len(self._events),
            version=VERSION,
            at=self._logs.clock.now(),
            offset_ms=offset_ms,
            body=body,
        )
        self._outbox.add(event.type, encode(event))
        self._events.append(event)
        self._logs.appended(self._outbox, event)
        self._deliver(event)
        return event

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with each later event, in order; return what ends that."""
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(subscriber)

        return unsubscribe

    async def close(self) -> None:
        """Take no more events; wait two seconds at most until the database has them all."""
        if not self._outbox.closed:
            self._outbox.closed = True
            await self._logs.finish(self._outbox)

    def _deliver(self, event: Event) -> None:
        # A subscriber may append: the new event waits until everybody has seen this one.
        self._undelivered.append(event)
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._undelivered:
                due = self._undelivered.popleft()
                for subscriber in tuple(self._subscribers):
                    try:
                        subscriber(due)
                    except Exception:
                        _log.exception("subscriber_failed", call_id=self.call_id, type=due.type)
        finally:
            self._delivering = False


class CallLogs:
    """All call logs of a process, and the background work behind them.

    Args:
        home: The folder under which ``spool/`` lies.
        database: Where events go to; None keeps them in their spools.
        clock: What dates the events.
    """

    def __init__(self, home: Path, database: Database | None, clock: Clock) -> None:
        self.clock = clock
        self._folder = home / "spool"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = database
        self._drainer = Drainer(database, clock) if database else None
        self._sync = DiskSync(clock)

    def open(self, call_id: str, leg: int, *, account_id: str = DEFAULT_ACCOUNT) -> CallLog:
        """Begin a leg.

        Raises:
            StorageError: ``leg_taken`` where this machine has already written under that leg.
        """
        header = to_json({"account_id": account_id, "call_id": call_id, "leg": leg})
        spool = None
        try:
            spool = Spool(self._folder / f"{call_id}.{leg}{SUFFIX}", header)
        except OSError as error:  # a full disk costs safety, never the call
            _log.error("spool_failed", call_id=call_id, error=str(error))
        outbox = Outbox(account_id, call_id, spool)
        if self._drainer:
            self._drainer.add(outbox)
        return CallLog(self, call_id, leg, outbox)

    def spooled(self, call_id: str) -> bool:
        """Whether events of the call are still on their way to the database."""
        return any(self._folder.glob(f"{call_id}.*{SUFFIX}"))

    async def start(self) -> None:
        """Begin to drain and to sync."""
        self._sync.start()
        if self._drainer:
            self._drainer.start()

    async def stop(self) -> None:
        """Drain within five seconds; what is left stays in its spools for the next start."""
        await self._sync.stop()
        if self._drainer:
            await self._drainer.stop(_STOP_PATIENCE_S)

    async def recover(self) -> list[LostLeg]:
        """Take over the spools that a dead process left; return the calls that nobody ended.

        Each such call is to be finished under a later leg: its spools are kept until a
        ``CallEnded`` is appended to it, so that a second crash loses nothing either.
        """
        legs = await asyncio.to_thread(abandoned_legs, self._folder)
        lost = lost_legs(legs)
        unfinished = {leg.call_id for leg in lost}
        for leg in legs:
            leg.outbox.kept = leg.outbox.call_id in unfinished
            if self._drainer:
                self._drainer.add(leg.outbox)
        if self._drainer is None or self._database is None or not legs:
            return lost
        settled: set[str] = set()
        with contextlib.suppress(StorageError, TimeoutError):
            async with asyncio.timeout(_RECOVER_PATIENCE_S):
                await self._drainer.drain()
                settled = await settled_elsewhere(self._database, lost)
        for call_id in settled:
            self._drainer.release(call_id)
        return [leg for leg in lost if leg.call_id not in settled]

    def appended(self, outbox: Outbox, event: Event) -> None:
        """Wake the background work; a call that ends lets its lost legs go."""
        self._sync.mark(outbox)
        if self._drainer:
            if isinstance(event.body, CallEnded):
                self._drainer.release(outbox.call_id)
            self._drainer.wake()

    async def finish(self, outbox: Outbox) -> None:
        """Wait a little until the outbox is drained."""
        if self._drainer is None:
            await asyncio.to_thread(outbox.sync)
            outbox.close()
            return
        self._drainer.wake()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_PATIENCE_S):
                await outbox.done.wait()
