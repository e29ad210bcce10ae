"""Callsure's calls with a stub agent and recogniser, and with a look at the voice detector."""

import asyncio
from collections.abc import AsyncIterator
from contextvars import ContextVar
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pipecat.frames.frames import Frame
from pipecat.processors.frame_processor import FrameDirection

from agent.answering import Answered, Say, Step, UserTurn
from agent.conversation import Conversation
from agent.definition import AgentDefinition
from bench.probe import Probe
from bench.stubs import ANSWERS, LLM_S, StubSTT, StubTTS
from core.clock import Clock
from core.model_host import ModelHost
from pipelines.end_of_turn import EndOfTurn
from pipelines.frames import DecodeRequestFrame, SpeechPausedFrame, SpeechResumedFrame
from pipelines.speech import SpeechServices
from pipelines.speech_to_text.transcript import Transcript
from pipelines.voice_detector import VoiceDetector, VoiceStream
from storage.call_log import DEFAULT_ACCOUNT, CallLog, CallLogs
from storage.database import Database
from storage.events import CallStarted, Event, LatencyMeasured, MediaStarted

# The carrier's name of the call that the running task serves.
_carrier_call: ContextVar[str] = ContextVar("carrier_call")


class StubAgent:
    """Gives the answer of its number to every turn; made as `AgentService` is made."""

    def __init__(self, definition: AgentDefinition, _retriever: object, _clock: Clock) -> None:
        self._sentences = ANSWERS[definition.numbers[0]]

    async def prepare(self, interim_text: str, conversation: Conversation | None = None) -> None:
        """Nothing is looked up."""

    async def answer(self, turn: UserTurn, conversation: Conversation) -> AsyncIterator[Step]:
        """Think for as long as the other pipeline's language model, then say it all."""
        await asyncio.sleep(LLM_S)
        for sentence in self._sentences:
            yield Say(sentence)
        yield Answered("stub", "stub", "answer", " ".join(self._sentences))


class PauseSTT(StubSTT):
    """The stub recogniser, asked as Callsure asks one: at each pause, and when it must know."""

    def __init__(self) -> None:
        super().__init__(SpeechPausedFrame, audio_passthrough=False)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Follow the caller's turn."""
        await super().process_frame(frame, direction)
        match frame:
            case DecodeRequestFrame():
                await self.recognise(finalized=False)
            case SpeechResumedFrame():
                await self.stop_recognising()


class ProbedStream(VoiceStream):
    """A call's detector, which tells when audio has been scored."""

    def __init__(self, detector: VoiceDetector, probe: Probe) -> None:
        super().__init__(detector)
        self._probe = probe
        self._call = _carrier_call.get("")
        self._scored = 0

    async def confidences(self, pcm: npt.NDArray[np.int16]) -> list[float]:
        """Score whole windows."""
        confidences = await super().confidences(pcm)
        self._scored += len(pcm)
        self._probe.scored(self._call, self._scored)
        return confidences


class ProbedDetector(VoiceDetector):
    """The shared detector, whose streams are probed."""

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self._probe = probe

    def open(self) -> VoiceStream:
        """A stream for one more call."""
        super().open()
        return ProbedStream(self, self._probe)


class ProbedLogs(CallLogs):
    """Call logs that tell of each answer's waterfall, and which call a task serves."""

    def __init__(self, home: Path, database: Database, clock: Clock, probe: Probe) -> None:
        super().__init__(home, database, clock)
        self._probe = probe

    def open(self, call_id: str, leg: int, *, account_id: str = DEFAULT_ACCOUNT) -> CallLog:
        """Begin a leg."""
        log = super().open(call_id, leg, account_id=account_id)
        carrier_call = ""

        def follow(event: Event) -> None:
            nonlocal carrier_call
            match event.body:
                case CallStarted():
                    carrier_call = event.body.carrier_call_id
                case MediaStarted():
                    _carrier_call.set(carrier_call)
                case LatencyMeasured():
                    self._probe.answered(event.body.first_audio_ms)

        log.subscribe(follow)
        return log


def stub_speech(probe: Probe) -> SpeechServices:
    """Speech services whose recogniser and voice are stubs (blocking: loads the rest)."""
    host = ModelHost()
    end_of_turn = EndOfTurn(host)
    end_of_turn.warm()

    async def transcribe(pcm: npt.NDArray[np.int16]) -> Transcript:
        return Transcript("", 0.0)

    return SpeechServices(
        stt=lambda _: PauseSTT(),
        tts=lambda _, style: StubTTS(),
        voices=ProbedDetector(probe),
        end_of_turn=end_of_turn,
        transcribe=transcribe,
    )
