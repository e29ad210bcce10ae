import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ulaw import SILENCE
from storage.recording_file import Channel, Chunk, assemble
from storage.recording_wav import chunks
from storage.recording_writer import RecordingWriter

FRAME = 160


def tone(index: int) -> bytes:
    return bytes([index % 200]) * FRAME


def on_disk(folder: Path, call_id: str = "call_1") -> list[Chunk]:
    return list(chunks(folder / call_id))


def test_sound_is_on_disk_within_a_fifth_of_a_second(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, "call_1", 1)
    for index in range(100):
        writer.write(Channel.CALLER, index * FRAME, tone(index))
        held = (index + 1) * FRAME - sum(len(chunk.ulaw) for chunk in on_disk(tmp_path))
        assert held < 1600
    writer.close()
    assert assemble(on_disk(tmp_path))[Channel.CALLER].tobytes() == b"".join(map(tone, range(100)))


def test_the_agents_last_words_do_not_wait_for_the_agent(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, "call_1", 1)
    writer.write(Channel.AGENT, 0, tone(1))
    for index in range(10):
        writer.write(Channel.CALLER, index * FRAME, tone(index))
    assert [c.ulaw for c in on_disk(tmp_path) if c.channel is Channel.AGENT] == [tone(1)]
    writer.close()


def test_a_gap_stays_where_it_was(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, "call_1", 1)
    writer.write(Channel.CALLER, 0, tone(1))
    writer.write(Channel.CALLER, 4 * FRAME, tone(2))
    writer.close()
    caller = assemble(on_disk(tmp_path))[Channel.CALLER].tobytes()
    assert caller == tone(1) + bytes([SILENCE]) * 3 * FRAME + tone(2)


def test_a_new_file_begins_every_five_seconds(tmp_path: Path) -> None:
    done: list[str] = []
    writer = RecordingWriter(tmp_path, "call_1", 2, lambda path: done.append(path.name))
    for index in range(600):  # 12 s
        writer.write(Channel.CALLER, index * FRAME, tone(index))
    assert done == ["002-00000.seg", "002-00001.seg"]
    writer.close()
    writer.close()
    assert done == ["002-00000.seg", "002-00001.seg", "002-00002.seg"]
    assert len(assemble(on_disk(tmp_path))[0]) == 600 * FRAME


def test_a_recording_without_sound_leaves_no_file(tmp_path: Path) -> None:
    done: list[Path] = []
    writer = RecordingWriter(tmp_path, "call_1", 1, done.append)
    writer.write(Channel.CALLER, 0, b"")
    writer.write(Channel.CALLER, -160, tone(1))
    writer.close()
    writer.write(Channel.CALLER, 0, tone(1))
    assert done == []
    assert on_disk(tmp_path) == []


def test_a_full_disk_costs_sound_but_not_the_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = RecordingWriter(tmp_path, "call_1", 1)
    write = os.write
    writer.write(Channel.CALLER, 0, tone(1) * 10)
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[: len(data) // 2]))
    writer.write(Channel.CALLER, 1600, tone(2) * 10)
    monkeypatch.undo()
    writer.write(Channel.CALLER, 3200, tone(3) * 10)
    writer.close()
    caller = assemble(on_disk(tmp_path))[Channel.CALLER].tobytes()
    assert caller == tone(1) * 10 + bytes([SILENCE]) * 1600 + tone(3) * 10


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    writes=st.lists(
        st.tuples(
            st.sampled_from(Channel), st.integers(0, 60_000), st.binary(min_size=1, max_size=50)
        ),
        max_size=20,
    ),
    name=st.integers(0, 10**12),
)
def test_what_was_written_is_what_is_recorded(
    tmp_path: Path, writes: list[tuple[Channel, int, bytes]], name: int
) -> None:
    folder = tmp_path / f"{name}_{len(list(tmp_path.iterdir()))}"
    writer = RecordingWriter(folder, "call_1", 1)
    for channel, start, ulaw in writes:
        writer.write(channel, start, ulaw)
    writer.close()
    expected = assemble(Chunk(channel, start, ulaw) for channel, start, ulaw in writes)
    assert assemble(on_disk(folder)).tolist() == expected.tolist()
