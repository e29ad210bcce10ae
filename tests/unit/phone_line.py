"""A telephone line in memory, on the test's clock: what a carrier plays, marks and clears."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from core import ulaw
from core.clock import ManualClock
from pipelines.line import LineAudio, LineClosed, LineDigit, LineEvent, LineMark
from tests.unit.stage import settle

FRAME = 160
"""Samples in 20 ms."""


class PhoneLine:
    """The carrier's end; each `tick` carries 20 ms of sound either way."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.arriving: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._buffer: deque[bytes | str] = deque()  # audio, and the marks between
        self._saying = bytearray()
        self._position = 0
        self.heard = bytearray()
        self.clears = 0
        self.deaf = False  # takes what it is sent, and answers nothing

    @property
    def playing(self) -> bool:
        """Whether the telephone has sound to play."""
        return any(isinstance(item, bytes) for item in self._buffer)

    @property
    def saying(self) -> bool:
        """Whether the caller has more to say."""
        return bool(self._saying)

    def say(self, audio: bytes) -> None:
        """The caller says this next."""
        self._saying += audio

    def press(self, digit: str) -> None:
        """The caller presses a key."""
        self.arriving.put_nowait(LineDigit(digit))

    def close(self, reason: str = "hangup") -> None:
        """The line goes away."""
        self.arriving.put_nowait(LineClosed(reason))

    async def tick(self) -> None:
        """Let 20 ms pass."""
        await self._clock.advance(FRAME / 8000)
        await settle()
        self._play()
        audio = bytes(self._saying[:FRAME]).ljust(FRAME, bytes([ulaw.SILENCE]))
        del self._saying[:FRAME]
        self.arriving.put_nowait(LineAudio(self._position, audio))
        self._position += FRAME
        await settle()

    async def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds * 50)):
            await self.tick()

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self.arriving.get()
            yield event
            if isinstance(event, LineClosed):
                return

    async def send_audio(self, ulaw: bytes) -> None:
        self._buffer.append(ulaw)

    async def send_mark(self, name: str) -> None:
        self._buffer.append(name)
        self._return_marks()

    async def clear(self) -> None:
        self.clears += 1
        self._buffer = deque(item for item in self._buffer if isinstance(item, str))
        self._return_marks()

    async def hang_up(self) -> None:
        self.close()

    def _play(self) -> None:
        room = FRAME
        while room and self._buffer:
            item = self._buffer.popleft()
            if isinstance(item, bytes):
                self.heard += item[:room]
                if len(item) > room:
                    self._buffer.appendleft(item[room:])
                room -= min(room, len(item))
            self._return_marks()
        self.heard += bytes([ulaw.SILENCE]) * room

    def _return_marks(self) -> None:
        while self._buffer and isinstance(self._buffer[0], str):
            name = self._buffer.popleft()
            if not self.deaf:
                self.arriving.put_nowait(LineMark(str(name)))
