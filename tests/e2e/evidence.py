"""What a finished call must have left: a log without a gap, a recording that is the tape."""

import asyncio
import hashlib
import io
import wave
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from server.demo.alignment import shift
from simulators.carrier.tape import Tape
from storage.calls import CallDetail
from storage.events import Event, RecordingStored
from tests.e2e.house import House
from tests.e2e.phone import MS, Said

Samples = npt.NDArray[np.int16]
T = TypeVar("T")

_LOUD = 300  # a shift of something quieter cannot be told


@dataclass(frozen=True, slots=True)
class Recording:
    """The two channels of a call's WAV."""

    caller: Samples
    agent: Samples


def bodies(events: Iterable[Event], kind: type[T]) -> list[T]:
    """What happened of one kind, in order."""
    return [event.body for event in events if isinstance(event.body, kind)]


def assert_no_gap(events: Sequence[Event]) -> None:
    """Every leg's events are numbered 0, 1, 2 …"""
    legs: dict[int, list[int]] = {}
    for event in events:
        legs.setdefault(event.leg, []).append(event.seq)
    assert sorted(legs) == list(range(1, len(legs) + 1))
    for seqs in legs.values():
        assert sorted(seqs) == list(range(len(seqs)))


async def recording_of(house: House, call: CallDetail) -> Recording:
    """The recording as the object store has it, unchanged since its checksum was logged."""
    (stored,) = bodies(call.events, RecordingStored)
    objects = house.objects()
    try:
        data = await objects.get(stored.uri.removeprefix(objects.uri("")))
    finally:
        objects.close()
    assert hashlib.sha256(data).hexdigest() == stored.sha256
    assert await asyncio.to_thread(Path(stored.path).read_bytes) == data
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 2, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert abs(stored.duration_ms - len(samples) / MS) <= 1
    return Recording(samples[:, 0], samples[:, 1])


def shifts_ms(
    recording: Recording, tape: Tape, said: Iterable[Said], until: int | None = None
) -> list[float]:
    """By how much each stretch of either side lies elsewhere on the recording than on the tape."""
    spoken = [(recording.caller, tape.sent, line.start, line.end) for line in said]
    played = [
        (recording.agent, tape.played, stretch.start_sample, stretch.end_sample)
        for stretch in tape.stretches
    ]
    found = []
    for recorded, taped, start, end in (*spoken, *played):
        stop = end if until is None else min(end, until)
        if stop > start and np.abs(taped[start:stop].astype(np.int32)).max() > _LOUD:
            found.append(shift(recorded, taped, start, stop) / MS)
    return found
