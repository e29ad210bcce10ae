"""The carrier's end of one media stream: a WebSocket, a caller's voice, an earpiece and a tape."""

import asyncio
import contextlib
import math
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from core.clock import Clock
from core.errors import ProtocolError
from simulators.carrier import messages
from simulators.carrier.earpiece import Earpiece
from simulators.carrier.messages import StreamIds, Wording
from simulators.carrier.network import DelayLine, Faults, Uplink
from simulators.carrier.speech import FRAME, RATE, SILENCE, Frame
from simulators.carrier.tape import HungUpBy, Passed, Tape

_FRAME_SECONDS = FRAME / RATE
_CONNECT_SECONDS = 5.0
_GOODBYE_SECONDS = 5.0

Caller = Callable[["MediaStream"], Awaitable[None]]
"""Who is on the phone. Returning is no hang-up: the line stays open and silent."""


class MediaStream:
    """One stream, from the handshake to its end.

    The caller speaks with `say`, listens on ``tape.playback`` at `position`, and may `hang_up`.
    """

    def __init__(
        self,
        url: str,
        ids: StreamIds,
        parameters: Mapping[str, str],
        *,
        clock: Clock,
        faults: Faults | None = None,
        headers: Mapping[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.ids = ids
        self.tape = Tape(call_sid=ids.call, stream_sid=ids.stream)
        self.ended = asyncio.Event()
        self.clock = clock
        self._url = url
        self._parameters = parameters
        self._headers = dict(headers or {})
        self._tls = tls
        self._wording = Wording(ids)
        self._faults = faults or Faults()
        self._uplink = Uplink(self._faults)
        self._to_server: DelayLine[str] = DelayLine(clock, self._write)
        self._from_server: DelayLine[str | bytes | None] = DelayLine(clock, self._take)
        self._mouth: deque[Frame] = deque()
        self._next_frame = 0
        self._began: float | None = None
        self._earpiece = Earpiece(
            self.tape, clock, position=self.position, return_mark=self._return_mark
        )
        self._socket: ClientConnection

    def position(self, moment: float | None = None) -> int:
        """The sample that plays at a moment of the clock, by default now; 0 before media."""
        if self._began is None:
            return 0
        elapsed = (self.clock.monotonic() if moment is None else moment) - self._began
        return max(0, math.floor(elapsed * RATE + 1e-6))

    def say(self, speech: Sequence[Frame]) -> int:
        """Speak after what is still to be said; returns the position of the first sample."""
        start = (self._next_frame + len(self._mouth)) * FRAME
        self._mouth.extend(speech)
        return start

    async def reach(self, position: int) -> None:
        """Wait until the tape is at a position, or the stream has ended."""
        while not self.ended.is_set() and (left := position - self.position()) > 0:
            await self.clock.sleep(min(left / RATE, 0.1))

    async def press(self, digit: str) -> None:
        """Press a key."""
        await self._send("dtmf", self._wording.dtmf(digit))

    async def send_text(self, text: str) -> None:
        """Send anything, as a broken or hostile client would."""
        await self._send("text", text)

    def hang_up(self, by: HungUpBy = HungUpBy.CALLER) -> None:
        """End the call: ``stop`` is sent and the socket closed."""
        self._end(by)

    def vanish(self) -> None:
        """Drop the connection without a word."""
        self._socket.transport.abort()
        self._end(HungUpBy.VANISHED)

    async def run(self, caller: Caller) -> Tape:
        """Connect, stream until either side ends it, and return the tape.

        Raises:
            ProtocolError: The server did not accept the WebSocket.
        """
        self._socket = await self._connect()
        lines = {
            asyncio.ensure_future(self._to_server.run()),
            asyncio.ensure_future(self._from_server.run()),
        }
        try:
            await self._talk(caller, lines)
            await self._say_goodbye()
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)
            await self._socket.close()
        return self.tape

    async def _connect(self) -> ClientConnection:
        try:
            return await websockets.connect(
                self._url,
                additional_headers=self._headers,
                ssl=self._tls,
                compression=None,
                max_queue=None,  # a carrier never makes the server wait
                ping_interval=None,
                open_timeout=_CONNECT_SECONDS,
                close_timeout=1.0,
            )
        except (OSError, TimeoutError, websockets.InvalidHandshake) as error:
            raise ProtocolError("stream_refused", f"{self._url}: {error}") from error

    async def _talk(self, caller: Caller, lines: set[asyncio.Task[None]]) -> None:
        await self._send("connected", messages.CONNECTED)
        await self._send("start", self._wording.start(self._parameters))
        self._began, self.tape.began_at = self.clock.monotonic(), self.clock.now()
        parts: list[Awaitable[object]] = [self._speak(), self._listen(), caller(self)]
        tasks = {asyncio.ensure_future(part) for part in (*parts, self.ended.wait())}
        running: set[asyncio.Future[Any]] = {*tasks, *lines}
        try:
            while not self.ended.is_set():
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            self._end(HungUpBy.CALLER)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._earpiece.close()

    async def _speak(self) -> None:
        """Send one frame every 20 ms, each at its own absolute deadline."""
        began = self.clock.monotonic() if self._began is None else self._began
        while True:
            start = self._next_frame * FRAME
            due = began + start / RATE
            late = self.clock.monotonic() - due
            if late < 0:
                await self.clock.sleep(-late)
                late = self.clock.monotonic() - due
            frame = self._mouth.popleft() if self._mouth else SILENCE
            self._next_frame += 1
            self.tape.sent_ulaw += frame.ulaw
            timestamp = start * 1000 // RATE
            if any(gap.holds(timestamp) for gap in self._faults.gaps):
                continue
            self.tape.send_late.append(round(late * RATE))
            await self._send("media", self._wording.media(timestamp, frame.payload))

    async def _listen(self) -> None:
        delay = self._faults.delay_ms / 1000
        try:
            async for text in self._socket:
                if delay:
                    self._from_server.put(text, delay)
                else:
                    await self._take(text, self.clock.monotonic())
        except websockets.ConnectionClosedError:
            pass
        self._from_server.put(None, delay)

    async def _take(self, text: str | bytes | None, moment: float) -> None:
        """Act on a message of the server as if it had arrived at ``moment``."""
        at = self.position(moment)
        if self.ended.is_set():
            return
        if text is None:
            self.tape.close_code = self._socket.close_code
            self.tape.close_reason = self._socket.close_reason or ""
            self._end(HungUpBy.SOCKET, at)
            return
        try:
            await self._earpiece.take(text, at)
        except ProtocolError as error:
            self.tape.violation = error.message
            self._end(HungUpBy.PROTOCOL, at)

    async def _return_mark(self, name: str) -> None:
        await self._send("mark", self._wording.mark(name))

    async def _send(self, event: str, text: str) -> None:
        """Send a message that was worded in the same step, so that numbers stay in order."""
        at = self.position()
        self.tape.messages.append(Passed(at, event, sent=True))
        if self._faults.delays_uplink:
            self._to_server.put(text, self._uplink.delay(at * 1000 / RATE))
        else:
            await self._write(text)

    async def _write(self, text: str, _due: float = 0.0) -> None:
        try:
            await self._socket.send(text)
        except websockets.ConnectionClosed:
            return  # `_listen` sees the end too, and the reason

    def _end(self, by: HungUpBy, at: int | None = None) -> None:
        if self.ended.is_set():
            return
        self.tape.ended_at = self.position() if at is None else at
        self.tape.unplayed = self.tape.playback.stop(self.tape.ended_at)
        self.tape.hung_up_by = by
        self.ended.set()

    async def _say_goodbye(self) -> None:
        if self.tape.hung_up_by in {HungUpBy.CALLER, HungUpBy.REST, HungUpBy.PROTOCOL}:
            # A server that reads nothing any more is not waited for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await self._send("stop", self._wording.stop())
                    await self._to_server.drained()
