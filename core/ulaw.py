"""G.711 μ-law, the telephone's own encoding: one byte a sample, by table."""

from typing import Final

import numpy as np
import numpy.typing as npt

SILENCE: Final = 0xFF
"""The byte that decodes to zero."""

_BIAS = 33
_CLIP = 8158  # the largest magnitude that stays within the top segment


def _encode_table() -> npt.NDArray[np.uint8]:
    """The code of every 16-bit value, indexed by its bits read as unsigned."""
    linear = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    magnitude = np.minimum(np.abs(linear), _CLIP) + _BIAS
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    code = (segment << 4) | ((magnitude >> (segment + 1)) & 0x0F)
    table: npt.NDArray[np.uint8] = (code ^ np.where(linear < 0, 0x7F, 0xFF)).astype(np.uint8)
    return table


def _decode_table() -> npt.NDArray[np.int16]:
    """The sample of every code."""
    code = ~np.arange(256, dtype=np.uint8)
    segment = (code.astype(np.int32) & 0x70) >> 4
    magnitude = ((((code.astype(np.int32) & 0x0F) << 3) + 0x84) << segment) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


_ENCODE = _encode_table()
_DECODE = _decode_table()


def encode(samples: npt.NDArray[np.int16]) -> bytes:
    """Compress 16-bit samples to μ-law."""
    return _ENCODE[np.ascontiguousarray(samples, dtype=np.int16).view(np.uint16)].tobytes()


def decode(data: bytes | bytearray | memoryview | npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    """Expand μ-law to 16-bit samples."""
    return _DECODE[np.frombuffer(data, dtype=np.uint8)]
