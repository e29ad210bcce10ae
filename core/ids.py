"""Identifiers and random secrets, injected so that a replay makes the same ones."""

import secrets
from typing import Protocol

from core.clock import Clock

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Ids(Protocol):
    """A source of names that nothing else bears."""

    def new(self, kind: str) -> str:
        """A new identifier such as ``call_01k9x…``: its kind, then 26 characters."""

    def secret(self) -> str:
        """A value that cannot be guessed, 32 bytes in URL-safe base64."""


class SystemIds:
    """Identifiers that sort by the time they were made (the ULID layout)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def new(self, kind: str) -> str:
        """A new identifier: 48 bits of milliseconds, then 80 random bits."""
        millis = int(self._clock.now().timestamp() * 1000)
        return f"{kind}_{_encode((millis << 80) | secrets.randbits(80))}"

    def secret(self) -> str:
        """32 random bytes in URL-safe base64."""
        return secrets.token_urlsafe(32)


class SequentialIds:
    """Identifiers counted from one, for tests and replays. Not for production: guessable."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, kind: str) -> str:
        """The next number of all kinds together, padded to 26 characters."""
        self._count += 1
        return f"{kind}_{_encode(self._count)}"

    def secret(self) -> str:
        """The next number as a name."""
        return self.new("secret")


def _encode(value: int) -> str:
    digits = []
    for _ in range(26):
        digits.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(digits))
