"""The carrier's REST interface: the one request that ends a call, answered as Twilio answers it."""

import asyncio
import json
import re
import threading
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs

from core.clock import Clock
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.tape import HungUpBy

_CALL = re.compile(r"^/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Calls/(CA[0-9a-fA-F]{32})\.json$")
_LONGEST_FORM = 16_384
# Calls that are over stay known for a while, each with its tape.
_REMEMBERED = 20


@dataclass(slots=True)
class _Line:
    """A call the interface knows of."""

    stream: MediaStream
    from_number: str
    to_number: str
    since: datetime


class RestServer:
    """Answers ``POST …/Calls/{CallSid}.json`` for the calls that were connected through it.

    It serves from threads of its own: the event loop that paces the audio is never kept waiting.

    Args:
        account_sid: The account whose calls it ends.
        auth_token: Its token.
        clock: Dates its answers.
        port: Where it listens on loopback; 0 for a free port.
    """

    def __init__(self, account_sid: str, auth_token: str, clock: Clock, *, port: int = 0) -> None:
        self.account_sid = account_sid
        self._port = port
        self._expected = b"Basic " + b64encode(f"{account_sid}:{auth_token}".encode())
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._loop: asyncio.AbstractEventLoop
        self._server: ThreadingHTTPServer
        self._thread: threading.Thread
        self.requests: list[tuple[str, int]] = []

    async def __aenter__(self) -> Self:
        """Listen."""
        rest = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
                length = int(self.headers.get("Content-Length") or 0)
                form = self.rfile.read(min(length, _LONGEST_FORM)).decode()
                authorization = self.headers.get("Authorization") or ""
                status, answer = rest.answer(self.path, authorization, form)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing: the caller of the simulator reads ``requests``."""

        self._loop = asyncio.get_running_loop()
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="carrier-rest", daemon=True
        )
        self._thread.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop listening."""
        await asyncio.to_thread(self._server.shutdown)
        self._server.server_close()
        await asyncio.to_thread(self._thread.join)

    @property
    def url(self) -> str:
        """The base address that stands for the vendor's."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def connect(self, stream: MediaStream, from_number: str, to_number: str) -> None:
        """Make a call known."""
        for call_sid in list(self._lines)[:-_REMEMBERED]:
            if self._lines[call_sid].stream.ended.is_set():
                del self._lines[call_sid]
        since = self._clock.now()
        self._lines[stream.ids.call] = _Line(stream, from_number, to_number, since)

    def answer(self, path: str, authorization: str, form: str) -> tuple[int, dict[str, object]]:
        """Answer one request; called on a server thread."""
        status, answer = self._answer(path, authorization, form)
        self.requests.append((path, status))
        return status, answer

    def _answer(self, path: str, authorization: str, form: str) -> tuple[int, dict[str, object]]:
        if not compare_digest(authorization.encode(), self._expected):
            return _problem(401, 20003, "Authenticate")
        found = _CALL.match(path)
        line = self._lines.get(found[2]) if found and found[1] == self.account_sid else None
        if line is None:
            return _problem(404, 20404, f"The requested resource {path} was not found")
        if parse_qs(form).get("Status") != ["completed"]:
            return _problem(400, 20001, "This carrier only knows Status=completed")
        if line.stream.ended.is_set():
            return _problem(400, 21220, "Call is not in-progress. Cannot redirect.")
        self._loop.call_soon_threadsafe(line.stream.hang_up, HungUpBy.REST)
        return 200, self._resource(line)

    def _resource(self, line: _Line) -> dict[str, object]:
        now = self._clock.now()
        ids = line.stream.ids
        path = f"/2010-04-01/Accounts/{ids.account}/Calls/{ids.call}"
        return {
            "sid": ids.call,
            "account_sid": ids.account,
            "api_version": "2010-04-01",
            "from": line.from_number,
            "from_formatted": line.from_number,
            "to": line.to_number,
            "to_formatted": line.to_number,
            "status": "completed",
            "direction": "inbound",
            "date_created": format_datetime(line.since),
            "date_updated": format_datetime(now),
            "start_time": format_datetime(line.since),
            "end_time": format_datetime(now),
            "duration": str(round((now - line.since).total_seconds())),
            "price": None,
            "price_unit": "USD",
            "parent_call_sid": None,
            "phone_number_sid": None,
            "answered_by": None,
            "caller_name": None,
            "forwarded_from": None,
            "group_sid": None,
            "trunk_sid": None,
            "queue_time": "0",
            "uri": f"{path}.json",
            "subresource_uris": {"recordings": f"{path}/Recordings.json"},
        }


def _problem(status: int, code: int, message: str) -> tuple[int, dict[str, object]]:
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": message, "more_info": more, "status": status}
