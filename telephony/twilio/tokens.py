"""Single-use tokens that admit one media stream to one call.

A token carries its own proof, so that any worker can check it: the webhook may reach one worker
and the stream another. That it is used once is known to the worker that saw it used; across
workers the call's lease decides.
"""

import base64
import hashlib
import hmac
from datetime import timedelta

from core.clock import Clock
from core.errors import OverloadedError, ProtocolError
from core.ids import Ids

_VERSION = "v1"


class StreamTokens:
    """Issues tokens and takes them back.

    Args:
        key: Signs the tokens; the same for all workers of a deployment.
        clock: Decides when a token expires.
        ids: Makes what sets two tokens of one call apart.
        ttl: How long a token waits for its stream. Twilio connects within a second or two.
        most_used: How many used tokens are remembered; each is forgotten when it would expire.
    """

    def __init__(
        self,
        key: bytes,
        clock: Clock,
        ids: Ids,
        *,
        ttl: timedelta = timedelta(seconds=60),
        most_used: int = 100_000,
    ) -> None:
        self._key = key
        self._clock = clock
        self._ids = ids
        self._ttl = ttl
        self._most_used = most_used
        self._used: dict[str, int] = {}  # by nonce, the millisecond at which the token expires

    def issue(self, call_id: str, carrier_call_id: str) -> str:
        """A token for one call of ours under the carrier's name of it."""
        expires = self._now_ms() + int(self._ttl / timedelta(milliseconds=1))
        claims = f"{_VERSION}.{expires}.{self._ids.secret()}.{call_id}"
        return f"{claims}.{self._proof(claims, carrier_call_id)}"

    def spend(self, token: str, carrier_call_id: str) -> str:
        """Take a token and return the call it admits to.

        Raises:
            ProtocolError: ``unknown_token``, ``expired_token`` or ``used_token``.
            OverloadedError: Too many used tokens are remembered already.
        """
        claims, _, proof = token.rpartition(".")
        expected = self._proof(claims, carrier_call_id)
        if not hmac.compare_digest(proof.encode(), expected.encode()):
            raise ProtocolError("unknown_token", "The stream's token was not issued for this call")
        _, expires, nonce, call_id = claims.split(".")
        if int(expires) <= self._now_ms():
            raise ProtocolError("expired_token", "The stream's token was not used in time")
        self._remember(nonce, int(expires))
        return call_id

    def _remember(self, nonce: str, expires: int) -> None:
        if nonce in self._used:
            raise ProtocolError("used_token", "The stream's token was used before")
        if len(self._used) >= self._most_used:
            now = self._now_ms()
            self._used = {used: until for used, until in self._used.items() if until > now}
        if len(self._used) >= self._most_used:
            raise OverloadedError("too_many_streams", "Too many streams began at once")
        self._used[nonce] = expires

    def _proof(self, claims: str, carrier_call_id: str) -> str:
        text = f"{claims}.{carrier_call_id}".encode()
        digest = hmac.new(self._key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
