"""`callsure serve`, whole but for its recogniser and its voice, and open about its own tasks.

Run as ``python -m tests.e2e.stub_server serve``; ``GET /tasks`` says what runs on its event loop.
"""

import asyncio
import gc
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
from fastapi import FastAPI

import server.app
from bench.callsure import PauseSTT
from bench.stubs import StubTTS
from core.model_host import ModelHost
from pipelines.end_of_turn import EndOfTurn
from pipelines.speech import SpeechServices
from pipelines.speech_to_text.transcript import Transcript
from pipelines.voice_detector import VoiceDetector
from server.cli import main

_create_app = server.app.create_app


def stub_speech(host: ModelHost) -> SpeechServices:
    """Real ears, a recogniser that always hears the same, a voice that is a tone."""

    async def transcribe(pcm: npt.NDArray[np.int16]) -> Transcript:
        return Transcript("", 0.0)

    return SpeechServices(
        stt=lambda _: PauseSTT(),
        tts=lambda _, style: StubTTS(),
        voices=VoiceDetector(),
        end_of_turn=EndOfTurn(host),
        transcribe=transcribe,
    )


async def _no_warming(*_: object) -> None:
    """The stubs are warm."""


def create_app(system: server.app.System) -> FastAPI:
    """The server's own, with a look inside."""
    app = _create_app(system)

    @app.get("/tasks")
    async def tasks() -> list[str]:
        gc.collect()
        return sorted(getattr(t.get_coro(), "__qualname__", "") for t in asyncio.all_tasks())

    return app


if __name__ == "__main__":
    with (
        patch("server.app.embedded_speech", stub_speech),
        patch("server.app.warm_embedded", _no_warming),
        patch("server.startup.warm_embedded", _no_warming),
        patch("server.app.create_app", create_app),
    ):
        main()
