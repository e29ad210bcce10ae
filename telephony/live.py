"""A live leg: one call's log, recording and pipeline from its stream's start to its last upload."""

import asyncio

import structlog

from agent.answering import AgentService
from agent.directory import KnownAgent
from core.errors import CallsureError
from pipelines.call import CallParts, Ending, LiveCall, Phrases
from pipelines.context import CallContext
from pipelines.line import SAMPLE_RATE
from pipelines.text_to_speech.style import VoiceStyle
from pipelines.turn_taking import TurnTakingParams
from pipelines.voice_activity import VoiceActivityParams
from storage.call_log import CallLog
from storage.events import CallEnded, MediaStarted
from storage.recordings import RecordingWriter
from telephony.recovery import recording_event
from telephony.services import CallServices
from telephony.twilio.media_stream import MediaStream
from telephony.twilio.messages import Start

LEASE_LOST = "lease_lost"
_FAREWELL_S = 10.0

_log = structlog.get_logger(__name__)


class LiveLeg:
    """Runs a call on this worker."""

    def __init__(self, services: CallServices, agent: KnownAgent, log: CallLog) -> None:
        self._services = services
        self._agent = agent
        self._log = log
        self._call: LiveCall | None = None
        self._early_end: Ending | None = None

    @property
    def call_id(self) -> str:
        """The call."""
        return self._log.call_id

    def stop(self, ending: Ending) -> None:
        """End the call in good order."""
        self._early_end = ending
        if self._call is not None:
            self._call.end(ending)

    async def run(self, stream: MediaStream, start: Start) -> None:
        """Run the call until it ends, hang up where that is ours to do, and keep what was said."""
        self._log.append(MediaStarted(start.stream_sid, "audio/x-mulaw", SAMPLE_RATE), offset_ms=0)
        self._services.leases.hold(self._log.call_id, self._log.leg)
        recording = self._open_recording()
        context = CallContext(self._log, self._services.clock)
        try:
            ending = await self._talk(stream, context, recording)
        finally:
            if recording is not None:
                recording.close()
        if ending.reason != LEASE_LOST:  # else the call goes on under another worker's leg
            offset = context.timeline.ms_at(self._services.clock.monotonic())
            self._log.append(CallEnded(ending.by, ending.reason, ending.detail), offset_ms=offset)
            if ending.by != "caller":
                await stream.hang_up()
        await stream.close()
        if recording is not None:
            await self._store_recording()
        await self._log.close()
        await self._services.leases.release(self._log.call_id)

    async def _talk(
        self, stream: MediaStream, context: CallContext, recording: RecordingWriter | None
    ) -> Ending:
        try:
            self._call = LiveCall(self._parts(stream, context, recording))
            if self._early_end is not None:
                self._call.end(self._early_end)
            return await self._within_limit(self._call)
        except Exception as error:
            _log.exception("call_failed", call_id=self._log.call_id)
            return Ending("us", "setup_failed", type(error).__name__)

    def _parts(
        self, stream: MediaStream, context: CallContext, recording: RecordingWriter | None
    ) -> CallParts:
        definition = self._agent.definition
        turns = definition.turn_taking
        return CallParts(
            context=context,
            line=stream,
            agent=AgentService(definition, self._agent.retriever, self._services.clock),
            speech=self._services.speech,
            phrases=Phrases(
                definition.greeting,
                definition.phrases.are_you_there,
                definition.phrases.goodbye,
            ),
            tool=self._use_tool,
            recording=recording,
            style=VoiceStyle(definition.voice.speed, definition.voice.volume_db),
            activity=VoiceActivityParams(onset_ms=turns.barge_in_ms),
            taking=TurnTakingParams(
                end_silence_ms=turns.pause_ms,
                patience_ms=turns.max_pause_ms,
                barge_in_ms=turns.backchannel_ms,
            ),
            silence_s=definition.limits.silence_prompt_seconds,
        )

    async def _within_limit(self, call: LiveCall) -> Ending:
        """Run the call, ending it when it has lasted as long as its agent allows."""
        limit = asyncio.create_task(self._end_at_limit(call))
        try:
            return await call.run()
        finally:
            limit.cancel()

    async def _end_at_limit(self, call: LiveCall) -> None:
        seconds = self._agent.definition.limits.max_call_seconds
        await self._services.clock.sleep(seconds)
        await call.farewell()
        await self._services.clock.sleep(_FAREWELL_S)
        call.end(Ending("us", "too_long", f"the agent's limit of {seconds} s was reached"))

    async def _use_tool(self, tool: str, arguments: dict[str, str]) -> str:
        """Carry out what the agent wants done. A message is kept by its event alone."""
        if tool == "take_message":
            return "The message is in the call's log."
        return f"There is no tool {tool}."

    def _open_recording(self) -> RecordingWriter | None:
        if not self._agent.definition.recording:
            return None
        return self._services.recordings.open(self._log.call_id, self._log.leg)

    async def _store_recording(self) -> None:
        try:
            stored = await self._services.recordings.finish(self._log.call_id)
        except CallsureError as error:  # no sound came, or the disk is full
            _log.warning("recording_not_stored", call_id=self._log.call_id, code=error.code)
        else:
            self._log.append(recording_event(stored))
