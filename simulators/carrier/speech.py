"""Speech in the shape in which the carrier sends it: 20 ms frames, encoded once."""

import base64
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core import ulaw
from core.errors import ConfigurationError

RATE = 8_000
FRAME = 160  # samples, and bytes, in 20 ms

_PCM = 1
_MULAW = 7


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of μ-law and the same in base64, so that a looping caller encodes nothing."""

    ulaw: bytes
    payload: str


def frames(audio: bytes) -> tuple[Frame, ...]:
    """Cut μ-law into frames; the last one is filled up with silence."""
    padded = audio + bytes([ulaw.SILENCE]) * (-len(audio) % FRAME)
    pieces = (padded[at : at + FRAME] for at in range(0, len(padded), FRAME))
    return tuple(Frame(piece, base64.b64encode(piece).decode()) for piece in pieces)


SILENCE = frames(bytes([ulaw.SILENCE]) * FRAME)[0]


def read_wav(path: Path) -> bytes:
    """Read a WAV of one channel at 8 kHz, 16-bit or μ-law, as μ-law.

    The standard library's reader knows no μ-law, so the chunks are walked here.

    Raises:
        ConfigurationError: The file is missing, is no WAV or has another format.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigurationError("speech_unreadable", f"{path}: {error.strerror}") from error
    chunks = _chunks(path, data)
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise ConfigurationError("speech_unreadable", f"{path} has no format or no audio")
    encoding, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][:16])
    if (channels, rate) != (1, RATE) or (encoding, bits) not in {(_PCM, 16), (_MULAW, 8)}:
        raise ConfigurationError(
            "speech_unreadable",
            f"{path} must have one channel at {RATE} Hz in 16-bit or μ-law, "
            f"not {channels} at {rate} Hz (format {encoding}, {bits} bits)",
        )
    audio = chunks[b"data"]
    if encoding == _MULAW:
        return audio
    return ulaw.encode(np.frombuffer(audio[: len(audio) // 2 * 2], dtype="<i2").astype(np.int16))


def _chunks(path: Path, data: bytes) -> dict[bytes, bytes]:
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ConfigurationError("speech_unreadable", f"{path} is not a WAV file")
    found: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        found.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return found
