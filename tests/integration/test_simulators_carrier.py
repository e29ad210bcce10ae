"""The carrier against a small real server: what it sends, what it plays, and how calls end."""

import asyncio
import base64
import json
import statistics

import numpy as np
import pytest
from websockets.asyncio.server import ServerConnection, serve

from core.clock import SystemClock
from core.errors import ProtocolError
from simulators.carrier.dial import ACCOUNT_SID, Carrier, dial
from simulators.carrier.load import LoopingCaller
from simulators.carrier.media_stream import Caller, MediaStream
from simulators.carrier.messages import StreamIds
from simulators.carrier.network import Faults, Span
from simulators.carrier.rest import RestServer
from simulators.carrier.speech import FRAME, frames
from simulators.carrier.tape import AgentStretch, HungUpBy, Tape
from telephony.twilio.control import TwilioCallControl
from telephony.twilio.messages import Connected, Dtmf, Start, Stop
from tests.integration.fake_agent import AUTH_TOKEN, MS, FakeAgent, Leg, fake_agent

LINE = frames(b"\x22" * 800)


async def silent(stream: MediaStream) -> None:
    """Hold the line."""


def stays(milliseconds: int) -> Caller:
    """A caller who hangs up after a while."""

    async def caller(stream: MediaStream) -> None:
        await stream.reach(milliseconds * MS)
        stream.hang_up()

    return caller


async def ring(
    agent: FakeAgent,
    caller: Caller = silent,
    *,
    carrier: Carrier | None = None,
    faults: Faults | None = None,
) -> Tape:
    async with asyncio.timeout(30):
        return await dial(
            agent.voice_url,
            carrier or Carrier(AUTH_TOKEN),
            caller,
            from_number="+15550100001",
            to_number="+15550100100",
            faults=faults,
        )


async def test_a_call_from_the_webhook_to_the_caller_hanging_up() -> None:
    async def speaks(stream: MediaStream) -> None:
        assert stream.say(LINE) % FRAME == 0
        await stream.press("5")
        await stream.reach(300 * MS)
        stream.hang_up()

    async with fake_agent() as agent:
        carrier = Carrier(AUTH_TOKEN, status_url=agent.url + "/twilio/status")
        tape = await ring(agent, speaks, carrier=carrier)
        [leg] = agent.legs

    assert [type(message) for message in leg.messages] == [Connected, Start, Dtmf, Stop]
    assert leg.start.call_sid == tape.call_sid == agent.calls[0].call_sid
    assert [change.status for change in agent.changes] == ["completed"]
    assert tape.hung_up_by is HungUpBy.CALLER
    assert tape.violation == ""
    assert [media.timestamp_ms for _, media in leg.heard] == [20 * n for n in range(len(leg.heard))]
    assert leg.voiced() == len(LINE)
    heard = b"".join(media.payload for _, media in leg.heard)
    assert heard == bytes(tape.sent_ulaw[: len(heard)])
    assert len(tape.sent) == len(tape.played) == tape.length
    assert np.count_nonzero(tape.sent) == len(LINE) * FRAME
    assert not tape.played.any()


async def test_frames_keep_their_deadlines() -> None:
    async with fake_agent() as agent:
        tape = await ring(agent, stays(1000))
        [leg] = agent.legs

    assert 49 <= len(leg.heard) <= 52
    assert all(late >= 0 for late in tape.send_late)
    assert statistics.median(tape.send_late) < 5 * MS


async def test_audio_is_on_the_tape_where_it_was_played() -> None:
    async def speaks(leg: Leg) -> None:
        await leg.until(lambda: len(leg.heard) == 10)
        await leg.play(200)
        await leg.mark("end")
        await leg.returned("end")
        await leg.close()

    async with fake_agent(speaks) as agent:
        tape = await ring(agent)

    [stretch] = tape.stretches
    [mark] = tape.playback.marks
    assert tape.hung_up_by is HungUpBy.SOCKET
    assert (tape.close_code, tape.close_reason) == (1000, "done")
    assert 180 * MS <= stretch.start_sample <= 280 * MS
    assert stretch.end_sample - stretch.start_sample == 200 * MS
    assert not stretch.cut
    assert mark.due == stretch.end_sample
    assert np.flatnonzero(tape.played)[0] == stretch.start_sample
    assert np.flatnonzero(tape.played)[-1] == stretch.end_sample - 1
    assert tape.unplayed == 0


async def test_a_mark_returns_when_playback_reaches_it_never_before() -> None:
    names = [f"m{number}" for number in range(20)]

    async def speaks(leg: Leg) -> None:
        for name in names:
            await leg.play(40)
            await leg.mark(name)
        await leg.returned(*names)
        await leg.close()

    async with fake_agent(speaks) as agent:
        tape = await ring(agent)

    returned = [m.at for m in tape.messages if m.event == "mark" and m.sent]
    late = [at - mark.due for at, mark in zip(returned, tape.playback.marks, strict=True)]
    assert [mark.name for mark in tape.playback.marks] == names
    assert all(samples >= 0 for samples in late)
    assert statistics.median(late) < 5 * MS


async def test_a_clear_empties_the_buffer_and_returns_all_marks_at_once() -> None:
    async def speaks(leg: Leg) -> None:
        await leg.play(1000)
        await leg.mark("one")
        await leg.play(1000)
        await leg.mark("two")
        await asyncio.sleep(0.2)
        await leg.clear()
        await leg.returned("one", "two")
        await leg.mark("idle")
        await leg.returned("idle")
        await leg.play(100)
        await leg.mark("again")
        await leg.returned("again")
        await leg.close()

    async with fake_agent(speaks) as agent:
        tape = await ring(agent)
        assert agent.legs[0].marks == ["one", "two", "idle", "again"]

    [clear] = tape.playback.clears
    first, second = tape.stretches
    assert clear.marks == ("one", "two")
    assert first == AgentStretch(first.start_sample, clear.at, cut=True)
    assert clear.dropped == 2000 * MS - (clear.at - first.start_sample)
    assert second.end_sample - second.start_sample == 100 * MS
    assert tape.length < 2000 * MS


async def test_both_ways_of_a_slow_network() -> None:
    times: dict[str, float] = {}

    async def speaks(leg: Leg) -> None:
        loop = asyncio.get_running_loop()
        await leg.until(lambda: len(leg.heard) == 1)
        times["heard"] = loop.time()
        await leg.play(100)
        await leg.mark("end")
        await leg.returned("end")
        times["round trip"] = loop.time() - times["heard"]
        await leg.play(400)
        await asyncio.sleep(0.05)
        times["clear"] = loop.time()
        await leg.clear()
        await leg.mark("cleared")
        await leg.returned("cleared")
        times["cleared"] = loop.time() - times["clear"]
        await leg.close()

    async with fake_agent(speaks) as agent:
        tape = await ring(agent, faults=Faults(delay_ms=120))

    first, second = tape.playback.runs
    assert 120 + 100 + 120 <= times["round trip"] * 1000 < 500
    assert 240 <= times["cleared"] * 1000 < 400
    # The first frame took 120 ms to the server, and its answer 120 ms back.
    assert 240 * MS <= first.start < 320 * MS
    assert second.cut
    assert 40 * MS < len(second.ulaw) < 150 * MS


async def test_a_stall_delivers_late_and_a_gap_never() -> None:
    faults = Faults(jitter_ms=5, stalls=(Span(200, 200),), gaps=(Span(600, 100),))
    async with fake_agent() as agent:
        tape = await ring(agent, stays(1000), faults=faults)
        [leg] = agent.legs

    stamps = [media.timestamp_ms for _, media in leg.heard]
    pauses = [b - a for (a, _), (b, _) in zip(leg.heard, leg.heard[1:], strict=False)]
    assert stamps == [at for at in range(0, stamps[-1] + 20, 20) if not 600 <= at < 700]
    assert max(pauses) * 1000 > 150
    assert len(tape.sent_ulaw) >= (stamps[-1] + 20) * MS


async def test_a_line_that_went_dead_ends_when_the_server_gives_it_up() -> None:
    async def notices(leg: Leg) -> None:
        await leg.until(lambda: len(leg.heard) >= 5)
        await asyncio.sleep(0.5)
        await leg.close()

    async with fake_agent(notices) as agent:
        tape = await ring(agent, faults=Faults(stalls=(Span(200, 60_000),)))
        [leg] = agent.legs

    assert tape.hung_up_by is HungUpBy.SOCKET
    assert len(leg.heard) <= 10
    assert not any(isinstance(message, Stop) for message in leg.messages)


async def test_stutters_are_on_the_tape() -> None:
    async def speaks(leg: Leg) -> None:
        await leg.play(100)
        await asyncio.sleep(0.2)
        await leg.play(100)
        await asyncio.sleep(0.6)
        await leg.play(100)
        await leg.close()

    async with fake_agent(speaks) as agent:
        tape = await ring(agent)

    [underrun] = tape.playback.underruns
    assert 80 * MS < underrun.samples < 250 * MS
    assert len(tape.stretches) == 2
    assert sum(lead < 0 for lead in tape.leads) == 3


async def test_what_is_buffered_at_the_end_is_never_heard() -> None:
    async def speaks(leg: Leg) -> None:
        await leg.play(1000)
        await asyncio.sleep(0.1)
        await leg.close()

    async with fake_agent(speaks) as agent:
        tape = await ring(agent)

    assert tape.unplayed > 700 * MS
    assert tape.stretches[0].cut
    assert tape.stretches[0].end_sample == tape.ended_at


async def test_the_server_ends_the_call_through_rest() -> None:
    clock = SystemClock()
    async with RestServer(ACCOUNT_SID, AUTH_TOKEN, clock) as rest:
        control = TwilioCallControl(ACCOUNT_SID, AUTH_TOKEN, clock, base_url=rest.url)

        async def says_goodbye(leg: Leg) -> None:
            await leg.play(200)
            await leg.mark("last word")
            await leg.returned("last word")
            await control.hang_up(leg.start.call_sid)
            await leg.until(lambda: any(isinstance(message, Stop) for message in leg.messages))

        async with fake_agent(says_goodbye) as agent:
            tape = await ring(agent, carrier=Carrier(AUTH_TOKEN, rest=rest))
        await control.hang_up(tape.call_sid)
        statuses = [status for _, status in rest.requests]
    control.close()

    assert tape.hung_up_by is HungUpBy.REST
    assert tape.unplayed == 0
    assert tape.stretches[0].end_sample <= tape.ended_at
    assert statuses == [200, 400]


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
