"""A caller in the tests' hands: waits for the agent by ear, and speaks recorded lines."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from simulators.carrier.hearing import Hearing, Sound
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.speech import FRAME, RATE, Frame, frames, read_wav

MS = RATE // 1000
Condition = Callable[[list[Sound]], bool]
_LINES = Path(__file__).parents[2] / "examples" / "front_desk" / "script"


def line(name: str) -> tuple[Frame, ...]:
    """One of the example's recorded lines."""
    return frames(read_wav(_LINES / f"{name}.wav"))


class Said(NamedTuple):
    """What the caller said: where its recording begins and ends on the tape."""

    start: int
    end: int


class Phone:
    """One caller's end of a call."""

    def __init__(self, stream: MediaStream, *, patience_s: float = 20.0) -> None:
        self.stream = stream
        self._patience = round(patience_s * RATE)
        self._hearing = Hearing(stream.tape.playback)
        self._since = 0
        self.said: list[Said] = []

    @property
    def now(self) -> int:
        """The position on the tape."""
        return self.stream.position()

    async def say(self, speech: tuple[Frame, ...], *, wait: bool = True) -> Said:
        """Speak at once; what the agent says from then on is the answer."""
        start = self.stream.say(speech)
        said = Said(start, start + len(speech) * FRAME)
        self.said.append(said)
        self._since = said.end
        if wait:
            await self.stream.reach(said.end)
        return said

    async def murmur(self, sound: tuple[Frame, ...]) -> Said:
        """Make a sound that is no turn: the agent's turn goes on."""
        since = self._since
        said = await self.say(sound)
        self._since = since
        return said

    async def answered(self, settle_ms: int = 700) -> list[Sound]:
        """Wait until the agent has spoken and is silent; returns what was audible."""
        return await self._until(
            lambda sounds: bool(sounds) and self.now - sounds[-1].end >= settle_ms * MS
        )

    async def hears_agent(self, for_ms: int) -> list[Sound]:
        """Wait until the agent's turn has been audible for a while."""
        return await self._until(
            lambda sounds: bool(sounds) and self.now - sounds[0].start >= for_ms * MS
        )

    async def wait(self, ms: int) -> None:
        """Listen for a while."""
        await self.stream.reach(self.now + ms * MS)

    async def _until(self, condition: Condition) -> list[Sound]:
        limit = self.now + self._patience
        while True:
            sounds = self._hearing.since(self._since)
            if self.stream.ended.is_set() or condition(sounds):
                return sounds
            spoke_until = sounds[-1].end if sounds else 0
            assert self.now < max(limit, spoke_until + self._patience), "the agent said nothing"
            await self.stream.reach(self.now + FRAME)
