"""Hanging up through the vendor's own client, against the carrier's REST interface."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.clock import ManualClock
from core.errors import ProviderError
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.messages import StreamIds
from simulators.carrier.rest import RestServer
from simulators.carrier.tape import HungUpBy
from telephony.twilio.control import TwilioCallControl

ACCOUNT, CALL = "AC" + "a" * 32, "CA" + "b" * 32
TOKEN = "the account's token"
SPECIFICATION = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.json"


class ImpatientClock(ManualClock):
    """Sleeps no time, and remembers for how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
async def stream() -> MediaStream:
    return MediaStream(
        "ws://127.0.0.1:1/", StreamIds(ACCOUNT, CALL, "MZ1"), {}, clock=ManualClock()
    )


@pytest.fixture
async def rest(stream: MediaStream) -> AsyncIterator[RestServer]:
    async with RestServer(ACCOUNT, TOKEN, ManualClock()) as rest:
        rest.connect(stream, "+15550100001", "+15550100100")
        yield rest


@pytest.fixture
def clock() -> ImpatientClock:
    return ImpatientClock()


@pytest.fixture
def control(rest: RestServer, clock: ImpatientClock) -> Iterator[TwilioCallControl]:
    yield from _open(TOKEN, clock, rest.url)


@pytest.fixture
def wrong(rest: RestServer, clock: ImpatientClock) -> Iterator[TwilioCallControl]:
    yield from _open("another token", clock, rest.url)


@pytest.fixture
def unreachable(clock: ImpatientClock) -> Iterator[TwilioCallControl]:
    yield from _open(TOKEN, clock, "http://127.0.0.1:1")


def _open(token: str, clock: ImpatientClock, url: str) -> Iterator[TwilioCallControl]:
    control = TwilioCallControl(ACCOUNT, token, clock, base_url=url)
    yield control
    control.close()


async def complete(rest: RestServer, **form: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json"
        return await http.post(rest.url + path, data=form, auth=(ACCOUNT, TOKEN))


async def test_hanging_up_ends_the_call(
    control: TwilioCallControl, rest: RestServer, stream: MediaStream
) -> None:
    await control.hang_up(CALL)
    await stream.ended.wait()

    assert stream.tape.hung_up_by is HungUpBy.REST
    assert [status for _, status in rest.requests] == [200]


async def test_a_call_that_is_already_over_is_no_error(
    control: TwilioCallControl, rest: RestServer, stream: MediaStream, clock: ImpatientClock
) -> None:
    stream.hang_up()

    await control.hang_up(CALL)
    await control.hang_up("CA" + "c" * 32)

    assert [status for _, status in rest.requests] == [400, 404]
    assert clock.slept == []


async def test_a_wrong_token_is_not_tried_again(
    wrong: TwilioCallControl, rest: RestServer, stream: MediaStream
) -> None:
    with pytest.raises(ProviderError) as caught:
        await wrong.hang_up(CALL)

    assert (caught.value.code, caught.value.retryable) == ("carrier_refused", False)
    assert [status for _, status in rest.requests] == [401]
    assert not stream.ended.is_set()


async def test_an_unreachable_carrier_is_tried_three_times(
    unreachable: TwilioCallControl, clock: ImpatientClock
) -> None:
    with pytest.raises(ProviderError) as caught:
        await unreachable.hang_up(CALL)

    assert (caught.value.code, caught.value.retryable) == ("carrier_unreachable", True)
    assert len(clock.slept) == 2


async def test_a_carrier_that_recovers(
    control: TwilioCallControl,
    rest: RestServer,
    stream: MediaStream,
    clock: ImpatientClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([(503, {"code": 20503, "message": "busy", "status": 503})])
    real = rest.answer
    monkeypatch.setattr(rest, "answer", lambda *request: next(answers, None) or real(*request))

    await control.hang_up(CALL)
    await stream.ended.wait()

    assert len(clock.slept) == 1
    assert stream.tape.hung_up_by is HungUpBy.REST


async def test_only_an_end_can_be_asked_for(rest: RestServer, stream: MediaStream) -> None:
    answer = await complete(rest, Status="canceled")

    assert answer.status_code == 400
    assert not stream.ended.is_set()


@pytest.mark.skipif(not SPECIFICATION.exists(), reason="the vendor's OpenAPI file is not here")
async def test_the_answer_is_the_vendors_call_resource(rest: RestServer) -> None:
    answer = await complete(rest, Status="completed")

    schemas = json.loads(SPECIFICATION.read_text())["components"]["schemas"]
    call = schemas["api.v2010.account.call"]
    assert answer.status_code == 200
    assert answer.json()["status"] == "completed"
    assert set(answer.json()) == set(call["properties"])
    assert [
        name
        for name, value in answer.json().items()
        if not _fits(value, call["properties"][name], schemas)
    ] == []


def _fits(value: object, schema: dict[str, Any], schemas: dict[str, Any]) -> bool:
    """Whether a value is what the vendor's schema allows, as far as this resource needs it."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if value is None:
        return bool(schema.get("nullable"))
    if schema["type"] == "object":
        return isinstance(value, dict)
    return (
        schema["type"] == "string"
        and isinstance(value, str)
        and len(value) >= schema.get("minLength", 0)
        and len(value) <= schema.get("maxLength", len(value))
        and re.search(schema.get("pattern", ""), value) is not None
        and value in schema.get("enum", [value])
    )
