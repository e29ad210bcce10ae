"""Redaction: what goes, what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.redaction import redact, redact_fields


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("card 4111 1111 1111 1111 please", "card [card] please"),
        ("card 4111-1111-1111-1111", "card [card]"),
        ("378282246310005", "[card]"),
        ("write to jane.doe+x@example.co.uk.", "write to [email]."),
        ("from +15550100001 to +44 20 7946 0958", "from [phone] to [phone]"),
        ("call (555) 010-0100 or 555.010.0100", "call [phone] or [phone]"),
        ("local 010-0100", "local [phone]"),
        (
            "postgresql://me:hunter22@127.0.0.1:5432/db",
            "postgresql://me:[secret]@127.0.0.1:5432/db",
        ),
        ("Authorization: Bearer abc.def-ghi123", "Authorization: Bearer [secret]"),
        ("GET /x?token=abcd1234&page=2", "GET /x?token=[secret]&page=2"),
        ('api_key: "abcd1234"', 'api_key: "[secret]"'),
        ("sk-proj-0123456789abcdef0123", "[secret]"),
        ("AKIAIOSFODNN7EXAMPLE", "[secret]"),
        ("eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl", "[secret]"),
    ],
)
def test_personal_data_and_secrets_go(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "call_01k9x3c5v7b9n1m2q4w6e8r0t2 leg 1 seq 42",
        "2026-11-22T19:14:03.123456Z",
        "listening on 127.0.0.1:49152",
        "4111 1111 1111 1112 fails the check",
        "played 1234567 samples in 154321 ms",
        "s3://recordings/2026/11/call_01k9x3c5v7b9n1m2q4w6e8r0t2.wav",
        "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "open Monday to Friday, 8 to 17, at 214 Oak Avenue",
        "the key to the door and the token of thanks",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_fields_are_redacted_by_name_and_by_content() -> None:
    fields = {
        "auth_token": "short",
        "X-Twilio-Signature": "abc=",
        "secret_access_key": "k",
        "token": "",
        "tokens_used": 12,
        "attempt": 3,
        "caller": "+15550100001",
        "nested": {"password": "p", "list": ["a@b.example", 7, None]},
        "error": ValueError("bad dsn postgres://u:p4ss@h/d"),
    }

    assert redact_fields(fields) == {
        "auth_token": "[secret]",
        "X-Twilio-Signature": "[secret]",
        "secret_access_key": "[secret]",
        "token": "",
        "tokens_used": 12,
        "attempt": 3,
        "caller": "[phone]",
        "nested": {"password": "[secret]", "list": ["[email]", 7, None]},
        "error": "bad dsn postgres://u:[secret]@h/d",
    }


@given(st.text(max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.integers(min_value=2_000_000_000, max_value=9_999_999_999), st.text("abc ,", max_size=10))
def test_no_telephone_number_survives(number: int, around: str) -> None:
    assert str(number) not in redact(f"{around} +1{number} {around}")
