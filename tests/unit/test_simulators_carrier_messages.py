import base64
import json

import pytest

from core.errors import ProtocolError
from simulators.carrier.messages import (
    Audio,
    ClearRequest,
    MarkRequest,
    StreamIds,
    Wording,
    read,
)

IDS = StreamIds("AC" + "1" * 32, "CA" + "2" * 32, "MZ" + "3" * 32)


def from_server(event: str, stream: str = IDS.stream, **body: object) -> str:
    return json.dumps({"event": event, "streamSid": stream, **body})


def test_the_words_of_the_documentation() -> None:
    wording = Wording(IDS)

    start = json.loads(wording.start({"token": "t"}))
    media = json.loads(wording.media(40, "YQ=="))
    mark = json.loads(wording.mark("m"))
    dtmf = json.loads(wording.dtmf("5"))
    stop = json.loads(wording.stop())

    assert start == {
        "event": "start",
        "sequenceNumber": "1",
        "start": {
            "accountSid": IDS.account,
            "streamSid": IDS.stream,
            "callSid": IDS.call,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "t"},
        },
        "streamSid": IDS.stream,
    }
    assert media == {
        "event": "media",
        "sequenceNumber": "2",
        "media": {"track": "inbound", "chunk": "1", "timestamp": "40", "payload": "YQ=="},
        "streamSid": IDS.stream,
    }
    assert (mark["sequenceNumber"], mark["mark"]) == ("3", {"name": "m"})
    assert (dtmf["sequenceNumber"], dtmf["dtmf"]["digit"]) == ("4", "5")
    assert (stop["sequenceNumber"], stop["stop"]["callSid"]) == ("5", IDS.call)


def test_what_a_server_may_send() -> None:
    payload = base64.b64encode(b"abc").decode()

    assert read(from_server("media", media={"payload": payload}), IDS.stream) == Audio(b"abc")
    assert read(from_server("mark", mark={"name": "m"}), IDS.stream) == MarkRequest("m")
    assert read(from_server("clear"), IDS.stream) == ClearRequest()


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "[]",
        b"{}",
        from_server("start"),
        from_server("stop"),
        from_server("clear", stream="MZ"),
        from_server("media"),
        from_server("media", media={"payload": "###"}),
        from_server("media", media={"payload": ""}),
        from_server("mark", mark={}),
        json.dumps({"event": "clear"}),
    ],
    ids=repr,
)
def test_anything_else_ends_the_stream(text: str | bytes) -> None:
    with pytest.raises(ProtocolError, match="31924"):
        read(text, IDS.stream)
