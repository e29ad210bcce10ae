import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StorageError
from storage import codec
from storage.events import (
    VERSION,
    Body,
    CallStarted,
    DigitPressed,
    Event,
    PassageFound,
    PassagesRetrieved,
    ToolCalled,
    UserStartedSpeaking,
)

AT = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
# What JSON can carry and PostgreSQL can store.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a field's type that the database can hold."""
    if kind is str:
        return TEXT
    if kind is float:
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(kind, type) and is_dataclass(kind):
        return st.builds(
            kind, **{name: any_of(hint) for name, hint in get_type_hints(kind).items()}
        )
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=3)
    if arguments:
        return st.one_of(*map(any_of, arguments))
    return st.from_type(kind)


BODIES: st.SearchStrategy[Body] = any_of(Body)


def event(body: Body, **head: Any) -> Event:
    values: dict[str, Any] = {
        "call_id": "call_1", "leg": 1, "seq": 0, "version": VERSION, "at": AT, "offset_ms": None,
    }  # fmt: skip
    return Event(**{**values, **head}, body=body)


@given(BODIES, st.integers(0, 10**9), st.none() | st.integers(0, 10**9))
def test_every_kind_of_event_survives_the_round_trip(
    body: Body, seq: int, offset_ms: int | None
) -> None:
    original = event(body, seq=seq, offset_ms=offset_ms)
    assert codec.decode(codec.encode(original)) == original


def test_the_object_is_flat_and_its_type_comes_first() -> None:
    data = codec.to_dict(event(DigitPressed(digit="5"), seq=3, offset_ms=1200))
    assert list(data.items()) == [
        ("type", "DigitPressed"),
        ("call_id", "call_1"),
        ("leg", 1),
        ("seq", 3),
        ("version", VERSION),
        ("at", "2026-03-01T09:30:00.250000+00:00"),
        ("offset_ms", 1200),
        ("digit", "5"),
    ]


def test_nested_fields_stay_nested() -> None:
    found = PassageFound(passage_id="p", document="hours.md", heading="Hours", score=0.5)
    body = PassagesRetrieved(turn=1, query="q", covered=True, passages=(found,), took_ms=1.5)
    assert codec.to_dict(event(body))["passages"] == [
        {"passage_id": "p", "document": "hours.md", "heading": "Hours", "score": 0.5}
    ]


def test_no_body_uses_a_name_of_the_head() -> None:
    names = {field.name for body in get_args(Body) for field in fields(body)}
    assert not names & {"type", "call_id", "leg", "seq", "version", "at", "offset_ms"}


def test_a_field_of_a_newer_version_is_left_out() -> None:
    data = codec.to_dict(event(DigitPressed(digit="5"))) | {"colour": "green", "version": 9}
    assert codec.from_dict(data) == event(DigitPressed(digit="5"), version=9)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "CallTeleported"}, "unknown_event"),
        ({"type": None}, "unknown_event"),
        ({"digit": None}, "bad_event"),
        ({"at": "yesterday"}, "bad_event"),
        ({"at": None}, "bad_event"),
    ],
)
def test_what_cannot_be_read_says_why(change: dict[str, Any], code: str) -> None:
    with pytest.raises(StorageError) as caught:
        codec.from_dict(codec.to_dict(event(DigitPressed(digit="5"))) | change)
    assert caught.value.code == code


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"\xff", b"3"])
def test_what_is_no_object_is_a_bad_event(payload: bytes) -> None:
    with pytest.raises(StorageError) as caught:
        codec.decode(payload)
    assert caught.value.code == "bad_event"


def test_a_missing_field_is_a_bad_event() -> None:
    data = codec.to_dict(event(DigitPressed(digit="5")))
    del data["seq"]
    with pytest.raises(StorageError, match="bad_event"):
        codec.from_dict(data)


def test_text_that_a_database_cannot_store_is_replaced() -> None:
    body = ToolCalled(turn=1, tool="take_message", arguments={"na\x00me": "A\x00nn\ud800e"})
    stored = json.loads(codec.encode(event(body)))
    assert stored["arguments"] == {"na\ufffdme": "A\ufffdnn?e"}


def test_a_backslash_before_u0000_is_ordinary_text() -> None:
    body = DigitPressed(digit="\\u0000")
    assert codec.decode(codec.encode(event(body))).body == body


def test_numpy_numbers_are_written_as_numbers() -> None:
    body = UserStartedSpeaking(turn=1, onset_ms=np.int64(320))  # type: ignore[arg-type]
    assert codec.decode(codec.encode(event(body))).body == UserStartedSpeaking(1, 320)


def test_a_call_started_names_its_account() -> None:
    body = CallStarted("default", "front_desk", 1, "inbound", "+1", "+2", "twilio", "CA1")
    assert codec.to_dict(event(body))["account_id"] == "default"
