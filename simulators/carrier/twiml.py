"""The answer to a webhook, read as the carrier reads it."""

from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

from core.errors import ProtocolError

_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Connect:
    """Stream the call's audio to a WebSocket until either side ends it."""

    url: str
    parameters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """The carrier itself says a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """Ask another address how to go on."""

    url: str


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call."""


Verb = Connect | Say | Redirect | Hangup


def read(document: str, webhook_url: str) -> tuple[Verb, ...]:
    """Read the verbs of an answer; relative addresses are taken from ``webhook_url``.

    Raises:
        ProtocolError: The carrier would refuse the document; the message names its own error.
    """
    try:
        # What answers is the product under test, on the same machine.
        root = ElementTree.fromstring(document)  # noqa: S314
    except ElementTree.ParseError as error:
        raise _wrong(f"12100: the document is no XML: {error}") from error
    if root.tag != "Response":
        raise _wrong(f"12100: the root is <{root.tag}>, not <Response>")
    return tuple(_verb(element, webhook_url) for element in root)


def _verb(element: ElementTree.Element, webhook_url: str) -> Verb:
    text = (element.text or "").strip()
    match element.tag:
        case "Connect":
            return _connect(element)
        case "Say":
            return Say(text)
        case "Redirect":
            return Redirect(urljoin(webhook_url, text))
        case "Hangup":
            return Hangup()
        case tag:
            raise _wrong(f"12200: <{tag}> is no verb this carrier knows")


def _connect(element: ElementTree.Element) -> Connect:
    streams = element.findall("Stream")
    if len(element) != 1 or len(streams) != 1:
        raise _wrong("12200: <Connect> holds one <Stream> and nothing else")
    url = streams[0].get("url", "")
    parts = urlsplit(url)
    if parts.query:
        raise _wrong(f"31920: a stream's address has no query string: {url}")
    if parts.scheme != "wss" and not (parts.scheme == "ws" and parts.hostname in _LOOPBACK):
        raise _wrong(f"31920: a stream's address begins with wss://, not {url!r}")
    parameters: dict[str, str] = {}
    for parameter in streams[0]:
        name, value = parameter.get("name"), parameter.get("value")
        if parameter.tag != "Parameter" or not name or value is None:
            raise _wrong("12200: <Stream> holds <Parameter name value> and nothing else")
        if len(name) + len(value) > 500:
            raise _wrong(f"12200: the parameter {name!r} is longer than 500 characters")
        parameters[name] = value
    return Connect(url, parameters)


def _wrong(message: str) -> ProtocolError:
    return ProtocolError("bad_twiml", message)
