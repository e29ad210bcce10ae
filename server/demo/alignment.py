"""How far a recording lies from the carrier's own tape, in samples. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.int16]

_REACH = 1600  # 200 ms each way


@dataclass(frozen=True, slots=True)
class Shift:
    """By how many samples the recording of the tape's samples ``start`` … ``end`` is late."""

    samples: int
    start: int = 0
    end: int = 0


def worst_shift(recorded: Samples, tape: Samples, stretches: Iterable[tuple[int, int]]) -> Shift:
    """The largest shift between recording and tape over stretches of the tape (start, end)."""
    shifts = [
        Shift(shift(recorded, tape, start, end), start, end)
        for start, end in stretches
        if end > start
    ]
    return max(shifts, key=lambda found: abs(found.samples), default=Shift(0))


def shift(recorded: Samples, tape: Samples, start: int, end: int) -> int:
    """By how many samples the recording of one stretch is late; 200 ms where it is not found."""
    piece = tape[start:end].astype(np.float64)
    around = np.zeros(len(piece) + 2 * _REACH)
    first = max(0, start - _REACH)
    found = recorded[first : end + _REACH].astype(np.float64)
    at = first - (start - _REACH)
    around[at : at + len(found)] = found
    if not piece.any() or not around.any():
        return 0 if not piece.any() else _REACH
    size = 1 << (len(around) + len(piece)).bit_length()
    product = np.fft.rfft(around, size) * np.conj(np.fft.rfft(piece, size))
    likeness = np.fft.irfft(product, size)[: 2 * _REACH + 1]
    best = int(likeness.argmax())
    # Half of the energy has to be there, or something else is on the recording.
    return best - _REACH if likeness[best] > 0.5 * float(piece @ piece) else _REACH
