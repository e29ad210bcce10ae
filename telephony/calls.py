"""The lifecycle of calls: ringing → live → ending → ended."""

import asyncio
from dataclasses import dataclass

import structlog
from starlette.websockets import WebSocket

from agent.directory import KnownAgent
from core.errors import CallsureError, NotFoundError, ProtocolError
from pipelines.call import Ending
from storage.call_log import CallLog
from storage.events import CallEnded, CallStarted
from telephony.live import LEASE_LOST, LiveLeg
from telephony.services import CallServices
from telephony.twilio.media_stream import MediaStream
from telephony.twilio.messages import Start
from telephony.twilio.twiml import connect_stream, say_and_hang_up
from telephony.twilio.webhooks import IncomingCall

_log = structlog.get_logger(__name__)
_RING_S = 60.0  # how long an answered webhook waits for its stream
_NO_AGENT = "I'm sorry, this number is not in service."
_BUSY = "All of our lines are busy at the moment. Please call again in a few minutes."
_ENDED = "<?xml version='1.0' encoding='UTF-8'?><Response><Hangup/></Response>"
_REMEMBERED = 10_000
_CLOSE_S = 10.0


@dataclass(slots=True)
class _Call:
    call_id: str
    carrier_call_id: str
    agent: KnownAgent
    log: CallLog
    twiml: str = ""
    ring: asyncio.Task[None] | None = None
    live: bool = False


class CallManager:
    """Takes calls of one process from the carrier's first request to their end."""

    def __init__(self, services: CallServices) -> None:
        self._services = services
        self._calls: dict[str, _Call] = {}
        self._ended: dict[str, None] = {}
        self._streams: set[asyncio.Task[None]] = set()
        self._legs: set[LiveLeg] = set()
        self._closing = False

    @property
    def live(self) -> int:
        """Calls that ring or speak now."""
        return len(self._calls)

    async def voice(self, incoming: IncomingCall) -> str:
        """Answer the carrier's request for instructions: the same request, the same answer.

        Returns:
            TwiML that connects the call's media stream, or says why nobody answers.
        """
        if incoming.call_sid in self._ended:
            return _ENDED
        known = self._by_carrier(incoming.call_sid)
        if known is not None:
            return known.twiml
        try:
            agent = self._services.agents.for_number(incoming.called)
        except NotFoundError as error:
            _log.warning("call_refused", code=error.code, reason=error.message)
            return say_and_hang_up(_NO_AGENT)
        if self._closing or self.live >= self._services.max_calls:
            _log.warning("call_refused_busy", live=self.live, limit=self._services.max_calls)
            return say_and_hang_up(_BUSY)
        return self._ring(incoming, agent)

    async def media_stream(self, websocket: WebSocket) -> None:
        """Serve one media stream from its handshake to its end; never raises for a bad peer."""
        await websocket.accept()
        stream = MediaStream(websocket, self._services.control, self._services.clock)
        try:
            start = await stream.open()
            call = self._admit(start)
        except CallsureError as error:
            _log.warning("stream_refused", code=error.code, reason=error.message)
            await stream.refuse()
            return
        leg = LiveLeg(self._services, call.agent, call.log)
        self._legs.add(leg)
        running = asyncio.create_task(leg.run(stream, start))
        self._streams.add(running)

        def over(task: asyncio.Task[None]) -> None:
            self._streams.discard(task)
            self._legs.discard(leg)
            self._forget(call)

        running.add_done_callback(over)
        # The call outlives its socket: what was said is still to be kept.
        await asyncio.shield(running)

    def fenced(self, call_id: str) -> None:
        """End a call here that another worker has taken over."""
        for leg in self._legs:
            if leg.call_id == call_id:
                leg.stop(Ending("us", LEASE_LOST, "another worker took the call over"))

    async def close(self) -> None:
        """Take no more calls, end those that are live and wait until they are kept."""
        self._closing = True
        for call in list(self._calls.values()):
            if call.ring is not None and not call.live:
                call.ring.cancel()
                call.log.append(CallEnded("us", "drain", "the server was stopped"))
                self._forget(call)
                await call.log.close()
        for leg in list(self._legs):
            leg.stop(Ending("us", "drain", "the server was stopped"))
        if self._streams:
            await asyncio.wait(set(self._streams), timeout=_CLOSE_S)
        for task in list(self._streams):
            task.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    def _ring(self, incoming: IncomingCall, agent: KnownAgent) -> str:
        services = self._services
        call_id = services.ids.new("call")
        log = services.logs.open(call_id, 1, account_id=services.account_id)
        log.append(
            CallStarted(
                account_id=services.account_id,
                agent_id=agent.id,
                agent_version=agent.version,
                direction="inbound",
                caller=incoming.caller,
                called=incoming.called,
                carrier="twilio",
                carrier_call_id=incoming.call_sid,
            )
        )
        token = services.tokens.issue(call_id, incoming.call_sid)
        call = _Call(call_id, incoming.call_sid, agent, log)
        call.twiml = connect_stream(services.stream_url, {"token": token})
        call.ring = asyncio.create_task(self._expire(call))
        self._calls[call_id] = call
        return call.twiml

    def _admit(self, start: Start) -> _Call:
        """Spend the stream's token.

        Raises:
            ProtocolError: ``unknown_token``, ``expired_token``, ``used_token``.
        """
        token = start.parameters.get("token", "")
        call_id = self._services.tokens.spend(token, start.call_sid)
        call = self._calls.get(call_id)
        if call is None or call.live:
            raise ProtocolError("used_token", "The stream's call is over or has a stream already")
        call.live = True
        if call.ring is not None:
            call.ring.cancel()
        return call

    async def _expire(self, call: _Call) -> None:
        await self._services.clock.sleep(_RING_S)
        call.log.append(CallEnded("us", "setup_failed", "the carrier opened no media stream"))
        self._forget(call)
        await call.log.close()

    def _forget(self, call: _Call) -> None:
        self._calls.pop(call.call_id, None)
        self._ended[call.carrier_call_id] = None
        while len(self._ended) > _REMEMBERED:
            self._ended.pop(next(iter(self._ended)))

    def _by_carrier(self, carrier_call_id: str) -> _Call | None:
        return next((c for c in self._calls.values() if c.carrier_call_id == carrier_call_id), None)
