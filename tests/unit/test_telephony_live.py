import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.errors import StorageError
from pipelines.call import Ending
from storage.events import (
    AgentSpoke,
    CallEnded,
    MediaStarted,
    RecordingStored,
    ToolCalled,
    ToolReturned,
)
from telephony.live import LiveLeg
from telephony.twilio.media_stream import MediaStream
from tests.unit.stream_peer import StreamPeer
from tests.unit.toy_house import GREETING, House, Phone, definition, limits, open_house


@pytest.fixture
async def house(tmp_path: Path, clock: ManualClock) -> AsyncIterator[House]:
    async with open_house(tmp_path, clock) as house:
        yield house


async def greeted(house: House) -> Phone:
    """A caller who has heard the greeting."""
    phone = house.dial(await house.ring())
    await phone.until(lambda: house.bodies(AgentSpoke) != [])
    return phone


async def test_a_call_from_start_to_end(house: House) -> None:
    phone = await greeted(house)
    call_id = house.legs[0].call_id
    await phone.run(0.5)
    assert house.leases.rows[call_id] == (1, "worker_1")
    phone.say("Thank you, bye.")
    await phone.served()
    kinds = [type(body).__name__ for body in house.bodies()]
    assert kinds[:2] == ["CallStarted", "MediaStarted"]
    assert kinds[-2:] == ["CallEnded", "RecordingStored"]
    assert house.bodies(MediaStarted) == [MediaStarted("MZCA1", "audio/x-mulaw", 8000)]
    assert house.bodies(CallEnded) == [CallEnded("agent", "goodbye")]
    assert phone.heard.startswith(GREETING)
    assert "oodbye" in phone.heard
    assert house.control.hung_up == ["CA1"]  # closing the stream would not end the call
    assert phone.peer.closed == 1000
    assert house.leases.rows[call_id] == (1, "")
    assert house.legs[0]._outbox.closed


async def test_both_sides_are_recorded(house: House) -> None:
    phone = await greeted(house)
    phone.say("Thank you, bye.")
    await phone.served()
    (stored,) = house.bodies(RecordingStored)
    assert isinstance(stored, RecordingStored)
    with wave.open(stored.path) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 8000)
        assert abs(file.getnframes() / 8 - stored.duration_ms) <= 1
    ended = house.legs[0].events[-2]
    assert abs((ended.offset_ms or 0) - stored.duration_ms) <= 250


async def test_a_caller_who_hangs_up_needs_no_hanging_up(house: House) -> None:
    phone = await greeted(house)
    phone.hang_up()
    await phone.served()
    assert house.bodies(CallEnded) == [CallEnded("caller", "hangup")]
    assert house.control.hung_up == []


async def test_a_caller_who_was_never_heard_is_ended_all_the_same(house: House) -> None:
    phone = house.dial(await house.ring())
    phone.hang_up()  # before any sound
    await phone.serving
    assert house.bodies(CallEnded) == [CallEnded("caller", "hangup")]
    assert house.bodies(RecordingStored) == []
    assert house.legs[0]._outbox.closed
    assert house.leases.rows[house.legs[0].call_id] == (1, "")
    assert house.calls.live == 0


async def test_a_recording_that_cannot_be_kept_keeps_no_call_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(call_id: str) -> None:
        raise StorageError("disk_failed", "No space left on device")

    monkeypatch.setattr(house.services.recordings, "finish", fail)
    phone = await greeted(house)
    phone.hang_up()
    await phone.served()
    assert house.bodies(CallEnded) == [CallEnded("caller", "hangup")]
    assert house.legs[0]._outbox.closed


async def test_a_line_that_is_lost_is_hung_up(house: House) -> None:
    phone = await greeted(house)
    phone.peer.vanish()
    await phone.served()
    (ended,) = house.bodies(CallEnded)
    assert isinstance(ended, CallEnded)
    assert (ended.by, ended.reason) == ("us", "media_lost")
    assert house.control.hung_up == ["CA1"]


async def test_a_broken_protocol_ends_the_call_with_its_code(house: House) -> None:
    phone = await greeted(house)
    phone.peer.send("{")
    await phone.served()
    (ended,) = house.bodies(CallEnded)
    assert isinstance(ended, CallEnded)
    assert (ended.by, ended.reason) == ("us", "not_json")
    assert ended.detail.startswith("not_json: ")


async def test_a_pipeline_that_cannot_be_built_is_an_end_too(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise MemoryError

    monkeypatch.setattr(house.services.speech.voices, "open", fail)
    phone = house.dial(await house.ring())
    await phone.served()
    assert house.bodies(CallEnded) == [CallEnded("us", "setup_failed", "MemoryError")]
    assert house.control.hung_up == ["CA1"]


async def test_a_call_goes_on_without_the_database(house: House) -> None:
    house.leases.away = True
    phone = await greeted(house)
    await phone.run(40)  # the caller is asked, and at last bidden farewell
    await phone.served()
    assert house.bodies(CallEnded) == [CallEnded("agent", "goodbye")]


async def test_an_agent_that_does_not_record(tmp_path: Path, clock: ManualClock) -> None:
    async with open_house(tmp_path, clock, definition(recording=False)) as house:
        phone = await greeted(house)
        phone.hang_up()
        await phone.served()
    assert house.bodies(RecordingStored) == []
    assert house.bodies(CallEnded) == [CallEnded("caller", "hangup")]
    assert not any((tmp_path / "recordings").iterdir())


async def test_a_call_ends_with_a_farewell_at_the_agent_s_limit(
    tmp_path: Path, clock: ManualClock
) -> None:
    bounds = limits(max_call_seconds=30, silence_prompt_seconds=60)
    async with open_house(tmp_path, clock, definition(limits=bounds)) as house:
        phone = await greeted(house)
        await phone.until(lambda: house.bodies(CallEnded) != [], 60)
        await phone.served()
    assert "Goodbye!" in phone.heard
    assert 30 <= clock.monotonic() <= 40


async def answered(house: House, phone: Phone, text: str) -> None:
    """Say something and hear the answer to its end."""
    spoken = len(house.bodies(AgentSpoke))
    phone.say(text)
    await phone.until(lambda: len(house.bodies(AgentSpoke)) > spoken)


async def test_a_message_is_kept_by_its_event(house: House) -> None:
    phone = await greeted(house)
    for text in ("Can I leave a message?", "Call me back.", "Ann Lee.", "555 010 0002.", "Yes."):
        await answered(house, phone, text)
    phone.hang_up()
    await phone.served()
    arguments = {"name": "Ann Lee", "number": "555-010-0002", "text": "Call me back."}
    assert house.bodies(ToolCalled, ToolReturned) == [
        ToolCalled(5, "take_message", arguments),
        ToolReturned(5, "take_message", True, "The message is in the call's log."),
    ]


async def test_a_leg_that_is_stopped_before_it_has_begun_ends_at_once(house: House) -> None:
    await house.ring()
    (call,) = house.calls._calls.values()
    leg = LiveLeg(house.services, call.agent, call.log)
    leg.stop(Ending("us", "drain", "the server was stopped"))
    peer = StreamPeer()
    websocket = peer.websocket
    await websocket.accept()
    stream = MediaStream(websocket, house.control, house.clock)
    peer.start()
    await leg.run(stream, await stream.open())
    assert house.bodies(CallEnded) == [CallEnded("us", "drain", "the server was stopped")]
    assert house.bodies(AgentSpoke) == []
