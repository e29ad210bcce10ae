"""The demo's look at a recording: whole, aligned, and unchanged in the object store."""

import hashlib
import wave
from pathlib import Path

import numpy as np
import pytest

from core import ulaw
from server.demo.alignment import Samples
from server.demo.recording import check_recording
from simulators.carrier.playback import Playback, Run
from simulators.carrier.script import Step
from simulators.carrier.steps import StepRecord
from simulators.carrier.tape import Tape
from storage.events import RecordingStored
from storage.objects import ObjectStore

KEY = "calls/call_1/recording.wav"
SAID = StepRecord(Step(say="a.wav", text="A."), started=16_000, ended=24_000)


def noise(seed: int, length: int) -> Samples:
    samples = np.random.default_rng(seed).integers(-8000, 8000, length).astype(np.int16)
    return ulaw.decode(ulaw.encode(samples))


def a_tape() -> Tape:
    """A call of four seconds: the agent from 0 to 1.5 s, the caller from 2 to 3 s."""
    caller = np.zeros(32_000, np.int16)
    caller[16_000:24_000] = noise(1, 8_000)
    playback = Playback()
    playback.runs = [Run(0, bytearray(ulaw.encode(noise(2, 12_000))))]
    return Tape(playback=playback, sent_ulaw=bytearray(ulaw.encode(caller)), ended_at=32_000)


def written(path: Path, caller: Samples, agent: Samples) -> RecordingStored:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.column_stack((caller, agent)).astype("<i2").tobytes())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return RecordingStored(f"s3://recordings/{KEY}", str(path), 2, 8000, len(caller) // 8, sha256)


async def verdicts(
    stored: RecordingStored | None, objects: ObjectStore, content: bytes
) -> dict[str, bool]:
    await objects.put(KEY, content, hashlib.sha256(content).hexdigest())
    checks = await check_recording(stored, a_tape(), [SAID], objects)
    return {check.name: check.passed for check in checks}


WHOLE = "the recording holds the call to its last sound"
ALIGNED = "both channels lie as on the carrier's tape"
SAFE = "the object store has it unchanged"


async def test_a_faithful_recording_passes(tmp_path: Path, object_store: ObjectStore) -> None:
    path = tmp_path / "call.wav"
    stored = written(path, a_tape().sent, a_tape().played)

    found = await verdicts(stored, object_store, path.read_bytes())

    assert found == {WHOLE: True, ALIGNED: True, SAFE: True}


@pytest.mark.parametrize("late", [(400, 0), (0, 400)], ids=["caller", "agent"])
async def test_a_channel_that_lies_50_ms_off_fails(
    tmp_path: Path, object_store: ObjectStore, late: tuple[int, int]
) -> None:
    path = tmp_path / "call.wav"
    stored = written(path, np.roll(a_tape().sent, late[0]), np.roll(a_tape().played, late[1]))

    found = await verdicts(stored, object_store, path.read_bytes())

    assert found == {WHOLE: True, ALIGNED: False, SAFE: True}


async def test_a_recording_that_breaks_off_fails(tmp_path: Path, object_store: ObjectStore) -> None:
    path = tmp_path / "call.wav"
    stored = written(path, a_tape().sent[:22_000], a_tape().played[:22_000])

    found = await verdicts(stored, object_store, path.read_bytes())

    assert found[WHOLE] is False


async def test_another_content_in_the_object_store_fails(
    tmp_path: Path, object_store: ObjectStore
) -> None:
    path = tmp_path / "call.wav"
    stored = written(path, a_tape().sent, a_tape().played)

    assert (await verdicts(stored, object_store, b"something else"))[SAFE] is False


async def test_no_recording_fails(object_store: ObjectStore) -> None:
    assert await verdicts(None, object_store, b"") == {"the call was recorded": False}
