"""What the processors of one call share: its log, its clock, its timeline."""

from dataclasses import dataclass, field

from core.clock import Clock
from pipelines.latency import Waterfalls
from pipelines.timeline import Timeline
from storage.call_log import CallLog
from storage.events import Body, Event


@dataclass(slots=True)
class CallContext:
    """One leg of one call."""

    log: CallLog
    clock: Clock
    timeline: Timeline = field(default_factory=Timeline)
    waterfalls: Waterfalls = field(default_factory=Waterfalls)

    def record(self, body: Body, *, at: float | None = None) -> Event:
        """Append to the call's log, at ``at`` (monotonic seconds) or now on its timeline."""
        moment = self.clock.monotonic() if at is None else at
        return self.log.append(body, offset_ms=self.timeline.ms_at(moment))
