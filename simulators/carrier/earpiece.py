"""Does what the server asks of playback, and returns its marks when playback gets to them."""

import asyncio
from collections.abc import Awaitable, Callable

from core.clock import Clock
from simulators.carrier.messages import Audio, ClearRequest, MarkRequest, read
from simulators.carrier.speech import RATE
from simulators.carrier.tape import Passed, Tape


class Earpiece:
    """One stream's playback in real time.

    Args:
        tape: Keeps what is played.
        clock: Times the marks.
        position: The sample that plays now.
        return_mark: Sends a mark back.
    """

    def __init__(
        self,
        tape: Tape,
        clock: Clock,
        *,
        position: Callable[[], int],
        return_mark: Callable[[str], Awaitable[None]],
    ) -> None:
        self._tape = tape
        self._clock = clock
        self._position = position
        self._return_mark = return_mark
        self._echoes: set[asyncio.Task[None]] = set()

    async def take(self, text: str | bytes, at: int) -> None:
        """Act on a message of the server that arrived at a position.

        Raises:
            ProtocolError: It is none that a carrier takes.
        """
        message = read(text, self._tape.stream_sid)
        playback = self._tape.playback
        match message:
            case Audio(ulaw):
                self._note(at, "media")
                self._tape.leads.append(playback.feed(at, ulaw))
            case MarkRequest(name):
                self._note(at, "mark")
                due = playback.mark(at, name)
                if due > at:
                    self._echo_at(due)
                else:
                    await self._return(playback.reached(at))
            case ClearRequest():
                self._note(at, "clear")
                await self._return(playback.clear(at))

    async def close(self) -> None:
        """Return no more marks."""
        for echo in self._echoes:
            echo.cancel()
        await asyncio.gather(*self._echoes, return_exceptions=True)

    def _echo_at(self, due: int) -> None:
        echo = asyncio.ensure_future(self._echo(due))
        self._echoes.add(echo)
        echo.add_done_callback(self._echoes.discard)

    async def _echo(self, due: int) -> None:
        # A timer may fire a little early: the mark must not.
        while (left := due - self._position()) > 0:
            await self._clock.sleep(left / RATE)
        await self._return(self._tape.playback.reached(self._position()))

    async def _return(self, names: list[str]) -> None:
        for name in names:
            await self._return_mark(name)

    def _note(self, at: int, event: str) -> None:
        self._tape.messages.append(Passed(at, event, sent=False))
