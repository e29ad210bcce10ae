"""What must not stand in a log: payment cards, e-mail addresses, telephone numbers and secrets.

The event log keeps what callers say, but for their cards; everything else that is written down
passes through here whole.
"""

import re
from collections.abc import Mapping
from typing import Any

CARD, EMAIL, PHONE, SECRET = "[card]", "[email]", "[phone]", "[secret]"

# A field of one of these names is secret whatever it holds.
_SECRET_NAME = re.compile(
    r"(?:^|[_-])(?:authorization|cookie|credentials?|dsn|pass(?:word|phrase)?|secrets?|signature"
    r"|tokens?|api[_-]?key|access[_-]?key|private[_-]?key)$",
    re.IGNORECASE,
)

_URL_PASSWORD = re.compile(r"(?<=://)([^\s:/@]*):[^\s/@]+(?=@)")
_ASSIGNED = re.compile(
    r"\b((?:access_|refresh_|auth_|api_|secret_)?(?:token|key|password|secret|signature))"
    r"(\s*[=:]\s*)(\"?)[^\s\"'&,;]{4,}",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(Bearer|Basic|Token)\s+[A-Za-z0-9._~+/=-]{8,}")
_KNOWN_SECRET = re.compile(
    r"\b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic, Stripe, ElevenLabs
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"  # AWS
    r"|\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"  # a signed JSON token
)
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b")
_CARD = re.compile(r"(?<![\w.+-])\d(?:[ -]?\d){12,18}(?![\w-])")
_PHONE = re.compile(
    r"(?<![\w.])\+\d(?:[ ().-]{0,2}\d){6,14}(?!\w)"  # +1 (555) 010-0100
    r"|(?<![\w.+-])(?:1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}(?![\w-])"  # 555 010 0100
    r"|(?<![\w.+-])\d{3}-\d{4}(?![\w-])"  # 010-0100
)


def redact(text: str) -> str:
    """``text`` with every secret and every piece of personal data replaced by its kind."""
    text = _URL_PASSWORD.sub(rf"\1:{SECRET}", text)
    text = _BEARER.sub(rf"\1 {SECRET}", text)
    text = _ASSIGNED.sub(rf"\1\2\3{SECRET}", text)
    text = _KNOWN_SECRET.sub(SECRET, text)
    text = _EMAIL.sub(EMAIL, text)
    return _PHONE.sub(PHONE, redact_cards(text))


def redact_cards(text: str) -> str:
    """``text`` without payment cards: what no call's log may hold, whoever said it."""
    return _CARD.sub(lambda match: CARD if _luhn(match[0]) else match[0], text)


def redact_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a log line, redacted by their names and, through nested values, by content."""
    return {
        name: SECRET if value and _SECRET_NAME.search(name) else _redact_value(value)
        for name, value in fields.items()
    }


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return redact_fields({str(name): held for name, held in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_value(held) for held in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


def _luhn(text: str) -> bool:
    """Whether the digits end in the check digit that payment cards carry."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
