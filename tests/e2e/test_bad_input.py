"""What a broken or hostile client sends ends its own connection, for a reason that is logged."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest

from simulators.carrier import messages
from simulators.carrier.dial import ACCOUNT_SID
from storage.calls import CallQueries
from storage.database import Database
from storage.events import CallEnded, Event, MediaStarted
from tests.e2e.chatter import GoodCall, assert_served
from tests.e2e.evidence import bodies
from tests.e2e.house import NUMBER, House
from tests.e2e.misbehaviour import AFTER_START, BEFORE_START
from tests.e2e.stranger import CARRIER, Invitation, invitation, stranger
from tests.waiting import until

_REFUSED = 1008


@pytest.fixture(scope="module")
def good_call(front_desk: House) -> Iterator[GoodCall]:
    """The call that nothing may disturb."""
    call = GoodCall(front_desk)
    call.begin()
    yield call
    call.end()


async def _events_of(house: House, call_sid: str) -> tuple[Event, ...]:
    database = Database(house.database_dsn)
    try:
        queries = CallQueries(database)
        ids = [c.call_id for c in await queries.list(limit=50) if c.carrier_call_id == call_sid]
        return (await queries.get(ids[0])).events if ids else ()
    finally:
        await database.close()


@pytest.mark.parametrize("case", BEFORE_START)
async def test_before_its_start_a_stream_starts_nothing(
    front_desk: House, good_call: GoodCall, case: str
) -> None:
    code, act = BEFORE_START[case]
    invited = await invitation(front_desk)
    logged = len(front_desk.lines("stream_refused"))
    async with stranger(invited) as client:
        await act(client, invited)
        assert await client.closing_code() == _REFUSED
    (refused,) = front_desk.lines("stream_refused")[logged:]
    assert refused["code"] == code
    assert refused["reason"]
    assert not bodies(await _events_of(front_desk, invited.call_sid), MediaStarted)


@pytest.mark.parametrize("case", AFTER_START)
async def test_after_its_start_a_broken_stream_ends_its_call_with_the_reason(
    front_desk: House, good_call: GoodCall, case: str
) -> None:
    code, act = AFTER_START[case]
    invited = await invitation(front_desk)
    async with stranger(invited) as client:
        await client.begin()
        await client.send(client.words.media(0, "/w=="))
        await act(client, invited)
        await client.closing_code()
    end = await _end_of(front_desk, invited)
    assert (end.by, end.reason) == ("us", code)
    assert end.detail


async def test_a_token_admits_once(front_desk: House, good_call: GoodCall) -> None:
    invited = await invitation(front_desk)
    async with stranger(invited) as first:
        await first.begin()
        await until(lambda: _has_media(front_desk, invited))
        async with stranger(invited) as second:
            await second.begin()
            assert await second.closing_code() == _REFUSED
        await first.send(first.words.stop())
        await first.closing_code()
    assert front_desk.lines("stream_refused")[-1]["code"] == "used_token"
    assert (await _end_of(front_desk, invited)).by == "caller"


@pytest.mark.parametrize("begun", [False, True], ids=["before start", "in mid-call"])
async def test_a_client_that_vanishes_ends_its_own_call(
    front_desk: House, good_call: GoodCall, begun: bool
) -> None:
    invited = await invitation(front_desk)
    logged = len(front_desk.lines("stream_refused"))
    async with stranger(invited) as client:
        await client.send(messages.CONNECTED)
        if begun:
            await client.send(client.start())
            await until(lambda: _has_media(front_desk, invited))
        client.vanish()
    if begun:
        end = await _end_of(front_desk, invited)
        assert (end.by, end.reason) == ("us", "media_lost")
    else:
        await until(lambda: len(front_desk.lines("stream_refused")) > logged)
        assert front_desk.lines("stream_refused")[-1]["code"] == "client_gone"


@pytest.mark.parametrize("signature", [None, "", "bm8=", "another call's"])
async def test_a_webhook_without_a_valid_signature_gets_403_and_nothing_else(
    front_desk: House, good_call: GoodCall, signature: str | None
) -> None:
    url = f"{front_desk.url}/twilio/voice"
    form = {"AccountSid": ACCOUNT_SID, "CallSid": CARRIER.sid("CA"), "To": NUMBER}
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    if signature == "another call's":
        headers = CARRIER.signature(url, {**form, "CallSid": CARRIER.sid("CA")})
    spool = front_desk.home / "spool"
    spooled = len(list(spool.iterdir()))
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(url, data=form, headers=headers)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(list(spool.iterdir())) == spooled
    assert await _events_of(front_desk, form["CallSid"]) == ()


async def test_all_that_disturbed_no_other_call(front_desk: House, good_call: GoodCall) -> None:
    await good_call.caller.hears(1)
    tape = await asyncio.to_thread(good_call.end)
    assert not tape.playback.underruns
    await assert_served(front_desk, good_call.caller, tape)


async def _has_media(house: House, invited: Invitation) -> bool:
    return bool(bodies(await _events_of(house, invited.call_sid), MediaStarted))


async def _end_of(house: House, invited: Invitation) -> CallEnded:
    ends: list[CallEnded] = []

    async def has_ended() -> bool:
        ends[:] = bodies(await _events_of(house, invited.call_sid), CallEnded)
        return bool(ends)

    await until(has_ended)
    return ends[0]
