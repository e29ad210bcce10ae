"""Finishing the calls of a worker that died: from its spool and its recording, nothing is lost."""

import asyncio
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import structlog

from core.errors import CallsureError, NotFoundError
from pipelines.backchannels import SoundKind
from pipelines.last_words import last_words
from pipelines.line import SAMPLE_RATE
from storage.call_log import CallLog
from storage.events import (
    AgentSpoke,
    BackchannelHeard,
    CallEnded,
    RecordingStored,
    TranscriptUpdated,
    TurnEnded,
)
from storage.recording_file import Channel
from storage.recordings import StoredRecording
from storage.recovery import LostLeg
from telephony.services import CallServices
from telephony.unfinished import Unfinished, unfinished

_log = structlog.get_logger(__name__)
_FIRST_LEG = 1
_PER_MS = SAMPLE_RATE // 1000
Samples = npt.NDArray[np.int16]


async def finish_lost_calls(services: CallServices) -> int:
    """Finish every call that an earlier process left without an end; returns how many."""
    lost = await services.logs.recover()
    for leg in lost:
        try:
            await _finish(services, leg)
        except CallsureError as error:
            _log.error("recovery_failed", call_id=leg.call_id, code=error.code, error=str(error))
        except Exception:
            _log.exception("recovery_failed", call_id=leg.call_id)
    await _finish_recordings(services)
    return len(lost)


async def _finish_recordings(services: CallServices) -> None:
    """Make the recordings of calls that had ended when the process did."""
    for call_id in await asyncio.to_thread(services.recordings.unassembled):
        if services.logs.spooled(call_id):
            continue  # its log is still being written: the call is live, or drains first
        try:
            stored = await services.recordings.finish(call_id)
            leg = await services.leases.take_over(call_id, _FIRST_LEG)
        except CallsureError as error:
            _log.warning("recording_not_finished", call_id=call_id, code=error.code)
            continue
        if leg is not None:
            log = services.logs.open(call_id, leg, account_id=services.account_id)
            log.append(recording_event(stored))
            await log.close()
            await services.leases.release(call_id)


async def _finish(services: CallServices, lost: LostLeg) -> None:
    leg = await services.leases.take_over(lost.call_id, lost.leg)
    if leg is None:
        _log.info("call_held_elsewhere", call_id=lost.call_id)
        return
    log = services.logs.open(lost.call_id, leg, account_id=lost.account_id)
    try:
        await _end(services, lost, log)
    finally:  # what failed is tried again at the next start
        await log.close()
        await services.leases.release(lost.call_id)
    _log.info("call_recovered", call_id=lost.call_id, leg=leg)


async def _end(services: CallServices, lost: LostLeg, log: CallLog) -> None:
    """Append what is missing of a call, and its end."""
    try:
        stored: StoredRecording | None = await services.recordings.finish(lost.call_id)
    except NotFoundError:
        stored = None
    if stored is not None:
        channels = await asyncio.to_thread(_read, stored.path)
        await _complete(services, log, unfinished(lost.events), channels)
    ended = len(channels) // _PER_MS if stored is not None else None
    log.append(CallEnded("us", "worker_lost", "the worker stopped in mid-call"), offset_ms=ended)
    if stored is not None:
        log.append(recording_event(stored))


async def _complete(
    services: CallServices, log: CallLog, left: Unfinished, channels: Samples
) -> None:
    """Append what the recording holds and the log does not."""
    if left.agent is not None:
        sounding = np.flatnonzero(channels[:, Channel.AGENT])
        end_ms = int(sounding[-1]) // _PER_MS if len(sounding) else 0
        text = left.agent.heard(end_ms)
        if text:
            whole = " ".join(u.text for u in left.agent.utterances)
            log.append(
                AgentSpoke(left.agent.turn, text, left.agent.start_ms, end_ms, text != whole),
                offset_ms=end_ms,
            )
    rest = channels[left.listened_to_ms * _PER_MS :, Channel.CALLER]
    words = await last_words(np.ascontiguousarray(rest), services.speech)
    if words is None or words.kind is SoundKind.NOISE:
        return
    start_ms = left.listened_to_ms + words.start // _PER_MS
    end_ms = left.listened_to_ms + words.end // _PER_MS
    if words.kind is SoundKind.BACKCHANNEL and left.agent is not None:
        heard = BackchannelHeard(words.kind.value, words.text, start_ms, end_ms)
        log.append(heard, offset_ms=end_ms)
        return
    turn = left.next_turn
    log.append(TranscriptUpdated(turn, words.text, True, words.confidence), offset_ms=end_ms)
    log.append(TurnEnded(turn, words.text, start_ms, end_ms, words.confidence), offset_ms=end_ms)


def recording_event(stored: StoredRecording) -> RecordingStored:
    """The event that says where a recording lies."""
    return RecordingStored(
        uri=stored.uri,
        path=str(stored.path),
        channels=stored.channels,
        sample_rate=stored.sample_rate,
        duration_ms=stored.duration_ms,
        sha256=stored.sha256,
    )


def _read(path: Path) -> Samples:
    """The two channels of a recording, one row a sample (blocking)."""
    with wave.open(str(path), "rb") as file:
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, "<i2").reshape(-1, len(Channel))
