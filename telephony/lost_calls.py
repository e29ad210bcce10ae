"""Calls whose worker died: ended in the log as interrupted by us, their recording put together."""

import structlog

from core.errors import NotFoundError
from storage.call_log import CallLog, CallLogs
from storage.events import CallEnded, RecordingStored
from storage.recordings import RecordingStore
from storage.recovery import LostLeg

_log = structlog.get_logger(__name__)


async def finish_lost_calls(logs: CallLogs, recordings: RecordingStore) -> int:
    """End every call that a dead process left on this machine; return how many there were."""
    lost = await logs.recover()
    ended = [(leg, _end(logs, leg)) for leg in lost]
    for leg, log in ended:
        await _store_recording(log, recordings)
        await log.close()
        _log.warning("lost_call_finished", call_id=leg.call_id, events=len(leg.events))
    return len(lost)


def _end(logs: CallLogs, lost: LostLeg) -> CallLog:
    log = logs.open(lost.call_id, lost.leg + 1, account_id=lost.account_id)
    offsets = [event.offset_ms for event in lost.events if event.offset_ms is not None]
    log.append(
        CallEnded("us", "worker_lost", "the process that ran the call died"),
        offset_ms=max(offsets, default=None),
    )
    return log


async def _store_recording(log: CallLog, recordings: RecordingStore) -> None:
    try:
        stored = await recordings.finish(log.call_id)
    except NotFoundError:
        return  # it died before the first second of audio, or the agent does not record
    log.append(
        RecordingStored(
            uri=stored.uri,
            path=str(stored.path),
            channels=stored.channels,
            sample_rate=stored.sample_rate,
            duration_ms=stored.duration_ms,
            sha256=stored.sha256,
        )
    )
