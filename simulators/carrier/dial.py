"""One telephone call as the carrier makes it: webhook, answer, stream, and what follows it."""

import contextlib
import hashlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
from twilio.request_validator import RequestValidator

from core.clock import Clock, SystemClock
from core.errors import ProtocolError
from core.ids import Ids, SystemIds
from simulators.carrier import twiml
from simulators.carrier.media_stream import Caller, MediaStream
from simulators.carrier.messages import StreamIds
from simulators.carrier.network import Faults
from simulators.carrier.rest import RestServer
from simulators.carrier.speech import RATE
from simulators.carrier.tape import Tape

ACCOUNT_SID = "AC" + "5" * 32
_SIGNATURE = "X-Twilio-Signature"
_MOST_REDIRECTS = 10


@dataclass(frozen=True, slots=True)
class Carrier:
    """What all calls of one carrier share.

    Attributes:
        auth_token: Signs the webhooks.
        account_sid: The account that owns the dialled number.
        rest: Where the server can end a call, if it can.
        status_url: Is told when a call is over.
        sign_handshake: Whether the WebSocket's handshake is signed too.
        tls: How a ``wss`` or ``https`` server is verified.
    """

    auth_token: str
    account_sid: str = ACCOUNT_SID
    rest: RestServer | None = None
    status_url: str | None = None
    sign_handshake: bool = True
    tls: ssl.SSLContext | None = None
    clock: Clock = field(default_factory=SystemClock)
    ids: Ids | None = None

    def sid(self, prefix: str) -> str:
        """A new name such as ``CA`` and 32 hexadecimal digits."""
        name = (self.ids or SystemIds(self.clock)).new(prefix)
        return prefix + hashlib.sha256(name.encode()).hexdigest()[:32]

    def signature(self, url: str, form: dict[str, str]) -> dict[str, str]:
        """The header that proves a request comes from this carrier."""
        return {_SIGNATURE: RequestValidator(self.auth_token).compute_signature(url, form)}


async def dial(
    webhook_url: str,
    carrier: Carrier,
    caller: Caller,
    *,
    from_number: str,
    to_number: str,
    faults: Faults | None = None,
) -> Tape:
    """Call a number: ask its webhook, do what it answers, return the tape.

    Raises:
        ProtocolError: The webhook refused, or answered what the carrier does not accept. Once
            there was a stream, that ends the call instead and stands on the tape.
    """
    form = _form(carrier, carrier.sid("CA"), from_number, to_number)
    async with httpx.AsyncClient(verify=carrier.tls or True, trust_env=False) as http:
        call = _Call(carrier, http, form, caller, faults)
        await call.follow(await _ask(http, carrier, webhook_url, form))
        await call.report_end()
    return call.tape


class _Call:
    """A call on its way through the verbs that its webhooks answered."""

    def __init__(
        self,
        carrier: Carrier,
        http: httpx.AsyncClient,
        form: dict[str, str],
        caller: Caller,
        faults: Faults | None,
    ) -> None:
        self.tape = Tape(call_sid=form["CallSid"])
        self._carrier = carrier
        self._http = http
        self._form = form
        self._caller = caller
        self._faults = faults
        self._said: list[str] = []
        self._redirects = 0

    async def follow(self, verbs: Sequence[twiml.Verb]) -> None:
        """Do one verb after the other until the call is over."""
        todo = list(verbs)
        while todo:
            match todo.pop(0):
                case twiml.Connect() as connect:
                    await self._stream(connect)
                    if not self.tape.server_closed:
                        break
                case twiml.Say(text):
                    self._said.append(text)
                case twiml.Redirect(url):
                    todo = await self._redirected(url)
                case twiml.Hangup():
                    break
        self.tape.said = self._said

    async def report_end(self) -> None:
        """Tell the status address, if there is one; nobody listens for its answer."""
        url = self._carrier.status_url
        if url:
            seconds = str(round(self.tape.ended_at / RATE))
            form = {**self._form, "CallStatus": "completed", "CallDuration": seconds}
            with contextlib.suppress(httpx.HTTPError):
                await self._http.post(url, data=form, headers=self._carrier.signature(url, form))

    async def _stream(self, connect: twiml.Connect) -> None:
        stream = _stream(self._carrier, self.tape.call_sid, connect, self._faults)
        if self._carrier.rest:
            self._carrier.rest.connect(stream, self._form["From"], self._form["To"])
        self.tape = await stream.run(self._caller)

    async def _redirected(self, url: str) -> list[twiml.Verb]:
        self._redirects += 1
        if self._redirects > _MOST_REDIRECTS:
            raise ProtocolError("bad_twiml", f"The call was redirected too often, last to {url}")
        self._form["CallStatus"] = "in-progress"
        try:
            return list(await _ask(self._http, self._carrier, url, self._form))
        except ProtocolError as error:
            if not self.tape.stream_sid:
                raise
            self.tape.violation = error.message
            return []


async def _ask(
    http: httpx.AsyncClient, carrier: Carrier, url: str, form: dict[str, str]
) -> tuple[twiml.Verb, ...]:
    try:
        answer = await http.post(url, data=form, headers=carrier.signature(url, form), timeout=15)
    except httpx.HTTPError as error:
        raise ProtocolError("webhook_unreachable", f"11200: {url}: {error!r}") from error
    if answer.status_code != 200:
        message = f"11200: {url} answered {answer.status_code}: {answer.text[:500]}"
        raise ProtocolError("webhook_refused", message)
    if "xml" not in answer.headers.get("content-type", ""):
        raise ProtocolError("bad_twiml", f"12300: {url} answered no XML")
    return twiml.read(answer.text, url)


def _stream(
    carrier: Carrier, call_sid: str, connect: twiml.Connect, faults: Faults | None
) -> MediaStream:
    return MediaStream(
        connect.url,
        StreamIds(carrier.account_sid, call_sid, carrier.sid("MZ")),
        connect.parameters,
        clock=carrier.clock,
        faults=faults,
        headers=carrier.signature(connect.url, {}) if carrier.sign_handshake else None,
        tls=carrier.tls if urlsplit(connect.url).scheme == "wss" else None,
    )


def _form(carrier: Carrier, call_sid: str, from_number: str, to_number: str) -> dict[str, str]:
    return {
        "AccountSid": carrier.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": call_sid,
        "CallStatus": "ringing",
        "Called": to_number,
        "CalledCity": "",
        "CalledCountry": "US",
        "Caller": from_number,
        "CallerCountry": "US",
        "Direction": "inbound",
        "From": from_number,
        "FromCountry": "US",
        "To": to_number,
        "ToCountry": "US",
    }
