"""A small voice server for tests of the carrier: real sockets, and an agent that does as told."""

import asyncio
import base64
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from core.clock import SystemClock
from core.errors import ProtocolError
from core.ids import SystemIds
from server.errors import install_error_handlers
from telephony.twilio.messages import Mark, Media, Message, Start, StreamParser
from telephony.twilio.signatures import HEADER, Signatures
from telephony.twilio.tokens import StreamTokens
from telephony.twilio.twiml import connect_stream
from telephony.twilio.webhooks import IncomingCall, StatusChange, twilio_router

AUTH_TOKEN = "the account's token"
STREAM_PATH = "/twilio/stream"
VOICED = b"\x10"
MS = 8


class Leg:
    """The agent's end of one stream."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.start: Start
        self.heard: list[tuple[float, Media]] = []
        self.messages: list[Message] = []
        self.refused: ProtocolError | None = None
        self._changed = asyncio.Event()

    async def play(self, milliseconds: int, sound: bytes = VOICED) -> None:
        """Send audio, all of it at once."""
        payload = base64.b64encode(sound * milliseconds * MS).decode()
        await self.send("media", media={"payload": payload})

    async def mark(self, name: str) -> None:
        await self.send("mark", mark={"name": name})

    async def clear(self) -> None:
        await self.send("clear")

    async def send(self, event: str, **body: object) -> None:
        message = {"event": event, "streamSid": self.start.stream_sid, **body}
        await self._websocket.send_text(json.dumps(message))

    async def close(self) -> None:
        await self._websocket.close(1000, "done")

    @property
    def marks(self) -> list[str]:
        return [message.name for message in self.messages if isinstance(message, Mark)]

    async def until(self, holds: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait for something that a message of the carrier changes."""
        async with asyncio.timeout(timeout):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def returned(self, *names: str) -> None:
        await self.until(lambda: set(names) <= set(self.marks))

    def voiced(self) -> int:
        """The frames in which the caller is audible."""
        return sum(any(byte != 0xFF for byte in media.payload) for _, media in self.heard)

    async def read(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read the stream to its end."""
        parser = StreamParser()
        try:
            async for text in self._websocket.iter_text():
                message = parser.feed(text)
                if isinstance(message, Start):
                    self.start = message
                if isinstance(message, Media):
                    self.heard.append((loop.time(), message))
                else:
                    self.messages.append(message)
                self._changed.set()
        except ProtocolError as error:
            self.refused = error
        except (WebSocketDisconnect, RuntimeError):
            pass


Behaviour = Callable[[Leg], Awaitable[None]]


async def listen_only(leg: Leg) -> None:
    """Say nothing."""


@dataclass
class FakeAgent:
    """Answers the webhook with a token, and every stream with one behaviour."""

    url: str
    behave: Behaviour = listen_only
    calls: list[IncomingCall] = field(default_factory=list)
    changes: list[StatusChange] = field(default_factory=list)
    legs: list[Leg] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    twiml: str = ""
    token: str = ""

    def __post_init__(self) -> None:
        clock = SystemClock()
        self.signatures = Signatures(AUTH_TOKEN, self.url)
        self.tokens = StreamTokens(b"key", clock, SystemIds(clock), ttl=timedelta(seconds=5))

    @property
    def voice_url(self) -> str:
        return self.url + "/twilio/voice"

    async def on_call(self, call: IncomingCall) -> str:
        self.calls.append(call)
        token = self.token or self.tokens.issue("call_1", call.call_sid)
        return self.twiml or connect_stream(
            self.signatures.stream_url(STREAM_PATH), {"token": token}
        )

    async def on_status(self, change: StatusChange) -> None:
        self.changes.append(change)

    async def on_stream(self, websocket: WebSocket) -> None:
        self.signatures.check_handshake(STREAM_PATH, websocket.headers.get(HEADER))
        await websocket.accept()
        leg = Leg(websocket)
        self.legs.append(leg)
        reading = asyncio.ensure_future(leg.read(asyncio.get_running_loop()))
        behaving = asyncio.ensure_future(self._admit(leg))
        await asyncio.wait({reading, behaving}, return_when=asyncio.FIRST_COMPLETED)
        if behaving.done():
            behaving.result()
        await reading
        behaving.cancel()
        if leg.refused:
            self.refusals.append(leg.refused.code)
            await websocket.close(1008, leg.refused.code)

    async def _admit(self, leg: Leg) -> None:
        await leg.until(lambda: hasattr(leg, "start"))
        try:
            self.tokens.spend(leg.start.parameters["token"], leg.start.call_sid)
        except ProtocolError as error:
            self.refusals.append(error.code)
            await leg.close()
            return
        await self.behave(leg)


class _Server(uvicorn.Server):
    """A server beside the test, that leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def fake_agent(behave: Behaviour = listen_only) -> AsyncIterator[FakeAgent]:
    """Serve on a free port of loopback."""
    listener = socket.create_server(("127.0.0.1", 0))
    agent = FakeAgent(f"http://127.0.0.1:{listener.getsockname()[1]}", behave)
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(twilio_router(agent.signatures, agent.on_call, agent.on_status))
    app.add_api_websocket_route(STREAM_PATH, agent.on_stream)
    config = uvicorn.Config(
        app, ws="websockets-sansio", log_level="error", lifespan="off", timeout_graceful_shutdown=2
    )
    server = _Server(config)
    serving = asyncio.ensure_future(server.serve([listener]))
    try:
        yield agent
    finally:
        server.should_exit = True
        await serving
        listener.close()
