"""When the agent speaks, judged by the sound in the caller's ear."""

from typing import NamedTuple

import numpy as np

from core import ulaw
from simulators.carrier.playback import Playback, Run
from simulators.carrier.speech import FRAME

# The mean power of 20 ms at about -44 dB of full scale: above a codec's hiss, below any voice.
_LOUD = 200.0**2
_POWER = ulaw.decode(bytes(range(256))).astype(np.float32) ** 2


class Sound(NamedTuple):
    """A stretch of audible samples."""

    start: int
    end: int


class _Ear:
    """Finds what is audible in one run, each sample looked at once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._heard = 0
        self._sounds: list[Sound] = []

    def listen(self) -> None:
        """Look at the whole frames that came since the last time."""
        ulaw = self.run.ulaw
        new = np.frombuffer(bytes(ulaw[self._heard : len(ulaw) // FRAME * FRAME]), dtype=np.uint8)
        loud = _POWER[new].reshape(-1, FRAME).mean(axis=1) > _LOUD
        for index in np.flatnonzero(loud):
            start = self.run.start + self._heard + int(index) * FRAME
            if self._sounds and self._sounds[-1].end == start:
                start = self._sounds.pop().start
            self._sounds.append(
                Sound(start, self.run.start + self._heard + (int(index) + 1) * FRAME)
            )
        self._heard += len(new)

    def sounds(self) -> list[Sound]:
        """What is audible, without what was cut off after it had been looked at."""
        end = self.run.end
        return [Sound(s.start, min(s.end, end)) for s in self._sounds if s.start < end]


class Hearing:
    """Follows a playback buffer and finds what is audible in it, 20 ms at a time.

    It also sees what is buffered and not yet played: a pause with more speech behind it is no end.
    """

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._ears: list[_Ear] = []

    def since(self, position: int) -> list[Sound]:
        """What is audible from a position on, in order, cut to it."""
        self._catch_up()
        found: list[Sound] = []
        for ear in reversed(self._ears):
            if ear.run.end <= position:
                break
            sounds = [s for s in ear.sounds() if s.end > position]
            found[:0] = [Sound(max(s.start, position), s.end) for s in sounds]
        return found

    def _catch_up(self) -> None:
        runs = self._playback.runs
        known = len(self._ears)
        # A run whose first sample was cut away is gone, and another may stand in its place.
        if known and (len(runs) < known or runs[known - 1] is not self._ears[-1].run):
            self._ears.pop()
        known = len(self._ears)
        self._ears += [_Ear(run) for run in runs[known:]]
        for ear in self._ears[max(0, known - 1) :]:
            ear.listen()
