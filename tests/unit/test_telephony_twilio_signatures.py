from collections.abc import Callable

import pytest
from twilio.request_validator import RequestValidator

from core.errors import RefusedError
from telephony.twilio.signatures import Signatures

TOKEN = "the account's token"
FORM = [("CallSid", "CA1"), ("To", "+1555 0100"), ("CalledCity", ""), ("Name", "Zoë")]


def signed(url: str, form: list[tuple[str, str]] = FORM, token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, dict(form)))


def accepts(check: Callable[[], None]) -> bool:
    try:
        check()
    except RefusedError:
        return False
    return True


@pytest.fixture
def signatures() -> Signatures:
    return Signatures(TOKEN, "https://voice.example.com/")


def test_the_vendors_own_example() -> None:
    # The worked example of Twilio's page on the security of webhooks.
    form = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675310",
        "Digits": "1234",
        "From": "+14158675310",
        "To": "+18005551212",
    }
    signatures = Signatures("12345", "https://mycompany.com")

    assert accepts(
        lambda: signatures.check_webhook(
            "/myapp.php", "foo=1&bar=2", form.items(), "GvWf1cFY/Q7PnoempGyD5oXAezc="
        )
    )


@pytest.mark.parametrize(
    "url",
    ["https://voice.example.com/twilio/voice", "https://voice.example.com:443/twilio/voice"],
    ids=["without port", "with the default port"],
)
def test_a_valid_signature_passes(url: str, signatures: Signatures) -> None:
    assert accepts(lambda: signatures.check_webhook("/twilio/voice", "", FORM, signed(url)))


def test_an_address_with_a_port_of_its_own() -> None:
    signatures = Signatures(TOKEN, "http://127.0.0.1:8123")
    signature = signed("http://127.0.0.1:8123/twilio/voice")

    assert accepts(lambda: signatures.check_webhook("/twilio/voice", "", FORM, signature))


def test_a_repeated_field_counts_with_all_its_values(signatures: Signatures) -> None:
    url = "https://voice.example.com/twilio/voice"
    signature = signed(url, [("A", "1A2")])  # fields are signed as name, value, name, value

    assert accepts(
        lambda: signatures.check_webhook("/twilio/voice", "", [("A", "2"), ("A", "1")], signature)
    )


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("x" * 28, id="made up"),
        pytest.param("ü", id="not even ASCII"),
        pytest.param(
            signed("https://voice.example.com/twilio/voice", token="another"), id="another token"
        ),
        pytest.param(signed("https://evil.example.com/twilio/voice"), id="another host"),
        pytest.param(signed("http://voice.example.com/twilio/voice"), id="another scheme"),
        pytest.param(signed("https://voice.example.com/twilio/status"), id="another path"),
        pytest.param(signed("https://voice.example.com/twilio/voice?a=1"), id="another query"),
        pytest.param(signed("https://voice.example.com:80/twilio/voice"), id="another port"),
        pytest.param(
            signed("https://voice.example.com/twilio/voice", [*FORM, ("Extra", "1")]),
            id="another form",
        ),
    ],
)
def test_anything_else_is_refused(signature: str | None, signatures: Signatures) -> None:
    with pytest.raises(RefusedError) as caught:
        signatures.check_webhook("/twilio/voice", "", FORM, signature)

    assert caught.value.code == "bad_signature"


@pytest.mark.parametrize(
    ("public", "stream"),
    [
        ("https://voice.example.com", "wss://voice.example.com/twilio/stream"),
        ("http://127.0.0.1:8123/", "ws://127.0.0.1:8123/twilio/stream"),
        ("https://example.com/callsure", "wss://example.com/callsure/twilio/stream"),
    ],
)
def test_the_streams_address(public: str, stream: str) -> None:
    signatures = Signatures(TOKEN, public)

    assert signatures.stream_url("/twilio/stream") == stream
    assert accepts(lambda: signatures.check_handshake("/twilio/stream", signed(stream, [])))


def test_a_handshake_may_be_unsigned_but_not_wrongly_signed(signatures: Signatures) -> None:
    assert accepts(lambda: signatures.check_handshake("/twilio/stream", None))
    with pytest.raises(RefusedError):
        signatures.check_handshake("/twilio/stream", "wrong")
