import base64
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ulaw
from core.errors import ConfigurationError
from simulators.carrier.speech import FRAME, frames, read_wav


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def format_chunk(encoding: int, channels: int, rate: int, bits: int) -> tuple[bytes, bytes]:
    align = channels * bits // 8
    return b"fmt ", struct.pack("<HHIIHH", encoding, channels, rate, rate * align, align, bits)


MULAW = format_chunk(7, 1, 8000, 8)


@given(st.binary(max_size=1000))
def test_frames_hold_the_audio_and_nothing_but_silence_after_it(audio: bytes) -> None:
    cut = frames(audio)

    joined = b"".join(frame.ulaw for frame in cut)
    assert joined[: len(audio)] == audio
    assert set(joined[len(audio) :]) <= {ulaw.SILENCE}
    assert len(joined) - len(audio) < FRAME
    assert all(len(frame.ulaw) == FRAME for frame in cut)
    assert all(base64.b64decode(frame.payload) == frame.ulaw for frame in cut)


def test_sixteen_bits_become_mu_law(tmp_path: Path) -> None:
    samples = np.array([0, 1000, -1000, 32767, -32768], dtype="<i2")
    path = tmp_path / "line.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())

    assert read_wav(path) == ulaw.encode(samples.astype(np.int16))


def test_mu_law_is_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    path.write_bytes(riff(MULAW, (b"LIST", b"odd"), (b"data", b"\x01\x02\x03")))

    assert read_wav(path) == b"\x01\x02\x03"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no riff at all",
        riff(MULAW),
        riff((b"data", b"abc")),
        riff((b"fmt ", b"short"), (b"data", b"abc")),
        riff(format_chunk(7, 1, 16000, 8), (b"data", b"abc")),
        riff(format_chunk(7, 2, 8000, 8), (b"data", b"abcd")),
        riff(format_chunk(3, 1, 8000, 32), (b"data", b"abcd")),
    ],
    ids=["empty", "text", "no audio", "no format", "cut format", "16 kHz", "stereo", "float"],
)
def test_any_other_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "line.wav"
    path.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        read_wav(path)

    assert caught.value.code == "speech_unreadable"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"missing\.wav"):
        read_wav(tmp_path / "missing.wav")
