from collections.abc import AsyncIterator
from urllib.parse import urlencode

import httpx
import pytest
from fastapi import FastAPI
from twilio.request_validator import RequestValidator

from server.errors import install_error_handlers
from telephony.twilio.signatures import HEADER, Signatures
from telephony.twilio.twiml import say_and_hang_up
from telephony.twilio.webhooks import IncomingCall, StatusChange, twilio_router

PUBLIC = "https://voice.example.com"
TOKEN = "the account's token"
FORM = {
    "CallSid": "CA1",
    "AccountSid": "AC1",
    "From": "+15550100001",
    "To": "+15550100100",
    "CalledCity": "",
    "CallStatus": "ringing",
}


class Calls:
    """Remembers what reached the product."""

    def __init__(self) -> None:
        self.calls: list[IncomingCall] = []
        self.changes: list[StatusChange] = []

    async def on_call(self, call: IncomingCall) -> str:
        self.calls.append(call)
        return say_and_hang_up("Hello.")

    async def on_status(self, change: StatusChange) -> None:
        self.changes.append(change)


@pytest.fixture
def calls() -> Calls:
    return Calls()


@pytest.fixture
async def client(calls: Calls) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(twilio_router(Signatures(TOKEN, PUBLIC), calls.on_call, calls.on_status))
    # The server sees another address than the public one, as behind any proxy.
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://10.0.0.7:8000"
    ) as client:
        yield client


def signed(path: str, form: dict[str, str]) -> dict[str, str]:
    return {HEADER: RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)}


async def test_a_signed_call_is_answered(client: httpx.AsyncClient, calls: Calls) -> None:
    answer = await client.post("/twilio/voice", data=FORM, headers=signed("/twilio/voice", FORM))

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/xml")
    assert "Hello." in answer.text
    assert calls.calls == [IncomingCall("CA1", "AC1", "+15550100001", "+15550100100")]


async def test_a_query_belongs_to_the_signed_address(
    client: httpx.AsyncClient, calls: Calls
) -> None:
    headers = signed("/twilio/voice?region=a%20b", FORM)
    answer = await client.post("/twilio/voice?region=a%20b", data=FORM, headers=headers)

    assert answer.status_code == 200
    assert len(calls.calls) == 1


async def test_a_signed_status_is_taken(client: httpx.AsyncClient, calls: Calls) -> None:
    form = FORM | {"CallStatus": "completed"}
    answer = await client.post("/twilio/status", data=form, headers=signed("/twilio/status", form))

    assert answer.status_code == 204
    assert calls.changes == [StatusChange("CA1", "completed")]


@pytest.mark.parametrize("path", ["/twilio/voice", "/twilio/status"])
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="unsigned"),
        pytest.param({HEADER: "x" * 28}, id="made up"),
        pytest.param(signed("/twilio/other", FORM), id="another path"),
        pytest.param(
            signed("/twilio/voice", FORM | {"To": "+1"})
            | {"X-Forwarded-Host": "voice.example.com"},
            id="another form",
        ),
    ],
)
async def test_a_refused_request_reaches_nothing(
    path: str, headers: dict[str, str], client: httpx.AsyncClient, calls: Calls
) -> None:
    answer = await client.post(path, data=FORM, headers=headers)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_signature"
    assert calls.calls == []
    assert calls.changes == []


async def test_the_address_the_client_names_does_not_count(
    client: httpx.AsyncClient, calls: Calls
) -> None:
    url = "http://evil.example.com/twilio/voice"
    signature = RequestValidator(TOKEN).compute_signature(url, FORM)

    answer = await client.post(
        "/twilio/voice", data=FORM, headers={HEADER: signature, "Host": "evil.example.com"}
    )

    assert answer.status_code == 403
    assert calls.calls == []


@pytest.mark.parametrize("missing", ["CallSid", "AccountSid", "To"])
async def test_a_signed_form_must_be_whole(
    missing: str, client: httpx.AsyncClient, calls: Calls
) -> None:
    form = {name: value for name, value in FORM.items() if name != missing}
    answer = await client.post("/twilio/voice", data=form, headers=signed("/twilio/voice", form))

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_form")
    assert calls.calls == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"\xff\xfe", 403, id="no text"),
        pytest.param(b"{}", 403, id="no form"),
        pytest.param(urlencode({f"a{n}": "1" for n in range(300)}).encode(), 403, id="many fields"),
        pytest.param(b"a=" + b"x" * 70_000, 400, id="too large"),
    ],
)
async def test_a_body_that_twilio_would_not_send(
    body: bytes, status: int, client: httpx.AsyncClient, calls: Calls
) -> None:
    headers = {HEADER: "x" * 28, "Content-Type": "application/x-www-form-urlencoded"}
    answer = await client.post("/twilio/voice", content=body, headers=headers)

    assert answer.status_code == status
    assert calls.calls == []
