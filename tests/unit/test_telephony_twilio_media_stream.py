import asyncio
import json
from dataclasses import dataclass, field

import pytest

from core.clock import ManualClock
from core.errors import ProtocolError, ProviderError
from pipelines.line import LineAudio, LineClosed, LineDigit, LineEvent, LineMark
from simulators.carrier.messages import CONNECTED, Audio, ClearRequest, MarkRequest
from telephony.twilio.media_stream import MediaStream
from tests.unit.stage import settle
from tests.unit.stream_peer import IDS, StreamPeer


@dataclass
class Control:
    """Stands for the carrier's REST interface."""

    ended: list[str] = field(default_factory=list)
    away: bool = False

    async def hang_up(self, carrier_call_id: str) -> None:
        if self.away:
            raise ProviderError("carrier_unreachable", "No route")
        self.ended.append(carrier_call_id)


@pytest.fixture
def peer() -> StreamPeer:
    return StreamPeer()


@pytest.fixture
def control() -> Control:
    return Control()


@pytest.fixture
async def stream(peer: StreamPeer, control: Control, clock: ManualClock) -> MediaStream:
    websocket = peer.websocket
    await websocket.accept()
    return MediaStream(websocket, control, clock)


async def heard(stream: MediaStream) -> list[LineEvent]:
    """Everything up to the line's end."""
    return [event async for event in stream.events()]


async def test_what_arrives_on_the_line(stream: MediaStream, peer: StreamPeer) -> None:
    peer.start({"token": "t"})
    start = await stream.open()
    assert (start.call_sid, start.parameters) == (IDS.call, {"token": "t"})
    peer.speak(20, b"\x01" * 160)
    peer.send(peer.wording.mark("m1"), peer.wording.dtmf("#"), peer.wording.stop())
    assert await heard(stream) == [
        LineAudio(160, b"\x01" * 160),
        LineMark("m1"),
        LineDigit("#"),
        LineClosed("hangup"),
    ]


async def test_what_is_sent_is_what_a_carrier_reads(stream: MediaStream, peer: StreamPeer) -> None:
    peer.start()
    await stream.open()
    await stream.send_audio(bytes(range(256)))
    await stream.send_mark("m1")
    await stream.clear()
    assert peer.got == [Audio(bytes(range(256))), MarkRequest("m1"), ClearRequest()]


async def test_nothing_is_sent_before_the_stream_has_a_name(
    stream: MediaStream, peer: StreamPeer, control: Control
) -> None:
    await stream.send_audio(b"\x01")
    await stream.hang_up()
    assert peer.got == []
    assert control.ended == []


@pytest.mark.parametrize(
    ("code", "messages"),
    [
        ("not_json", ["{"]),
        ("bad_message", ["[]"]),
        ("out_of_order", [CONNECTED, CONNECTED]),
        ("out_of_order", ['{"event":"start"}']),
        ("media_before_start", [CONNECTED, '{"event":"media"}']),
        ("message_too_large", [" " * 70_000]),
    ],
)
async def test_a_stream_that_does_not_begin_in_due_form(
    stream: MediaStream, peer: StreamPeer, code: str, messages: list[str]
) -> None:
    peer.send(*messages)
    with pytest.raises(ProtocolError) as caught:
        await stream.open()
    assert caught.value.code == code
    await stream.refuse()
    assert peer.closed == 1008


async def test_a_stream_in_another_format(stream: MediaStream, peer: StreamPeer) -> None:
    start = json.loads(peer.wording.start({}))
    start["start"]["mediaFormat"]["encoding"] = "audio/opus"
    peer.send(CONNECTED, json.dumps(start))
    with pytest.raises(ProtocolError) as caught:
        await stream.open()
    assert caught.value.code == "wrong_media_format"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("not_json", "{"),
        ("bad_message", '{"event":7}'),
        ("duplicate_start", '{"event":"start"}'),
        ("out_of_order", CONNECTED),
        ("wrong_stream", '{"event":"mark","sequenceNumber":"9","streamSid":"MZ0","mark":{}}'),
        ("message_too_large", '{"event":"' + "x" * 70_000),
    ],
)
async def test_a_protocol_broken_in_mid_call_closes_the_line_with_the_reason(
    stream: MediaStream, peer: StreamPeer, code: str, message: str
) -> None:
    peer.start()
    await stream.open()
    peer.speak(0, b"\x01" * 160)
    peer.send(message)
    audio, closed = await heard(stream)
    assert audio == LineAudio(0, b"\x01" * 160)
    assert isinstance(closed, LineClosed)
    assert closed.reason == code
    assert closed.detail


async def test_audio_that_is_no_base64(stream: MediaStream, peer: StreamPeer) -> None:
    peer.start()
    await stream.open()
    peer.send(peer.wording.media(0, "!"))
    (closed,) = await heard(stream)
    assert isinstance(closed, LineClosed)
    assert closed.reason == "bad_base64"


async def test_a_peer_that_connects_and_says_nothing(
    stream: MediaStream, peer: StreamPeer, clock: ManualClock
) -> None:
    opening = asyncio.create_task(stream.open())
    peer.send(CONNECTED)
    await settle()
    await clock.advance(4.9)
    assert not opening.done()
    await clock.advance(0.2)
    with pytest.raises(ProtocolError) as caught:
        await opening
    assert caught.value.code == "start_timeout"


async def test_a_peer_that_leaves_before_it_starts(stream: MediaStream, peer: StreamPeer) -> None:
    peer.send(CONNECTED)
    peer.vanish()
    with pytest.raises(ProtocolError) as caught:
        await stream.open()
    assert caught.value.code == "client_gone"
    await stream.refuse()


async def test_a_peer_that_vanishes_loses_the_line(stream: MediaStream, peer: StreamPeer) -> None:
    peer.start()
    await stream.open()
    peer.speak(0, b"\x01" * 160)
    peer.vanish()
    _, closed = await heard(stream)
    assert isinstance(closed, LineClosed)
    assert closed.reason == "media_lost"
    await stream.send_audio(b"\x01")
    assert peer.got == []


async def test_a_line_without_any_message_is_lost(
    stream: MediaStream, peer: StreamPeer, clock: ManualClock
) -> None:
    peer.start()
    await stream.open()
    listening = asyncio.create_task(heard(stream))
    for second in range(8):  # somebody who speaks is heard
        peer.speak(1000 * second, b"\x01" * 160)
        await settle()
        await clock.advance(1)
    assert not listening.done()
    await clock.advance(7)
    await settle()
    assert peer.closed == 1000
    closed = (await listening)[-1]
    assert isinstance(closed, LineClosed)
    assert closed.reason == "media_lost"


async def test_a_peer_that_reads_no_more_is_lost_although_it_speaks(
    stream: MediaStream, peer: StreamPeer, clock: ManualClock
) -> None:
    peer.start()
    await stream.open()
    listening = asyncio.create_task(heard(stream))
    peer.stuck.clear()
    sending = asyncio.create_task(stream.send_audio(b"\x01" * 800))
    for second in range(8):
        peer.speak(1000 * second, b"\x01" * 160)
        await settle()
        await clock.advance(1)
    assert peer.closed == 1000
    assert isinstance((await listening)[-1], LineClosed)
    peer.stuck.set()
    await sending


async def test_hanging_up_is_the_carrier_s_to_do(
    stream: MediaStream, peer: StreamPeer, control: Control
) -> None:
    peer.start()
    await stream.open()
    await stream.hang_up()
    assert control.ended == [IDS.call]
    control.away = True
    await stream.hang_up()  # logged; the stream is closed all the same
    await stream.close()
    await stream.close()
    assert peer.closed == 1000
