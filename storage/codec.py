"""Events as flat JSON objects: the form they have in the spool, the database and the API."""

from datetime import datetime
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, from_json, to_json

from core.errors import StorageError
from storage.events import Body, Event

_ADAPTERS: dict[str, TypeAdapter[Body]] = {
    body.__name__: TypeAdapter(body) for body in get_args(Body)
}
_HEAD = ("type", "call_id", "leg", "seq", "version", "at", "offset_ms")


def to_dict(event: Event) -> dict[str, Any]:
    """The event as one flat, JSON-compatible object, its ``type`` first."""
    body = _ADAPTERS[event.type].dump_python(
        event.body, mode="json", warnings=False, fallback=_plain
    )
    return {
        "type": event.type,
        "call_id": event.call_id,
        "leg": event.leg,
        "seq": event.seq,
        "version": event.version,
        "at": event.at.isoformat(),
        "offset_ms": event.offset_ms,
        **body,
    }


def from_dict(data: dict[str, Any]) -> Event:
    """The event that ``data`` describes; fields that this version does not know are left out.

    Raises:
        StorageError: ``unknown_event`` where a newer version wrote a type that this one does not
            know, ``bad_event`` where a field is missing or wrong.
    """
    adapter = _ADAPTERS.get(data.get("type", ""))
    if adapter is None:
        raise StorageError("unknown_event", f"no event is called {data.get('type')!r}")
    try:
        return Event(
            call_id=data["call_id"],
            leg=data["leg"],
            seq=data["seq"],
            version=data["version"],
            at=datetime.fromisoformat(data["at"]),
            offset_ms=data["offset_ms"],
            body=adapter.validate_python({k: v for k, v in data.items() if k not in _HEAD}),
        )
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise StorageError("bad_event", f"{data.get('type')} cannot be read: {error}") from error


def encode(event: Event) -> bytes:
    """The event as a JSON object in UTF-8, fit for a ``jsonb`` column."""
    data = to_dict(event)
    try:
        encoded = to_json(data)
    except PydanticSerializationError:  # half of a surrogate pair, from a client's broken text
        return to_json(_printable(data))
    # PostgreSQL stores no NUL in text; one such character would block the call's whole log.
    return to_json(_printable(data)) if b"\\u0000" in encoded else encoded


def decode(payload: bytes) -> Event:
    """The event written by :func:`encode`."""
    try:
        data = from_json(payload)
    except ValueError as error:
        raise StorageError("bad_event", f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise StorageError("bad_event", "not a JSON object")
    return from_dict(data)


def _plain(value: Any) -> Any:
    """A plain Python value for what JSON does not know, such as a numpy number."""
    item = getattr(value, "item", None)
    return item() if callable(item) else str(value)


def _printable(value: Any) -> Any:
    """``value`` with every character that cannot be stored replaced."""
    if isinstance(value, str):
        clean = value.encode("utf-8", "replace").decode("utf-8")
        return clean.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value
