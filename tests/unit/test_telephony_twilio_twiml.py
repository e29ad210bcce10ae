import pytest

from simulators.carrier import twiml as carrier
from telephony.twilio.twiml import connect_stream, say_and_hang_up

URL = "wss://voice.example.com/twilio/stream"


def test_the_stream_and_its_parameters_arrive_at_the_carrier() -> None:
    document = connect_stream(URL, {"token": "v1.a&b<c>\"d'", "language": "ü"})

    assert carrier.read(document, "https://voice.example.com/twilio/voice") == (
        carrier.Connect(URL, {"token": "v1.a&b<c>\"d'", "language": "ü"}),
    )


@pytest.mark.parametrize("text", ["All our lines are busy.", "Fish & <chips>"])
def test_a_sentence_and_a_hang_up(text: str) -> None:
    document = say_and_hang_up(text)

    assert carrier.read(document, "https://x.example.com") == (carrier.Say(text), carrier.Hangup())
