"""Call control through Twilio's REST interface."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from core.clock import Clock
from core.errors import ProviderError

_VENDOR = "https://api.twilio.com"
# The call is unknown, or no longer in progress: what was asked for is already so.
_ALREADY_OVER = {20404, 21220}
_PAUSES = (0.2, 1.0)


class _RedirectedHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the vendor's client is untyped
    """Sends what is meant for the vendor's host to another one."""

    def __init__(self, base_url: str, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._base_url = base_url.rstrip("/")
        self.session.trust_env = False  # the environment's proxies lead to the vendor, not here

    def request(self, method: str, url: str, *args: object, **kwargs: object) -> Response:
        """Make the request at the other host."""
        return super().request(method, url.replace(_VENDOR, self._base_url, 1), *args, **kwargs)


class TwilioCallControl:
    """Ends calls. The vendor's client is synchronous, so it runs on threads of its own.

    Args:
        account_sid: The account that owns the numbers.
        auth_token: Its token.
        clock: Spaces the retries.
        base_url: Stands for the vendor's address where it is not the vendor.
        timeout: Seconds for one attempt.
    """

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        clock: Clock,
        *,
        base_url: str | None = None,
        timeout: float = 5.0,
    ) -> None:
        http = (
            _RedirectedHttpClient(base_url, timeout)
            if base_url
            else TwilioHttpClient(timeout=timeout)
        )
        self._client = Client(account_sid, auth_token, http_client=http)
        self._clock = clock
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="twilio")

    async def hang_up(self, carrier_call_id: str) -> None:
        """End the call, trying again twice where that can help."""
        for pause in (*_PAUSES, None):
            try:
                return await self._complete(carrier_call_id)
            except ProviderError as error:
                if pause is None or not error.retryable:
                    raise
                await self._clock.sleep(pause)

    def close(self) -> None:
        """End the threads once their current request is done."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._client.http_client.session.close()

    async def _complete(self, carrier_call_id: str) -> None:
        loop = asyncio.get_running_loop()
        call = self._client.calls(carrier_call_id)
        try:
            await loop.run_in_executor(self._threads, lambda: call.update(status="completed"))
        except TwilioRestException as error:
            if error.code in _ALREADY_OVER:
                return
            raise ProviderError(
                "carrier_refused",
                f"Twilio refused to end call {carrier_call_id}: {error.status} {error.msg}",
                retryable=error.status == 429 or error.status >= 500,
            ) from error
        except requests.RequestException as error:
            raise ProviderError(
                "carrier_unreachable",
                f"Twilio could not be reached to end call {carrier_call_id}: {error}",
                retryable=True,
            ) from error
