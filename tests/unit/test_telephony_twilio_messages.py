import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ProtocolError
from simulators.carrier.messages import CONNECTED, StreamIds, Wording
from telephony.twilio.messages import (
    LONGEST_MESSAGE,
    Connected,
    Dtmf,
    Mark,
    Media,
    Start,
    Stop,
    StreamParser,
    Unknown,
)

IDS = StreamIds("AC" + "1" * 32, "CA" + "2" * 32, "MZ" + "3" * 32)
AUDIO = bytes(range(160))
PAYLOAD = base64.b64encode(AUDIO).decode()


@pytest.fixture
def wording() -> Wording:
    return Wording(IDS)


@pytest.fixture
def live(wording: Wording) -> StreamParser:
    """A parser whose stream has begun."""
    parser = StreamParser()
    parser.feed(CONNECTED)
    parser.feed(wording.start({"token": "t"}))
    return parser


def changed(text: str, **changes: Any) -> str:
    """The message with fields replaced; `a__b` is field b of object a."""
    message = json.loads(text)
    for path, value in changes.items():
        *parents, name = path.split("__")
        target = message
        for parent in parents:
            target = target[parent]
        if value is None:
            del target[name]
        else:
            target[name] = value
    return json.dumps(message)


def refusal(parser: StreamParser, text: str | bytes) -> str:
    with pytest.raises(ProtocolError) as caught:
        parser.feed(text)
    return caught.value.code


def test_a_whole_stream(wording: Wording) -> None:
    parser = StreamParser()

    said = [
        CONNECTED,
        wording.start({"token": "t", "language": "ü"}),
        wording.media(0, PAYLOAD),
        wording.media(20, PAYLOAD),
        wording.mark("u1"),
        wording.dtmf("#"),
        wording.stop(),
    ]

    assert [parser.feed(text) for text in said] == [
        Connected("1.0.0"),
        Start(IDS.stream, IDS.call, IDS.account, {"token": "t", "language": "ü"}),
        Media(0, AUDIO),
        Media(20, AUDIO),
        Mark("u1"),
        Dtmf("#"),
        Stop(),
    ]


def test_bytes_are_read_like_text(live: StreamParser, wording: Wording) -> None:
    assert live.feed(wording.media(40, PAYLOAD).encode()) == Media(40, AUDIO)


def test_an_event_of_a_later_version_is_no_reason_to_hang_up(
    live: StreamParser, wording: Wording
) -> None:
    assert live.feed(changed(wording.mark("x"), event="weather")) == Unknown("weather")


@pytest.mark.parametrize(
    "text",
    ["", "hello", "{", b"\xff\xfe\xfd", "[" * 60_000, '{"event": ' + "9" * 5000 + "}"],
    ids=["empty", "words", "cut off", "no UTF-8", "deep", "a huge number"],
)
def test_what_is_not_json(text: str | bytes) -> None:
    assert refusal(StreamParser(), text) == "not_json"


@pytest.mark.parametrize("text", ["[]", "1", "null", "{}", '{"event": 7}', '{"event": null}'])
def test_json_that_is_no_message(text: str) -> None:
    assert refusal(StreamParser(), text) == "bad_message"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param(" " * LONGEST_MESSAGE, "not_json", id="as large as can be"),
        pytest.param(" " * (LONGEST_MESSAGE + 1), "message_too_large", id="a byte more"),
        pytest.param("ü" * (LONGEST_MESSAGE // 2 + 1), "message_too_large", id="bytes count"),
        pytest.param(b" " * (LONGEST_MESSAGE + 1), "message_too_large", id="as bytes"),
    ],
)
def test_the_size_of_a_message_is_bounded(text: str | bytes, code: str) -> None:
    assert refusal(StreamParser(), text) == code


def test_media_before_start(wording: Wording) -> None:
    parser = StreamParser()
    parser.feed(CONNECTED)

    assert refusal(parser, wording.media(0, PAYLOAD)) == "media_before_start"


def test_a_second_start(live: StreamParser, wording: Wording) -> None:
    assert refusal(live, wording.start({})) == "duplicate_start"


def test_a_second_connected(live: StreamParser) -> None:
    assert refusal(live, CONNECTED) == "out_of_order"


def test_start_without_connected(wording: Wording) -> None:
    assert refusal(StreamParser(), wording.start({})) == "out_of_order"


@pytest.mark.parametrize("event", ["mark", "dtmf", "stop", "weather"])
def test_other_events_before_start(event: str, wording: Wording) -> None:
    parser = StreamParser()
    parser.feed(CONNECTED)

    assert refusal(parser, changed(wording.mark("x"), event=event)) == "out_of_order"


def test_nothing_comes_after_stop(live: StreamParser, wording: Wording) -> None:
    live.feed(wording.stop())

    assert refusal(live, wording.media(0, PAYLOAD)) == "out_of_order"


@pytest.mark.parametrize("number", ["1", "2"], ids=["an earlier number", "the same number"])
def test_numbers_must_rise(number: str, live: StreamParser, wording: Wording) -> None:
    live.feed(wording.media(0, PAYLOAD))

    assert (
        refusal(live, changed(wording.media(20, PAYLOAD), sequenceNumber=number)) == "out_of_order"
    )


def test_a_number_left_out_is_no_disorder(live: StreamParser, wording: Wording) -> None:
    assert live.feed(changed(wording.mark("x"), sequenceNumber="900")) == Mark("x")


@pytest.mark.parametrize(
    "changes",
    [
        {"sequenceNumber": 3},
        {"sequenceNumber": "-3"},
        {"sequenceNumber": "٣"},
        {"sequenceNumber": "3" * 19},
        {"sequenceNumber": None},
        {"streamSid": None},
        {"media": "x"},
        {"media": None},
        {"media__track": "outbound"},
        {"media__timestamp": 20},
        {"media__timestamp": "soon"},
        {"media__timestamp": str(26 * 3600 * 1000)},
        {"media__payload": None},
        {"media__payload": ""},
    ],
    ids=str,
)
def test_a_malformed_media_message(
    changes: dict[str, Any], live: StreamParser, wording: Wording
) -> None:
    assert refusal(live, changed(wording.media(20, PAYLOAD), **changes)) == "bad_message"


@pytest.mark.parametrize("payload", ["###", "abc", "YQ=", "YQ==\n", "ü", 7, ["YQ=="]], ids=repr)
def test_broken_base64(payload: object, live: StreamParser, wording: Wording) -> None:
    text = changed(wording.media(20, PAYLOAD), media__payload=payload)

    assert refusal(live, text) == "bad_base64"


def test_a_message_of_another_stream(live: StreamParser, wording: Wording) -> None:
    text = changed(wording.media(20, PAYLOAD), streamSid="MZ" + "4" * 32)

    assert refusal(live, text) == "wrong_stream"


@pytest.mark.parametrize(
    ("field", "value"), [("encoding", "audio/x-l16"), ("sampleRate", 16000), ("channels", 2)]
)
def test_another_media_format(field: str, value: object, wording: Wording) -> None:
    parser = StreamParser()
    parser.feed(CONNECTED)
    text = changed(wording.start({}), **{f"start__mediaFormat__{field}": value})

    assert refusal(parser, text) == "wrong_media_format"


@pytest.mark.parametrize(
    "changes",
    [
        {"start": []},
        {"start__callSid": "CA 1"},
        {"start__callSid": None},
        {"start__accountSid": ""},
        {"streamSid": "x" * 65},
        {"start__mediaFormat": None},
        {"start__customParameters": ["token"]},
        {"start__customParameters": {"token": 7}},
        {"start__customParameters": {"token": "\0"}},
        {"start__customParameters": {"token": "\ud800"}},
    ],
    ids=ascii,
)
def test_a_malformed_start(changes: dict[str, Any], wording: Wording) -> None:
    parser = StreamParser()
    parser.feed(CONNECTED)

    assert refusal(parser, changed(wording.start({}), **changes)) == "bad_message"


def test_a_start_without_parameters(wording: Wording) -> None:
    parser = StreamParser()
    parser.feed(CONNECTED)
    start = parser.feed(changed(wording.start({}), start__customParameters=None))

    assert isinstance(start, Start)
    assert start.parameters == {}


@pytest.mark.parametrize("digit", ["", "12", "E", 1, ["1"]], ids=repr)
def test_a_key_that_no_telephone_has(digit: object, live: StreamParser, wording: Wording) -> None:
    assert refusal(live, changed(wording.dtmf("1"), dtmf__digit=digit)) == "bad_message"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)
events = st.sampled_from(["connected", "start", "media", "mark", "dtmf", "stop", "weather"])


@given(st.text() | st.binary())
def test_noise_is_refused_with_a_code(noise: str | bytes) -> None:
    assert refusal(StreamParser(), noise) in {"not_json", "bad_message"}


@given(
    st.lists(
        st.fixed_dictionaries(
            {"event": events},
            optional={
                "sequenceNumber": st.integers(0, 9).map(str) | json_values,
                "streamSid": st.just(IDS.stream) | json_values,
                "start": json_values,
                "media": st.dictionaries(
                    st.sampled_from(["track", "timestamp", "payload"]), json_values
                ),
                "mark": json_values,
                "dtmf": json_values,
            },
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_any_messages_end_in_a_result_or_a_protocol_error(
    said: list[dict[str, object]], began: bool
) -> None:
    parser = StreamParser()
    numbers: list[int] = []
    if began:
        parser.feed(CONNECTED)
        parser.feed(Wording(IDS).start({}))
        numbers.append(1)
    for message in said:
        try:
            parser.feed(json.dumps(message))
        except ProtocolError:
            break
        if message["event"] not in {"connected", "start"}:
            numbers.append(int(str(message["sequenceNumber"])))
    assert numbers == sorted(set(numbers))
