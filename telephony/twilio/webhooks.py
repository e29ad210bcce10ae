"""The HTTP requests that Twilio makes about a call."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from core.errors import ProtocolError
from telephony.twilio.signatures import HEADER, Signatures
from telephony.twilio.twiml import MEDIA_TYPE

VOICE_PATH: Final = "/twilio/voice"
STATUS_PATH: Final = "/twilio/status"

_LONGEST_FORM = 65_536


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Somebody dialled one of our numbers."""

    call_sid: str
    account_sid: str
    caller: str
    called: str


@dataclass(frozen=True, slots=True)
class StatusChange:
    """A call came to another state at the carrier, such as ``completed``."""

    call_sid: str
    status: str


def twilio_router(
    signatures: Signatures,
    on_call: Callable[[IncomingCall], Awaitable[str]],
    on_status: Callable[[StatusChange], Awaitable[None]],
) -> APIRouter:
    """The webhooks.

    A request without a valid signature reaches neither function.

    Args:
        signatures: Check each request.
        on_call: Decides about a new call and answers in TwiML.
        on_status: Hears how calls go on.
    """
    router = APIRouter(tags=["twilio"], include_in_schema=False)

    @router.post(VOICE_PATH)
    async def voice(request: Request) -> Response:
        form = await _signed_form(request, VOICE_PATH, signatures)
        call = IncomingCall(
            call_sid=_field(form, "CallSid"),
            account_sid=_field(form, "AccountSid"),
            caller=form.get("From", ""),
            called=_field(form, "To"),
        )
        return Response(await on_call(call), media_type=MEDIA_TYPE)

    @router.post(STATUS_PATH)
    async def status(request: Request) -> Response:
        form = await _signed_form(request, STATUS_PATH, signatures)
        await on_status(StatusChange(_field(form, "CallSid"), _field(form, "CallStatus")))
        return Response(status_code=204)

    return router


async def _signed_form(request: Request, path: str, signatures: Signatures) -> dict[str, str]:
    signature = request.headers.get(HEADER)
    # Without a signature the body is not even read.
    body = await _body(request) if signature else b""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200)
    except ValueError:
        fields = []  # no form, so nothing that Twilio signed as one
    signatures.check_webhook(path, request.url.query, fields, signature)
    return dict(fields)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_FORM:
            reason = f"The webhook's body is over {_LONGEST_FORM} bytes"
            raise ProtocolError("form_too_large", reason)
    return bytes(body)


def _field(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value or "\0" in value:
        raise ProtocolError("bad_form", f"The webhook's {name} is missing or unusable")
    return value
