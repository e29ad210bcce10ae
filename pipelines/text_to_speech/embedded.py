"""Text to speech with no account: the hibari voice on the shared model host."""

from collections.abc import AsyncGenerator

from pipecat.frames.frames import Frame, TTSAudioRawFrame
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService

from core.model_host import ModelHost
from pipelines.line import SAMPLE_RATE
from pipelines.text_to_speech.cache import Speech
from pipelines.text_to_speech.hibari import load_voice
from pipelines.text_to_speech.style import VoiceStyle


class EmbeddedTTS(TTSService):
    """One call's voice."""

    def __init__(self, host: ModelHost, style: VoiceStyle) -> None:
        super().__init__(
            push_start_frame=True,
            push_stop_frames=True,
            sample_rate=SAMPLE_RATE,
            settings=TTSSettings(model="hibari", voice="heart", language=None),
        )
        self._host = host
        self._style = style

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Synthesise a sentence; the audio frame carries the ends of its words."""
        try:
            speech = await self._host.run("synthesise", self._speak, text)
        except Exception as error:
            await self.push_error(f"synthesis failed: {error}", exception=error)
            speech = Speech(b"", ())  # the sentence is missing; the turn goes on
        frame = TTSAudioRawFrame(speech.pcm, SAMPLE_RATE, 1, context_id=context_id)
        frame.metadata["word_ends_ms"] = speech.word_ends_ms
        yield frame

    def _speak(self, text: str) -> Speech:
        return load_voice(self._host).speak(text, self._style)
