"""From segment files to one two-channel WAV. Blocking: for threads."""

import hashlib
import os
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.ulaw import decode
from storage.recording_file import Channel, Chunk, assemble, unpack
from storage.recording_writer import SUFFIX

SAMPLE_RATE = 8000
_BLOCK = 10 * SAMPLE_RATE


def segments(folder: Path) -> list[Path]:
    """The call's segment files in the order in which they were written."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def chunks(folder: Path) -> Iterator[Chunk]:
    """Every whole chunk of the call, leg by leg."""
    for path in segments(folder):
        yield from unpack(path.read_bytes())


def write_wav(folder: Path, target: Path) -> None:
    """Write the call's sound to ``target``, whole or not at all; caller left, agent right."""
    channels = assemble(chunks(folder))
    new = target.with_name(f".{target.name}.new")
    with new.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        with wave.open(file, "wb") as out:
            out.setnchannels(len(Channel))
            out.setsampwidth(2)
            out.setframerate(SAMPLE_RATE)
            for start in range(0, channels.shape[1], _BLOCK):
                out.writeframes(_interleaved(channels[:, start : start + _BLOCK]))
        file.flush()
        os.fsync(file.fileno())
    new.replace(target)


def duration_ms(path: Path) -> int:
    """How long a WAV lasts."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() * 1000 // file.getframerate()


def sha256_of(path: Path) -> str:
    """A file's checksum, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _interleaved(channels: npt.NDArray[np.uint8]) -> bytes:
    frames = np.stack([decode(np.ascontiguousarray(row)) for row in channels], axis=1)
    return frames.astype("<i2").tobytes()
