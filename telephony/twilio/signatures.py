"""Proof that a request comes from Twilio."""

import hmac
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from starlette.datastructures import ImmutableMultiDict
from twilio.request_validator import RequestValidator

from core.errors import RefusedError

HEADER = "X-Twilio-Signature"

_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}
_SOCKET_SCHEMES = {"https": "wss", "http": "ws"}


class Signatures:
    """Checks signatures against the public address that the owner configured.

    The address a request arrived at proves nothing: proxies rewrite it, and the client names it.

    Args:
        auth_token: The account's token, with which Twilio signs.
        public_url: The address under which Twilio reaches this server, such as
            ``https://voice.example.com``.
    """

    def __init__(self, auth_token: str, public_url: str) -> None:
        self._validator = RequestValidator(auth_token)
        self._public_url = public_url.rstrip("/")

    def public_url(self, path: str) -> str:
        """The address that Twilio posts to for a path of this server."""
        return self._public_url + path

    def stream_url(self, path: str) -> str:
        """The address of a WebSocket under a path of this server."""
        parts = urlsplit(self._public_url + path)
        return urlunsplit(parts._replace(scheme=_SOCKET_SCHEMES[parts.scheme]))

    def check_webhook(
        self, path: str, query: str, form: Iterable[tuple[str, str]], signature: str | None
    ) -> None:
        """Check a webhook.

        Raises:
            RefusedError: The signature is missing or wrong.
        """
        url = self.public_url(path) + (f"?{query}" if query else "")
        self._check(url, ImmutableMultiDict(list(form)), signature)

    def check_handshake(self, path: str, signature: str | None) -> None:
        """Check a WebSocket's handshake, which is signed without parameters.

        Raises:
            RefusedError: The signature is wrong. A missing one is accepted: Twilio does not
                promise it, and the stream's token is what admits.
        """
        if signature is not None:
            self._check(self.stream_url(path), ImmutableMultiDict(), signature)

    def _check(self, url: str, form: ImmutableMultiDict[str, str], signature: str | None) -> None:
        given = (signature or "").encode()
        # Twilio signs some addresses with their default port and some without. All forms are
        # computed and compared in full, so that time tells nothing.
        expected = [self._validator.compute_signature(form_of, form) for form_of in _forms(url)]
        matches = [hmac.compare_digest(value.encode(), given) for value in expected]
        if not any(matches):
            raise RefusedError(
                "bad_signature",
                f"{HEADER} is {'wrong' if signature else 'missing'} for {url}: is the auth token "
                "the account's, and the public URL the one Twilio calls?",
            )


def _forms(url: str) -> tuple[str, str]:
    """The address without its port where that is the default, and with its port."""
    parts = urlsplit(url)
    default = _PORTS[parts.scheme]
    host = parts.netloc.rpartition("@")[2]
    bare = host.removesuffix(f":{parts.port}") if parts.port else host
    port = parts.port or default
    without = url if port != default else urlunsplit(parts._replace(netloc=bare))
    return without, urlunsplit(parts._replace(netloc=f"{bare}:{port}"))
