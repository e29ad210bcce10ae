"""One telephone call as the carrier makes it: webhook, answer, stream, and what follows it."""

import hashlib
import ssl
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
        ProtocolError: The webhook refused, or answered what the carrier does not accept.
    """
    call_sid = carrier.sid("CA")
    form = _form(carrier, call_sid, from_number, to_number)
    tape = Tape(call_sid=call_sid)
    said: list[str] = []
    async with httpx.AsyncClient(verify=carrier.tls or True, trust_env=False) as http:
        verbs = list(await _ask(http, carrier, webhook_url, form))
        redirects = 0
        while verbs:
            match verbs.pop(0):
                case twiml.Connect() as connect:
                    stream = _stream(carrier, call_sid, connect, faults)
                    if carrier.rest:
                        carrier.rest.connect(stream, from_number, to_number)
                    tape = await stream.run(caller)
                    if not tape.server_closed:
                        break
                case twiml.Say(text):
                    said.append(text)
                case twiml.Redirect(url) if redirects < _MOST_REDIRECTS:
                    redirects += 1
                    form["CallStatus"] = "in-progress"
                    verbs = list(await _ask(http, carrier, url, form))
                case _:
                    break
        if carrier.status_url:
            seconds = str(round(tape.ended_at / 8000))
            over = {**form, "CallStatus": "completed", "CallDuration": seconds}
            headers = carrier.signature(carrier.status_url, over)
            await http.post(carrier.status_url, data=over, headers=headers)
    tape.said = said
    return tape


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
