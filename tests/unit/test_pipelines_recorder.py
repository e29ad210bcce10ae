from pathlib import Path

import numpy as np

from core import ulaw
from pipelines.playback import Placed
from pipelines.recorder import Recorder
from pipelines.timeline import Timeline
from storage.recording_file import assemble, unpack
from storage.recordings import RecordingWriter


def recorded(folder: Path) -> list[bytes]:
    """Both channels as they are in the segments."""
    data = b"".join(path.read_bytes() for path in sorted((folder / "call_1").glob("*.seg")))
    return [channel.tobytes() for channel in assemble(unpack(data))]


def started(base_ms: int = 0) -> Timeline:
    """A timeline whose sample 0 was due at 10 s of the machine's clock."""
    timeline = Timeline(base_ms)
    timeline.arrived(0, 10.0)
    return timeline


def test_each_side_is_where_it_was_heard(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, "call_1", 1)
    recorder = Recorder(writer, started())
    recorder.caller(0, b"\x01" * 160)
    recorder.caller(320, b"\x02" * 160)
    assert recorder.agent(Placed(0, 80, 10.02, b"\x03" * 80)) == (160, 240)
    writer.close()
    caller, agent = recorded(tmp_path)
    silence = bytes([ulaw.SILENCE])
    assert caller == b"\x01" * 160 + silence * 160 + b"\x02" * 160
    assert agent == silence * 160 + b"\x03" * 80 + silence * 240


def test_a_later_leg_goes_on_where_its_base_says(tmp_path: Path) -> None:
    writer = RecordingWriter(tmp_path, "call_1", 2)
    recorder = Recorder(writer, started(base_ms=1000))
    recorder.caller(0, b"\x01" * 160)
    assert recorder.agent(Placed(0, 80, 10.0, b"\x03" * 80)) == (0, 80)
    writer.close()
    caller, agent = (np.frombuffer(channel, np.uint8) for channel in recorded(tmp_path))
    assert np.flatnonzero(caller != ulaw.SILENCE)[0] == 8000
    assert np.flatnonzero(agent != ulaw.SILENCE)[0] == 8000


def test_pieces_of_one_burst_follow_each_other_to_the_sample() -> None:
    recorder = Recorder(None, started())
    assert recorder.agent(Placed(0, 800, 10.1, bytes(800))) == (800, 1600)
    assert recorder.agent(Placed(800, 1600, 10.2012, bytes(800))) == (1600, 2400)
    assert recorder.agent(Placed(1600, 2400, 10.2988, bytes(800))) == (2400, 3200)


def test_a_burst_of_its_own_is_not_moved() -> None:
    recorder = Recorder(None, started())
    recorder.agent(Placed(0, 800, 10.1, bytes(800)))
    assert recorder.agent(Placed(800, 1600, 10.25, bytes(800))) == (2000, 2800)


def test_an_agent_that_does_not_record_still_knows_when_it_spoke() -> None:
    recorder = Recorder(None, started())
    recorder.caller(0, b"\x01" * 160)
    assert recorder.agent(Placed(0, 80, 11.0, bytes(80))) == (8000, 8080)
