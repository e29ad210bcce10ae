"""The carrier against a small real server: what it sends, what it plays, and how calls end."""

import asyncio
import statistics

import numpy as np

from core.clock import SystemClock
from simulators.carrier.dial import ACCOUNT_SID, Carrier
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.network import Faults, Span
from simulators.carrier.rest import RestServer
from simulators.carrier.speech import FRAME
from simulators.carrier.tape import AgentStretch, HungUpBy
from telephony.twilio.control import TwilioCallControl
from telephony.twilio.messages import Connected, Dtmf, Start, Stop
from tests.integration.carrier_calls import LINE, ring, stays
from tests.integration.fake_agent import AUTH_TOKEN, MS, Leg, fake_agent


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
