"""A WebSocket client that holds a valid invitation and behaves as it likes."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from simulators.carrier import messages, twiml
from simulators.carrier.dial import ACCOUNT_SID, Carrier
from simulators.carrier.messages import StreamIds, Wording
from tests.e2e.house import NUMBER, TOKEN, House

CARRIER = Carrier(TOKEN)


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the server answered to a webhook: where to stream to, and with which token."""

    call_sid: str
    url: str
    token: str


async def invitation(house: House) -> Invitation:
    """Announce a call."""
    form = {
        "AccountSid": ACCOUNT_SID,
        "CallSid": CARRIER.sid("CA"),
        "From": "+15550100002",
        "To": NUMBER,
    }
    url = f"{house.url}/twilio/voice"
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(url, data=form, headers=CARRIER.signature(url, form))
    (connect, *_) = twiml.read(answer.raise_for_status().text, url)
    assert isinstance(connect, twiml.Connect)
    return Invitation(form["CallSid"], connect.url, connect.parameters["token"])


class Stranger:
    """One connection."""

    def __init__(self, socket: ClientConnection, invited: Invitation) -> None:
        self._socket = socket
        self._invited = invited
        self.words = Wording(StreamIds(ACCOUNT_SID, invited.call_sid, CARRIER.sid("MZ")))

    async def send(self, *texts: str | bytes) -> None:
        """Send messages as they are."""
        with contextlib.suppress(websockets.ConnectionClosed):
            for text in texts:
                await self._socket.send(text)

    def start(self, token: str | None = None) -> str:
        """The message that begins the stream."""
        return self.words.start({"token": self._invited.token if token is None else token})

    async def begin(self) -> None:
        """Begin the stream as a carrier does."""
        await self.send(messages.CONNECTED, self.start())

    async def closing_code(self) -> int:
        """Wait until the server has closed the connection."""
        with contextlib.suppress(websockets.ConnectionClosed):
            async for _ in self._socket:
                pass
        return self._socket.close_code or 0

    def vanish(self) -> None:
        """Drop the connection without a word."""
        self._socket.transport.abort()


@contextlib.asynccontextmanager
async def stranger(invited: Invitation) -> AsyncIterator[Stranger]:
    """Connect."""
    async with websockets.connect(invited.url, compression=None, close_timeout=1) as socket:
        yield Stranger(socket, invited)
