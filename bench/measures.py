"""Latencies read from the carrier's tapes. Pure; positions are samples of the tape at 8 kHz.

The same code reads the tapes of both pipelines, so it cannot favour either:

* **voice-to-voice**: from the caller's last voiced sample to the first sample of the agent's
  answer that is played;
* **overhead**: voice-to-voice less what is no work of the framework: the stub services' delays,
  and the time after the last voiced sample at which the pipeline's own voice detector, with its
  own settings, first allows the turn to end (found by running that detector over the tape with
  nothing else to do, see `bench.endpoints`);
* **barge-in**: from the moment at which the frame with the caller's first voiced sample is sent,
  while the agent's audio plays, to the arrival of ``clear``;
* **input lateness**: from the deadline at which a frame is to be sent to the moment at which the
  server's voice detector has scored the window that the frame completes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulators.carrier.playback import Clear, Run
from simulators.carrier.speech import FRAME

SAMPLES_PER_MS = 8
_EAR = 40  # samples: 5 ms
_LOUD = 200.0**2  # mean power at about -44 dB of full scale
_LONGEST_ANSWER = 32_000  # an answer that begins later answers nothing
_LONGEST_REACTION = 12_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """The voiced part of an utterance: its first sample, and the one behind its last."""

    first: int
    last: int


def voiced(pcm: npt.NDArray[np.int16], start: int, end: int) -> Spoken | None:
    """The voiced part of ``pcm[start:end]``, to 5 ms; None in silence or beyond the tape's end."""
    if end > len(pcm):
        return None
    whole = (end - start) // _EAR * _EAR
    ears = pcm[start : start + whole].astype(np.float32).reshape(-1, _EAR)
    loud = np.flatnonzero((ears**2).mean(axis=1) > _LOUD)
    if not len(loud):
        return None
    return Spoken(start + int(loud[0]) * _EAR, start + (int(loud[-1]) + 1) * _EAR)


def answered_at(runs: Iterable[Run], last_voiced: int) -> int | None:
    """Where the answer to speech that ended at ``last_voiced`` began to play."""
    starts = [run.start for run in runs if 0 <= run.start - last_voiced <= _LONGEST_ANSWER]
    return min(starts, default=None)


def barge_in_ms(runs: Iterable[Run], clears: Iterable[Clear], first_voiced: int) -> float | None:
    """From the sending of the caller's first voiced sample to ``clear``; None if nothing played."""
    sent = first_voiced // FRAME * FRAME
    cut = [c.at for c in clears if c.dropped and 0 <= c.at - sent <= _LONGEST_REACTION]
    if not cut or not any(run.start <= sent < run.end for run in runs):
        return None
    return (min(cut) - sent) / SAMPLES_PER_MS


def lateness_ms(scored: Sequence[tuple[int, int]]) -> list[float]:
    """How late windows were scored.

    Args:
        scored: For each window the sample behind its last, and the position at which it was scored.
    """
    return [(at - (end - 1) // FRAME * FRAME) / SAMPLES_PER_MS for end, at in scored]
