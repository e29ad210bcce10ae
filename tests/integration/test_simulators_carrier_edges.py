"""The carrier against a small real server: refusals, broken peers, and what follows a stream."""

import asyncio
import base64
import json

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from core.clock import SystemClock
from core.errors import ProtocolError
from simulators.carrier.dial import Carrier
from simulators.carrier.load import LoopingCaller
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.messages import StreamIds
from simulators.carrier.speech import FRAME
from simulators.carrier.tape import HungUpBy
from telephony.twilio.messages import Stop
from tests.integration.carrier_calls import LINE, ring, silent, stays
from tests.integration.fake_agent import AUTH_TOKEN, MS, Leg, fake_agent


async def test_a_wrong_signature_is_refused_and_makes_nothing() -> None:
    async with fake_agent() as agent:
        with pytest.raises(ProtocolError, match="403") as caught:
            await ring(agent, carrier=Carrier("another token"))

    assert caught.value.code == "webhook_refused"
    assert agent.calls == []
    assert agent.legs == []


@pytest.mark.parametrize("signed", [True, False])
async def test_the_handshake_may_be_signed(signed: bool) -> None:
    async with fake_agent() as agent:
        tape = await ring(agent, stays(100), carrier=Carrier(AUTH_TOKEN, sign_handshake=signed))

    assert tape.hung_up_by is HungUpBy.CALLER
    assert len(agent.legs) == 1


async def test_a_stream_that_is_refused() -> None:
    async with fake_agent() as agent:
        agent.twiml = (
            f'<Response><Connect><Stream url="{agent.url.replace("http", "ws")}/no"/></Connect>'
            "</Response>"
        )
        with pytest.raises(ProtocolError) as caught:
            await ring(agent)

    assert caught.value.code == "stream_refused"


async def test_a_token_that_was_not_issued_ends_the_stream() -> None:
    async with fake_agent() as agent:
        agent.token = "made up"
        tape = await ring(agent)

    assert agent.refusals == ["unknown_token"]
    assert tape.hung_up_by is HungUpBy.SOCKET


async def test_a_caller_who_vanishes_says_no_goodbye() -> None:
    async def vanishes(stream: MediaStream) -> None:
        await stream.reach(200 * MS)
        stream.vanish()

    async with fake_agent() as agent:
        tape = await ring(agent, vanishes)
        [leg] = agent.legs

    assert tape.hung_up_by is HungUpBy.VANISHED
    assert not any(isinstance(message, Stop) for message in leg.messages)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not JSON", "not_json"),
        ("x" * 70_000, "message_too_large"),
        ('{"event": "start", "sequenceNumber": "9"}', "duplicate_start"),
    ],
    ids=["junk", "huge", "start again"],
)
async def test_a_client_can_misbehave(text: str, code: str) -> None:
    async def misbehaves(stream: MediaStream) -> None:
        await stream.reach(100 * MS)
        await stream.send_text(text)

    async with fake_agent() as agent:
        tape = await ring(agent, misbehaves)

    assert agent.refusals == [code]
    assert (tape.hung_up_by, tape.close_code, tape.close_reason) == (HungUpBy.SOCKET, 1008, code)


async def test_a_server_that_breaks_the_protocol_is_cut_off() -> None:
    async def misbehaves(leg: Leg) -> None:
        await leg.send("hello")
        await leg.until(lambda: any(isinstance(message, Stop) for message in leg.messages))

    async with fake_agent(misbehaves) as agent:
        tape = await ring(agent)

    assert tape.hung_up_by is HungUpBy.PROTOCOL
    assert "31924" in tape.violation
    assert "hello" in tape.violation


async def test_verbs_after_the_stream_are_carried_out_once_the_server_closed_it() -> None:
    async with fake_agent() as agent:
        url = agent.signatures.stream_url("/twilio/stream")
        agent.twiml = (
            f'<Response><Connect><Stream url="{url}"><Parameter name="token" value="t"/></Stream>'
            "</Connect><Say>Sorry.</Say><Hangup/></Response>"
        )
        after_close = await ring(agent)
        after_hang_up = await ring(agent, stays(0))

    assert after_close.said == ["Sorry."]
    assert after_hang_up.said == []


async def test_a_redirect_after_the_stream_is_followed() -> None:
    async with fake_agent() as agent:
        url = agent.signatures.stream_url("/twilio/stream")
        connect = (
            f'<Connect><Stream url="{url}"><Parameter name="token" value="t"/></Stream></Connect>'
        )
        agent.twiml = f"<Response>{connect}<Redirect>/twilio/nowhere</Redirect></Response>"
        tape = await ring(agent)

    assert tape.hung_up_by is HungUpBy.SOCKET
    assert "404" in tape.violation
    assert tape.stream_sid


async def test_a_call_is_not_redirected_for_ever() -> None:
    async with fake_agent() as agent:
        agent.twiml = "<Response><Redirect>/twilio/voice</Redirect></Response>"
        with pytest.raises(ProtocolError, match="too often"):
            await ring(agent)

    assert len(agent.calls) == 11


async def test_a_server_that_dies_leaves_a_tape() -> None:
    async def dies(socket: ServerConnection) -> None:
        for _ in range(12):
            message = await socket.recv()
        payload = base64.b64encode(b"\x10" * 8000).decode()
        media = {"event": "media", "streamSid": json.loads(message)["streamSid"]}
        await socket.send(json.dumps(media | {"media": {"payload": payload}}))
        await asyncio.sleep(0.2)
        socket.transport.abort()

    async with serve(dies, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        stream = MediaStream(
            f"ws://127.0.0.1:{port}/", StreamIds("AC1", "CA1", "MZ1"), {}, clock=SystemClock()
        )
        tape = await stream.run(silent)

    assert (tape.hung_up_by, tape.close_code) == (HungUpBy.SOCKET, 1006)
    assert not tape.server_closed
    assert tape.began_at is not None
    assert tape.unplayed > 500 * MS
    assert tape.stretches[0].end_sample == tape.ended_at


async def test_nobody_need_hear_of_the_end() -> None:
    async with fake_agent() as agent:
        carrier = Carrier(AUTH_TOKEN, status_url="http://127.0.0.1:1/twilio/status")
        tape = await ring(agent, stays(0), carrier=carrier)

    assert tape.hung_up_by is HungUpBy.CALLER


async def test_an_error_of_the_caller_ends_the_call_and_is_not_hidden() -> None:
    async def fails(stream: MediaStream) -> None:
        raise RuntimeError("a mistake in a test")

    async with fake_agent() as agent:
        with pytest.raises(RuntimeError, match="a mistake in a test"):
            await ring(agent, fails)


async def test_many_looping_callers_keep_time_in_one_process() -> None:
    async def babbles(leg: Leg) -> None:
        await leg.play(600)

    callers = [
        LoopingCaller(LINE, listen_seconds=0.2, first_seconds=0.02 * number, seconds=1.5)
        for number in range(10)
    ]
    async with fake_agent(babbles) as agent:
        tapes = await asyncio.gather(*(ring(agent, caller) for caller in callers))

    assert [tape.hung_up_by for tape in tapes] == [HungUpBy.CALLER] * 10
    assert len({tape.call_sid for tape in tapes}) == 10
    for caller, tape in zip(callers, tapes, strict=True):
        start, end = caller.spoken[1]
        assert len(caller.spoken) >= 4
        assert end - start == len(LINE) * FRAME
        assert np.all(tape.sent[start:end] != 0)
        assert np.all(tape.sent[end : end + 10] == 0)
