import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StorageError
from storage.spool import AbandonedSpool, Spool, frame, payloads

HEADER = b'{"leg":1}'


def spool_at(path: Path, *events: bytes) -> Spool:
    spool = Spool(path, HEADER)
    for event in events:
        spool.append(event)
    return spool


@given(st.lists(st.binary(min_size=1, max_size=60)), st.data())
def test_a_file_cut_at_any_byte_gives_every_whole_frame(
    events: list[bytes], data: st.DataObject
) -> None:
    whole = b"".join(map(frame, events))
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(b"".join(map(frame, events[: n + 1]))) for n in range(len(events))]
    assert payloads(whole[:cut]) == events[: sum(end <= cut for end in ends)]


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1), st.data())
def test_a_damaged_byte_ends_the_prefix_and_invents_nothing(
    events: list[bytes], data: st.DataObject
) -> None:
    whole = bytearray(b"".join(map(frame, events)))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    found = payloads(bytes(whole))
    assert found == events[: len(found)]
    assert len(found) < len(events)


@pytest.mark.parametrize("tail", [b"\xff" * 64, b"\x00" * 64])
def test_what_a_loss_of_power_leaves_is_no_frame(tail: bytes) -> None:
    assert payloads(frame(b"one") + tail) == [b"one"]


def test_events_come_back_in_order(tmp_path: Path) -> None:
    spool_at(tmp_path / "c.1.spool", b"a", b"b").close()
    claimed = AbandonedSpool.claim(tmp_path / "c.1.spool")
    assert claimed is not None
    assert claimed.payloads() == [HEADER, b"a", b"b"]
    claimed.close()


def test_an_owned_spool_cannot_be_claimed(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "c.1.spool", b"a")
    assert AbandonedSpool.claim(spool.path) is None
    spool.close()
    claimed = AbandonedSpool.claim(spool.path)
    assert claimed is not None
    assert AbandonedSpool.claim(spool.path) is None
    claimed.close()


def test_a_leg_is_written_once(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "c.1.spool", b"a")
    with pytest.raises(StorageError) as caught:
        Spool(spool.path, HEADER)
    assert caught.value.code == "leg_taken"
    assert [path.name for path in tmp_path.iterdir()] == ["c.1.spool"]
    spool.close()


def test_a_removed_spool_is_gone(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "c.1.spool")
    spool.remove()
    assert not spool.path.exists()
    assert AbandonedSpool.claim(spool.path) is None


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    spool = spool_at(tmp_path / "c.1.spool")
    assert spool.path.stat().st_mode & 0o777 == 0o600
    spool.close()


def test_a_disk_that_takes_half_an_event_keeps_the_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spool_at(tmp_path / "c.1.spool", b"first")
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[: len(data) // 2]))
    with pytest.raises(OSError, match="part of an event"):
        spool.append(b"second")
    monkeypatch.undo()
    spool.append(b"third")
    spool.sync()
    assert payloads(spool.path.read_bytes()) == [HEADER, b"first", b"third"]
    spool.close()


def test_a_killed_owner_leaves_its_events_and_its_lock(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from storage.spool import Spool\n"
        f"spool = Spool(Path(sys.argv[1]), {HEADER!r})\n"
        "spool.append(b'one'); spool.append(b'two'); print('ready', flush=True); time.sleep(60)"
    )
    path = tmp_path / "c.1.spool"
    owner = subprocess.Popen([sys.executable, "-c", program, path], stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"ready\n"
    assert AbandonedSpool.claim(path) is None
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    claimed = AbandonedSpool.claim(path)
    assert claimed is not None
    assert claimed.payloads() == [HEADER, b"one", b"two"]
    claimed.remove()
    assert list(tmp_path.iterdir()) == []
