"""The text messages of a Twilio media stream, parsed strictly and without any I/O.

Twilio writes the numbers of the envelope as strings. Whatever breaks the protocol raises a
`ProtocolError` with a stable code, and the stream is then over.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from core.errors import ProtocolError

LONGEST_MESSAGE: Final = 65_536
LONGEST_CALL_MS: Final = 25 * 3600 * 1000  # Twilio ends a call after 24 hours

_KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class Connected:
    """The socket is open; nothing is known of the call yet."""

    version: str


@dataclass(frozen=True, slots=True)
class Start:
    """The stream begins. ``parameters`` are ours, given in the TwiML."""

    stream_sid: str
    call_sid: str
    account_sid: str
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class Media:
    """A piece of the caller's voice, in μ-law, and where it stands on the stream's timeline."""

    timestamp_ms: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """Playback reached a mark of ours, or a ``clear`` sent it back."""

    name: str


@dataclass(frozen=True, slots=True)
class Dtmf:
    """The caller pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream is over."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event that Twilio added after this was written: of no use, and no reason to hang up."""

    event: str


Message = Connected | Start | Media | Mark | Dtmf | Stop | Unknown


class StreamParser:
    """Parses the messages of one stream in their order."""

    def __init__(self) -> None:
        self._stream_sid = ""
        self._connected = False
        self._stopped = False
        self._sequence = 0
        self._readers: dict[str, Callable[[dict[str, Any]], Message]] = {
            "media": self._media,
            "mark": self._mark,
            "dtmf": self._dtmf,
            "stop": self._stop,
            "start": self._start,
            "connected": self._connect,
        }

    def feed(self, text: str | bytes) -> Message:
        """Parse the next message.

        Raises:
            ProtocolError: ``message_too_large``, ``not_json``, ``bad_message``, ``out_of_order``,
                ``duplicate_start``, ``media_before_start``, ``wrong_stream``, ``bad_base64`` or
                ``wrong_media_format``.
        """
        message = _decode(text)
        event = message.get("event")
        if not isinstance(event, str):
            raise ProtocolError("bad_message", "The message names no event")
        if self._stopped:
            raise ProtocolError("out_of_order", f"{event!r} came after stop")
        self._check_stage(event)
        reader = self._readers.get(event)
        try:
            return reader(message) if reader else self._unknown(event, message)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            reason = f"The message {event!r} lacks something or holds it wrongly: {error!r}"
            raise ProtocolError("bad_message", reason) from error

    def _check_stage(self, event: str) -> None:
        if event == "connected":
            if self._connected:
                raise ProtocolError("out_of_order", "connected came twice")
        elif event == "start":
            if self._stream_sid:
                raise ProtocolError("duplicate_start", "The stream began twice")
            if not self._connected:
                raise ProtocolError("out_of_order", "start came before connected")
        elif not self._stream_sid:
            code = "media_before_start" if event == "media" else "out_of_order"
            raise ProtocolError(code, f"{event!r} came before start")

    def _connect(self, message: dict[str, Any]) -> Connected:
        self._connected = True
        return Connected(_text(message["version"]) if "version" in message else "")

    def _start(self, message: dict[str, Any]) -> Start:
        start = message["start"]
        media = start["mediaFormat"]
        found = (media["encoding"], str(media["sampleRate"]), str(media["channels"]))
        if found != ("audio/x-mulaw", "8000", "1"):
            raise ProtocolError("wrong_media_format", f"The stream offers {found!r}")
        parameters = start.get("customParameters") or {}
        parsed = Start(
            stream_sid=_name(message["streamSid"]),
            call_sid=_name(start["callSid"]),
            account_sid=_name(start["accountSid"]),
            parameters={_text(name): _text(value) for name, value in parameters.items()},
        )
        self._stream_sid = parsed.stream_sid
        self._check_envelope(message)
        return parsed

    def _media(self, message: dict[str, Any]) -> Media:
        self._check_envelope(message)
        media = message["media"]
        if media["track"] != "inbound":
            raise ValueError(f"track {media['track']!r}")
        timestamp = _number(media["timestamp"])
        if timestamp > LONGEST_CALL_MS:
            raise ValueError(f"timestamp {timestamp}")
        payload = media["payload"]
        try:
            audio = base64.b64decode(payload, validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            raise ProtocolError("bad_base64", f"The audio is not base64: {error}") from error
        if not audio:
            raise ValueError("an empty payload")
        return Media(timestamp, audio)

    def _mark(self, message: dict[str, Any]) -> Mark:
        self._check_envelope(message)
        return Mark(_text(message["mark"]["name"]))

    def _dtmf(self, message: dict[str, Any]) -> Dtmf:
        self._check_envelope(message)
        digit = message["dtmf"]["digit"]
        if digit not in _KEYS:
            raise ValueError(f"digit {digit!r}")
        return Dtmf(digit)

    def _stop(self, message: dict[str, Any]) -> Stop:
        self._check_envelope(message)
        self._stopped = True
        return Stop()

    def _unknown(self, event: str, message: dict[str, Any]) -> Unknown:
        self._check_envelope(message)
        return Unknown(event[:64])

    def _check_envelope(self, message: dict[str, Any]) -> None:
        if message["streamSid"] != self._stream_sid:
            raise ProtocolError("wrong_stream", "The message belongs to another stream")
        sequence = _number(message["sequenceNumber"])
        if sequence <= self._sequence:
            reason = f"Message {sequence} came after message {self._sequence}"
            raise ProtocolError("out_of_order", reason)
        self._sequence = sequence


def _decode(text: str | bytes) -> dict[str, Any]:
    # A message with other letters than ASCII has more bytes than characters.
    long = len(text) > LONGEST_MESSAGE
    if isinstance(text, str) and not long and not text.isascii():
        long = len(text.encode(errors="surrogatepass")) > LONGEST_MESSAGE
    if long:
        raise ProtocolError("message_too_large", f"A message is over {LONGEST_MESSAGE} bytes")
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProtocolError("not_json", f"A message is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise ProtocolError("bad_message", "The message is no JSON object")
    return message


def _number(value: object) -> int:
    """A number of the envelope: decimal digits in a string."""
    if not isinstance(value, str) or not (value.isascii() and value.isdigit()) or len(value) > 18:
        raise ValueError(f"number {value!r}")
    return int(value)


def _name(value: object) -> str:
    """A SID: letters and digits."""
    if not isinstance(value, str) or not (value.isascii() and value.isalnum()) or len(value) > 64:
        raise ValueError(f"name {value!r}")
    return value


def _text(value: object) -> str:
    """Any text that a database can store."""
    if not isinstance(value, str) or "\0" in value:
        raise ValueError(f"text {value!r}")
    value.encode()  # lone surrogates
    return value
