"""The carrier's end of a media stream, without a socket."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

from starlette.websockets import WebSocket

from simulators.carrier.messages import (
    CONNECTED,
    Audio,
    ClearRequest,
    MarkRequest,
    StreamIds,
    Wording,
    read,
)

IDS = StreamIds("AC" + "a" * 32, "CA" + "c" * 32, "MZ" + "f" * 32)


class StreamPeer:
    """Says what a carrier would, and reads what it is sent as strictly as a carrier does."""

    def __init__(self, ids: StreamIds = IDS) -> None:
        self.wording = Wording(ids)
        self.accepted = False
        self.closed: int | None = None
        self.stuck = asyncio.Event()
        self.stuck.set()
        self._ids = ids
        self._outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._incoming: list[str] = []
        self._outgoing.put_nowait({"type": "websocket.connect"})

    @property
    def websocket(self) -> WebSocket:
        """The server's end."""
        return WebSocket({"type": "websocket", "headers": []}, self._outgoing.get, self._take)

    @property
    def got(self) -> list[Audio | MarkRequest | ClearRequest]:
        """What the server sent."""
        return [read(text, self._ids.stream) for text in self._incoming]

    def send(self, *texts: str) -> None:
        """Send messages as they are."""
        for text in texts:
            self._outgoing.put_nowait({"type": "websocket.receive", "text": text})

    def start(self, parameters: Mapping[str, str] | None = None) -> None:
        """Begin the stream."""
        self.send(CONNECTED, self.wording.start(parameters or {}))

    def speak(self, timestamp_ms: int, audio: bytes) -> None:
        """Send the caller's voice."""
        self.send(self.wording.media(timestamp_ms, base64.b64encode(audio).decode()))

    def vanish(self) -> None:
        """The connection breaks."""
        self._outgoing.put_nowait({"type": "websocket.disconnect", "code": 1006})

    async def _take(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "websocket.accept":
                self.accepted = True
            case "websocket.close":
                self.closed = message["code"]
                self.vanish()  # as servers report a socket that they closed
            case "websocket.send":
                await self.stuck.wait()
                self._incoming.append(message["text"])
