"""A caller who says nothing: asked once whether they are there, then bidden farewell."""

import asyncio
from collections.abc import Awaitable, Callable

from core.clock import Clock
from storage.events import (
    AgentSpoke,
    AgentStartedSpeaking,
    BackchannelHeard,
    Event,
    TurnEnded,
    UserStartedSpeaking,
)


class SilenceWatch:
    """Counts the silences in which nobody has the floor.

    Args:
        clock: Measures them.
        seconds: How long one lasts.
        on_silence: Called with 1 for the first silence since the caller's last turn, then 2 …
    """

    def __init__(
        self, clock: Clock, seconds: float, on_silence: Callable[[int], Awaitable[None]]
    ) -> None:
        self._clock = clock
        self._seconds = seconds
        self._on_silence = on_silence
        self._since: float | None = None
        self._count = 0
        self._agent_speaks = False
        self._changed = asyncio.Event()

    def note(self, event: Event) -> None:
        """Follow the call by its log."""
        match event.body:
            case AgentSpoke():
                self._agent_speaks, self._since = False, self._clock.monotonic()
            case BackchannelHeard() if not self._agent_speaks:  # a cough: nobody has the floor
                self._since = self._clock.monotonic()
            case AgentStartedSpeaking():
                self._agent_speaks, self._since = True, None
            case UserStartedSpeaking():
                self._since = None
            case TurnEnded():
                # From here, too: an answer may fail to be spoken.
                self._since, self._count = self._clock.monotonic(), 0
            case _:
                return
        self._changed.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        self._since = self._clock.monotonic()
        while True:
            self._changed.clear()
            if self._since is None:
                await self._changed.wait()
                continue
            left = self._since + self._seconds - self._clock.monotonic()
            if left > 0:
                await self._clock.sleep(left)
                continue
            self._since = None
            self._count += 1
            await self._on_silence(self._count)
