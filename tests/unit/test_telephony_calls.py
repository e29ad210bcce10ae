import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.clock import ManualClock
from simulators.carrier.messages import StreamIds
from simulators.carrier.twiml import Connect, Hangup, Say
from storage.events import AgentSpoke, CallEnded, CallStarted, MediaStarted
from tests.unit.phone_line import PhoneLine
from tests.unit.stage import settle
from tests.unit.stream_peer import StreamPeer
from tests.unit.toy_house import GREETING, NUMBER, House, Phone, open_house, verbs


@pytest.fixture
async def house(tmp_path: Path, clock: ManualClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, clock) as house:
        yield house


async def test_a_call_is_connected_to_its_agent(house: House) -> None:
    (connect,) = verbs(await house.ring())
    assert isinstance(connect, Connect)
    assert connect.url == "wss://voice.example/twilio/stream"
    assert list(connect.parameters) == ["token"]
    (started,) = house.bodies()
    assert started == CallStarted(
        account_id="default",
        agent_id="front_desk",
        agent_version=3,
        direction="inbound",
        caller="+15550100001",
        called=NUMBER,
        carrier="twilio",
        carrier_call_id="CA1",
    )


async def test_the_same_request_has_the_same_answer(house: House) -> None:
    first, second = await house.ring(), await house.ring()
    assert first == second
    assert house.calls.live == len(house.legs) == 1


async def test_a_number_that_nobody_answers(house: House) -> None:
    (say, hang_up) = verbs(await house.ring(called="+15550100000"))
    assert say == Say("I'm sorry, this number is not in service.")
    assert hang_up == Hangup()
    assert house.legs == []


async def test_a_house_that_is_full(house: House) -> None:
    for sid in ("CA1", "CA2"):
        await house.ring(sid)
    (say, hang_up) = verbs(await house.ring("CA3"))
    assert isinstance(say, Say)
    assert say.text.startswith("All of our lines are busy")
    assert hang_up == Hangup()
    assert isinstance(verbs(await house.ring("CA2"))[0], Connect)  # it has its place


async def test_a_call_whose_stream_never_comes_is_ended(house: House, clock: ManualClock) -> None:
    twiml = await house.ring()
    await settle()
    await clock.advance(59)
    assert house.calls.live == 1
    await clock.advance(2)
    assert house.calls.live == 0
    assert house.bodies(CallEnded) == [
        CallEnded("us", "setup_failed", "the carrier opened no media stream")
    ]
    assert verbs(await house.ring()) == (Hangup(),)
    late = house.dial(twiml)
    await late.served()
    assert late.peer.closed == 1008


async def test_a_token_is_spent_once(house: House) -> None:
    twiml = await house.ring()
    first = house.dial(twiml)
    await first.until(lambda: house.bodies(AgentSpoke) != [])
    second = house.dial(twiml)
    await second.served()
    assert second.peer.closed == 1008
    await first.run(0.5)
    assert first.peer.closed is None
    first.hang_up()
    await first.served()
    assert len(house.bodies(MediaStarted)) == 1


@pytest.mark.parametrize("parameters", [{}, {"token": "v1.9.x.call_1.forged"}])
async def test_a_stream_without_a_token_of_ours_reaches_no_agent(
    house: House, clock: ManualClock, parameters: dict[str, str]
) -> None:
    await house.ring()
    peer = StreamPeer(StreamIds("AC1", "CA1", "MZ1"))
    peer.start(parameters)
    serving = asyncio.create_task(house.calls.media_stream(peer.websocket))
    await Phone(peer, PhoneLine(clock), house.words, serving).served()
    assert peer.closed == 1008
    assert peer.got == []
    assert house.calls.live == 1  # its own stream may still come


async def test_a_stream_that_breaks_the_protocol_is_refused(house: House) -> None:
    peer = StreamPeer()
    peer.send("{")
    await house.calls.media_stream(peer.websocket)
    assert peer.closed == 1008


async def test_a_call_that_ended_is_not_begun_again(house: House) -> None:
    phone = house.dial(await house.ring())
    await phone.until(lambda: house.bodies(AgentSpoke) != [])
    phone.hang_up()
    await phone.served()
    assert house.calls.live == 0
    assert verbs(await house.ring()) == (Hangup(),)


async def test_a_call_that_another_worker_took_over_goes_on_there(house: House) -> None:
    phone = house.dial(await house.ring())
    await phone.until(lambda: house.bodies(AgentSpoke) != [])
    house.calls.fenced("call_of_somebody_else")
    await phone.run(0.5)
    assert phone.peer.closed is None
    house.calls.fenced(house.legs[0].call_id)
    await phone.served()
    assert house.calls.live == 0
    assert house.bodies(CallEnded) == []
    assert house.control.hung_up == []


async def test_closing_ends_live_calls_in_good_order(house: House) -> None:
    phone = house.dial(await house.ring())
    ringing = await house.ring("CA2")
    await phone.run(0.7)
    closing = asyncio.create_task(house.calls.close())
    await phone.served()
    await closing
    assert house.bodies(CallEnded) == [CallEnded("us", "drain", "the server was stopped")] * 2
    (spoke,) = house.bodies(AgentSpoke)
    assert isinstance(spoke, AgentSpoke)
    assert spoke.interrupted
    assert GREETING.startswith(spoke.text)
    assert house.control.hung_up == ["CA1"]
    assert house.calls.live == 0
    late = house.dial(ringing, "CA2")
    await late.served()
    assert late.peer.closed == 1008
    (say, _) = verbs(await house.ring("CA3"))
    assert isinstance(say, Say)
