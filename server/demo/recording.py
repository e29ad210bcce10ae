"""The call's recording against the carrier's tape and against the object store."""

import hashlib
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import CallsureError
from server.demo.alignment import Shift, worst_shift
from server.demo.checks import Check
from simulators.carrier.steps import StepRecord
from simulators.carrier.tape import Tape
from storage.events import RecordingStored
from storage.objects import ObjectStore

_PER_MS = 8
_MOST_SHIFT_MS = 20
# A carrier's last frames may arrive after the recording is closed.
_MOST_MISSING_MS = 40


async def check_recording(
    stored: RecordingStored | None, tape: Tape, records: Sequence[StepRecord], objects: ObjectStore
) -> list[Check]:
    """That a recording is there, whole, aligned on both channels, and safe in the object store."""
    if stored is None:
        return [Check("the call was recorded", False, "no recording in the log")]
    caller, agent = read_channels(Path(stored.path))
    spoken = [(r.started, r.ended) for r in records if r.started is not None and r.ended]
    played = [(stretch.start_sample, stretch.end_sample) for stretch in tape.stretches]
    last_sound = max((end for _, end in (*spoken, *played)), default=0)
    missing = max(0, last_sound - len(caller)) // _PER_MS
    shifts = (worst_shift(caller, tape.sent, spoken), worst_shift(agent, tape.played, played))
    return [
        Check(
            "the recording holds the call to its last sound",
            missing <= _MOST_MISSING_MS,
            f"{stored.duration_ms} ms recorded, {missing} ms missing at the end",
        ),
        Check(
            "both channels lie as on the carrier's tape",
            all(abs(shift.samples) <= _MOST_SHIFT_MS * _PER_MS for shift in shifts),
            f"at the most caller {_told(shifts[0])}, agent {_told(shifts[1])}",
        ),
        await _check_object(stored, objects),
    ]


def read_channels(path: Path) -> tuple[npt.NDArray[np.int16], npt.NDArray[np.int16]]:
    """The caller's (left) and the agent's (right) samples of a WAV."""
    with wave.open(str(path), "rb") as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples[0 :: file.getnchannels()], samples[1 :: file.getnchannels()]


def _told(shift: Shift) -> str:
    milliseconds = shift.samples / _PER_MS
    where = "" if abs(milliseconds) <= _MOST_SHIFT_MS else f" at {shift.start}…{shift.end}"
    return f"{milliseconds:+.1f} ms{where}"


async def _check_object(stored: RecordingStored, objects: ObjectStore) -> Check:
    name = "the object store has it unchanged"
    key = stored.uri.removeprefix(objects.uri(""))
    try:
        found = hashlib.sha256(await objects.get(key)).hexdigest()
    except CallsureError as error:
        return Check(name, False, str(error))
    return Check(name, found == stored.sha256, f"sha256 {found[:16]}…")
