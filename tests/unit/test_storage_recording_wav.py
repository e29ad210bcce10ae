import wave
from pathlib import Path

import numpy as np

from core import ulaw
from storage.recording_file import Channel
from storage.recording_wav import duration_ms, sha256_of, write_wav
from storage.recording_writer import RecordingWriter


def test_the_wav_has_the_caller_left_and_the_agent_right(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    caller = rng.integers(-20000, 20000, 100_000).astype(np.int16)
    agent = rng.integers(-20000, 20000, 60_000).astype(np.int16)
    writer = RecordingWriter(tmp_path, "call_1", 1)
    writer.write(Channel.CALLER, 0, ulaw.encode(caller))
    writer.write(Channel.AGENT, 40_000, ulaw.encode(agent))
    writer.close()
    target = tmp_path / "call_1.wav"
    write_wav(tmp_path / "call_1", target)
    with wave.open(str(target)) as file:
        assert file.getparams()[:4] == (2, 2, 8000, 100_000)
        frames = np.frombuffer(file.readframes(100_000), dtype="<i2").reshape(-1, 2)
    assert (frames[:, 0] == ulaw.decode(ulaw.encode(caller))).all()
    assert not frames[:40_000, 1].any()
    assert (frames[40_000:, 1] == ulaw.decode(ulaw.encode(agent))).all()
    assert duration_ms(target) == 12_500
    assert target.stat().st_mode & 0o777 == 0o600


def test_the_same_sound_gives_the_same_checksum(tmp_path: Path) -> None:
    for name in ("a", "b"):
        writer = RecordingWriter(tmp_path, name, 1)
        writer.write(Channel.AGENT, 0, b"\x12" * 5000)
        writer.close()
        write_wav(tmp_path / name, tmp_path / f"{name}.wav")
    assert sha256_of(tmp_path / "a.wav") == sha256_of(tmp_path / "b.wav")


def test_a_later_leg_goes_over_an_earlier_one(tmp_path: Path) -> None:
    for leg, start in ((1, 0), (2, 100)):
        writer = RecordingWriter(tmp_path, "call_1", leg)
        writer.write(Channel.CALLER, start, ulaw.encode(np.full(200, leg * 1000, dtype=np.int16)))
        writer.close()
    write_wav(tmp_path / "call_1", tmp_path / "call_1.wav")
    with wave.open(str(tmp_path / "call_1.wav")) as file:
        left = np.frombuffer(file.readframes(300), dtype="<i2")[::2]
    assert (left[:100] < 1500).all()
    assert (left[100:] > 1500).all()
