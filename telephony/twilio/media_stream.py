"""A Twilio media stream as a call's line.

Pipecat's Twilio serializer knows neither marks nor `stop` nor the media's timestamps, and its
transport goes on with whatever arrives; a call here lives by all of them.
"""

import asyncio
import base64
from collections.abc import AsyncIterator

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.clock import Clock, within
from core.errors import CallsureError, ProtocolError
from pipelines.line import LineAudio, LineClosed, LineDigit, LineEvent, LineMark
from telephony.control import CallControl
from telephony.twilio.messages import Connected, Dtmf, Mark, Media, Start, Stop, StreamParser

_START_S = 5.0
_SILENT_LINE_S = 5.0  # a stream sends 50 messages a second: without any, the peer is gone
_STUCK_SEND_S = 5.0
_WATCH_S = 1.0
_SAMPLES_PER_MS = 8
_CLOSE_BAD_REQUEST = 1008

_log = structlog.get_logger(__name__)


class MediaStream:
    """One WebSocket of Twilio's, from its first message to its last."""

    def __init__(self, websocket: WebSocket, control: CallControl, clock: Clock) -> None:
        self._websocket = websocket
        self._control = control
        self._clock = clock
        self._parser = StreamParser()
        self._start: Start | None = None
        self._gone = False
        self._heard_at = clock.monotonic()
        self._sending_since: float | None = None

    async def open(self) -> Start:
        """Wait for the stream to start.

        Raises:
            ProtocolError: ``start_timeout``, ``client_gone``, or what `StreamParser` found.
        """
        try:
            self._start = await within(self._clock, _START_S, self._read_start())
        except TimeoutError:
            raise ProtocolError(
                "start_timeout", f"The stream did not start within {_START_S:.0f} s"
            ) from None
        return self._start

    async def events(self) -> AsyncIterator[LineEvent]:
        """The stream's messages; a broken protocol or a vanished peer closes the line."""
        self._heard_at = self._clock.monotonic()
        watch = asyncio.create_task(self._watch())
        try:
            while True:
                event = await self._next_event()
                if event is not None:
                    yield event
                if isinstance(event, LineClosed):
                    return
        finally:
            watch.cancel()

    async def send_audio(self, ulaw: bytes) -> None:
        """Append audio to Twilio's playback buffer."""
        payload = base64.b64encode(ulaw).decode()
        await self._send(f'"event":"media","media":{{"payload":"{payload}"}}')

    async def send_mark(self, name: str) -> None:
        """Ask to be told when everything sent so far was played."""
        await self._send(f'"event":"mark","mark":{{"name":"{name}"}}')

    async def clear(self) -> None:
        """Empty Twilio's playback buffer."""
        await self._send('"event":"clear"')

    async def hang_up(self) -> None:
        """End the call through the REST interface: closing the stream alone would not."""
        if self._start is None:
            return
        try:
            await self._control.hang_up(self._start.call_sid)
        except CallsureError as error:
            _log.warning("hang_up_failed", code=error.code, reason=error.message)

    async def close(self, code: int = 1000) -> None:
        """Close the socket; a peer that is gone already is no error."""
        self._gone = True
        try:
            await self._websocket.close(code)
        except (RuntimeError, WebSocketDisconnect, OSError):
            return

    async def refuse(self) -> None:
        """Close the socket of a peer that broke the protocol."""
        await self.close(_CLOSE_BAD_REQUEST)

    async def _read_start(self) -> Start:
        while True:
            message = self._parser.feed(await self._receive())
            if isinstance(message, Start):
                return message
            if not isinstance(message, Connected):
                raise ProtocolError("out_of_order", "The stream did not begin with its start")

    async def _next_event(self) -> LineEvent | None:
        try:
            message = self._parser.feed(await self._receive())
        except ProtocolError as error:
            return LineClosed(
                "media_lost" if error.code == "client_gone" else error.code, str(error)
            )
        self._heard_at = self._clock.monotonic()
        match message:
            case Media(timestamp_ms, payload):
                return LineAudio(timestamp_ms * _SAMPLES_PER_MS, payload)
            case Mark(name):
                return LineMark(name)
            case Dtmf(digit):
                return LineDigit(digit)
            case Stop():
                return LineClosed("hangup")
        return None

    async def _receive(self) -> str | bytes:
        message = await self._websocket.receive()
        if message["type"] != "websocket.receive":
            self._gone = True
            raise ProtocolError("client_gone", "The peer closed the socket without a stop")
        text: str | bytes | None = message.get("text")
        return text if text is not None else message.get("bytes") or b""

    async def _send(self, fields: str) -> None:
        if self._gone or self._start is None:
            return
        self._sending_since = self._clock.monotonic()
        try:
            await self._websocket.send_text(f'{{{fields},"streamSid":"{self._start.stream_sid}"}}')
        except (RuntimeError, WebSocketDisconnect, OSError):
            self._gone = True
        finally:
            self._sending_since = None

    async def _watch(self) -> None:
        """Close the socket of a peer that neither sends nor reads any more."""
        while not self._gone:
            await self._clock.sleep(_WATCH_S)
            now = self._clock.monotonic()
            stuck = self._sending_since is not None and now - self._sending_since > _STUCK_SEND_S
            if stuck or now - self._heard_at > _SILENT_LINE_S:
                await self.close()
