import dataclasses
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.clock import SystemClock
from core.errors import NotFoundError, StorageError
from storage.embedded import EmbeddedServers
from storage.events import SegmentStored
from storage.objects import ObjectStore
from storage.recordings import Channel, RecordingStore
from tests.conftest import store_address
from tests.relay import Relay
from tests.waiting import until


@pytest.fixture
async def relay(embedded_servers: EmbeddedServers) -> AsyncIterator[Relay]:
    relay = Relay(urlsplit(embedded_servers.addresses.s3_endpoint).port or 0)
    await relay.up()
    yield relay
    await relay.down()


@pytest.fixture
async def distant(relay: Relay, embedded_servers: EmbeddedServers) -> AsyncIterator[ObjectStore]:
    """The same bucket, by way of a relay."""
    endpoint = f"http://127.0.0.1:{relay.port}"
    address = dataclasses.replace(store_address(embedded_servers), endpoint=endpoint)
    store = ObjectStore(address, SystemClock())
    yield store
    store.close()


def speak(recordings: RecordingStore, call_id: str, leg: int, frames: range) -> None:
    """Record caller and agent, and die without closing anything."""
    writer = recordings.open(call_id, leg)
    for index in frames:
        writer.write(Channel.CALLER, index * 160, b"\x20" * 160)
        writer.write(Channel.AGENT, index * 160, b"\x30" * 160)


async def test_segments_are_uploaded_while_the_call_runs(
    tmp_path: Path, object_store: ObjectStore
) -> None:
    recordings = RecordingStore(tmp_path, object_store, SystemClock())
    stored: list[SegmentStored] = []
    writer = recordings.open("call_live", 1, stored.append)
    for index in range(300):  # 6 s
        writer.write(Channel.CALLER, index * 160, b"\x20" * 160)
    await until(lambda: len(stored) == 1)
    data = await object_store.get("calls/call_live/segments/001-00000.seg")
    assert stored == [
        SegmentStored(
            0,
            "s3://recordings/calls/call_live/segments/001-00000.seg",
            len(data),
            hashlib.sha256(data).hexdigest(),
        )
    ]
    writer.close()
    recording = await recordings.finish("call_live")
    assert recording.uploaded
    assert recording.duration_ms == 6000
    assert (recording.channels, recording.sample_rate) == (2, 8000)
    kept = recording.path.read_bytes()
    assert await object_store.get("calls/call_live/recording.wav") == kept
    assert hashlib.sha256(kept).hexdigest() == recording.sha256
    assert not await object_store.exists("calls/call_live/segments/001-00000.seg")
    assert [path.name for path in (tmp_path / "recordings").iterdir()] == ["call_live.wav"]
    await recordings.stop()


async def test_finishing_again_gives_the_same(tmp_path: Path, object_store: ObjectStore) -> None:
    recordings = RecordingStore(tmp_path, object_store, SystemClock())
    recordings.open("call_twice", 1)
    writer = recordings.open("call_twice", 2)
    writer.write(Channel.AGENT, 0, b"\x30" * 160)
    writer.close()
    first = await recordings.finish("call_twice")
    assert await recordings.finish("call_twice") == first
    again = RecordingStore(tmp_path, object_store, SystemClock())
    assert await again.finish("call_twice") == first
    await recordings.stop()


async def test_a_killed_workers_legs_are_joined_to_the_last_second(tmp_path: Path) -> None:
    dead = RecordingStore(tmp_path, None, SystemClock())
    speak(dead, "call_killed", 1, range(320))
    speak(dead, "call_killed", 2, range(400, 500))
    recording = await RecordingStore(tmp_path, None, SystemClock()).finish("call_killed")
    assert 10_000 - recording.duration_ms <= 200
    assert recording.uri == recording.path.as_uri()


async def test_a_call_without_sound_has_no_recording(tmp_path: Path) -> None:
    recordings = RecordingStore(tmp_path, None, SystemClock())
    recordings.open("call_mute", 1).close()
    with pytest.raises(NotFoundError) as caught:
        await recordings.finish("call_mute")
    assert caught.value.code == "recording_not_found"


async def test_an_outage_delays_the_upload_and_loses_nothing(
    tmp_path: Path, relay: Relay, distant: ObjectStore, object_store: ObjectStore
) -> None:
    recordings = RecordingStore(tmp_path, distant, SystemClock())
    await relay.down()
    speak(recordings, "call_outage", 1, range(600))
    recording = await recordings.finish("call_outage")
    assert not recording.uploaded
    assert recordings.pending() == ["call_outage"]
    await relay.up()
    await until(lambda: recordings.pending() == [])
    data = await object_store.get("calls/call_outage/recording.wav")
    assert hashlib.sha256(data).hexdigest() == recording.sha256
    await recordings.stop()


async def test_the_next_process_uploads_what_is_pending(
    tmp_path: Path, relay: Relay, distant: ObjectStore, object_store: ObjectStore
) -> None:
    before = RecordingStore(tmp_path, distant, SystemClock())
    await relay.down()
    speak(before, "call_later", 1, range(50))
    await before.finish("call_later")
    await before.stop()
    after = RecordingStore(tmp_path, object_store, SystemClock())
    await after.start()
    await until(lambda: after.pending() == [])
    assert await object_store.exists("calls/call_later/recording.wav")
    await after.stop()


async def test_a_disk_that_is_full_at_the_end_keeps_the_segments(
    tmp_path: Path, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = RecordingStore(tmp_path, object_store, SystemClock())
    speak(before, "call_full", 1, range(100))

    def refuse(folder: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.recordings.write_wav", refuse)
    with pytest.raises(StorageError) as caught:
        await before.finish("call_full")
    assert caught.value.code == "disk_failed"
    monkeypatch.undo()
    after = RecordingStore(tmp_path, object_store, SystemClock())
    await after.start()
    await until(lambda: after.pending() == [])
    assert await object_store.exists("calls/call_full/recording.wav")
    await after.stop()
