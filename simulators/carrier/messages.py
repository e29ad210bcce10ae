"""The text messages of a media stream, as the carrier words them: numbers are strings."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import ProtocolError

CONNECTED = '{"event":"connected","protocol":"Call","version":"1.0.0"}'


@dataclass(frozen=True, slots=True)
class StreamIds:
    """The names of one stream: ``AC…``, ``CA…`` and ``MZ…`` with 32 hexadecimal digits."""

    account: str
    call: str
    stream: str


class Wording:
    """Words the messages of one stream; each takes the next sequence number when it is sent."""

    def __init__(self, ids: StreamIds) -> None:
        self.ids = ids
        self._sequence = 0
        self._chunk = 0

    def start(self, parameters: Mapping[str, str]) -> str:
        """The stream begins; ``parameters`` come from the answer to the webhook."""
        return self._numbered(
            "start",
            {
                "accountSid": self.ids.account,
                "streamSid": self.ids.stream,
                "callSid": self.ids.call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": dict(parameters),
            },
        )

    def media(self, timestamp_ms: int, payload: str) -> str:
        """20 ms of the caller, in base64. Written out by hand: 50 of them a second and call."""
        self._sequence += 1
        self._chunk += 1
        return (
            f'{{"event":"media","sequenceNumber":"{self._sequence}","media":{{"track":"inbound",'
            f'"chunk":"{self._chunk}","timestamp":"{timestamp_ms}","payload":"{payload}"}},'
            f'"streamSid":"{self.ids.stream}"}}'
        )

    def mark(self, name: str) -> str:
        """Playback reached the mark of that name, or a ``clear`` sent it back."""
        return self._numbered("mark", {"name": name})

    def dtmf(self, digit: str) -> str:
        """The caller pressed a key."""
        return self._numbered("dtmf", {"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """The call or the stream is over."""
        return self._numbered("stop", {"accountSid": self.ids.account, "callSid": self.ids.call})

    def _numbered(self, event: str, body: Mapping[str, object]) -> str:
        self._sequence += 1
        return json.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._sequence),
                event: body,
                "streamSid": self.ids.stream,
            }
        )


@dataclass(frozen=True, slots=True)
class Audio:
    """The server wants this μ-law played behind what is buffered."""

    ulaw: bytes


@dataclass(frozen=True, slots=True)
class MarkRequest:
    """The server wants to know when playback gets here."""

    name: str


@dataclass(frozen=True, slots=True)
class ClearRequest:
    """The server wants the buffer emptied."""


def read(text: str | bytes, stream_sid: str) -> Audio | MarkRequest | ClearRequest:
    """Read what the server sent: ``media``, ``mark`` or ``clear``, and nothing else.

    Raises:
        ProtocolError: The carrier would end the stream over this message (its error 31924).
    """
    try:
        if isinstance(text, bytes):
            raise ValueError("a binary message")
        message = json.loads(text)
        if message["streamSid"] != stream_sid:
            raise ValueError("another stream's streamSid")
        match message["event"]:
            case "media":
                ulaw = base64.b64decode(message["media"]["payload"], validate=True)
                if not ulaw:
                    raise ValueError("media without audio")
                return Audio(ulaw)
            case "mark":
                return MarkRequest(str(message["mark"]["name"]))
            case "clear":
                return ClearRequest()
            case event:
                raise ValueError(f"the event {event!r}")
    except (ValueError, KeyError, TypeError) as error:
        reason = f"31924: the server sent {error} in {text[:200]!r}"
        raise ProtocolError("stream_protocol", reason) from error
