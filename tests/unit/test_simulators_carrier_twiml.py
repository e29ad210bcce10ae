import pytest

from core.errors import ProtocolError
from simulators.carrier.twiml import Connect, Hangup, Redirect, Say, read

WEBHOOK = "https://voice.example.com/twilio/voice"


def answer(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><Response>{inside}</Response>'


def stream(url: str, inside: str = "") -> str:
    return answer(f'<Connect><Stream url="{url}">{inside}</Stream></Connect>')


def test_verbs_are_read_in_order() -> None:
    document = answer(
        '<Connect><Stream url="wss://a.example.com/s"><Parameter name="t" value="1"/></Stream>'
        "</Connect><Redirect>/twilio/resume</Redirect><Say> Goodbye. </Say><Hangup/>"
    )

    assert read(document, WEBHOOK) == (
        Connect("wss://a.example.com/s", {"t": "1"}),
        Redirect("https://voice.example.com/twilio/resume"),
        Say("Goodbye."),
        Hangup(),
    )


def test_an_empty_answer_has_no_verbs() -> None:
    assert read(answer(""), WEBHOOK) == ()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_an_unencrypted_stream_is_allowed_on_loopback(host: str) -> None:
    assert read(stream(f"ws://{host}/s"), WEBHOOK) == (Connect(f"ws://{host}/s"),)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        pytest.param("hello", "12100", id="no XML"),
        pytest.param("<Antwort/>", "12100", id="another root"),
        pytest.param(answer("<Dance/>"), "12200", id="an unknown verb"),
        pytest.param(answer("<Connect/>"), "12200", id="nothing to connect to"),
        pytest.param(stream("wss://a.example.com/s?t=1"), "31920", id="a query string"),
        pytest.param(stream("https://a.example.com/s"), "31920", id="no WebSocket"),
        pytest.param(stream("ws://a.example.com/s"), "31920", id="unencrypted"),
        pytest.param(answer("<Connect><Stream/></Connect>"), "31920", id="no address"),
        pytest.param(stream("wss://a/s", "<Parameter name='x'/>"), "12200", id="no value"),
        pytest.param(stream("wss://a/s", "<Other/>"), "12200", id="no parameter"),
        pytest.param(
            stream("wss://a/s", f"<Parameter name='x' value='{'y' * 500}'/>"),
            "12200",
            id="too long",
        ),
    ],
)
def test_what_the_carrier_refuses(document: str, error: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        read(document, WEBHOOK)

    assert caught.value.code == "bad_twiml"
    assert caught.value.message.startswith(error)
