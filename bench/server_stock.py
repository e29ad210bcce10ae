"""The server of the plain Pipecat pipeline: ``python -m bench.server_stock PORT CORE``."""

import sys

from fastapi import FastAPI, Request, Response, WebSocket
from loguru import logger
from pipecat.adapters.llm.services import open_ai_adapter  # noqa: F401  (else a call imports it)
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADState

from bench.probe import Probe, probe_routes
from bench.serving import listen, pin, run
from bench.stock import run_call
from bench.stubs import STREAM_PATH, VOICE_PATH
from telephony.twilio.twiml import MEDIA_TYPE, connect_stream


class ProbedVAD(SileroVADAnalyzer):
    """Pipecat's detector, which tells when audio has been scored."""

    def __init__(self, call: str, probe: Probe) -> None:
        super().__init__()
        self._call = call
        self._probe = probe
        self._taken = 0
        self._scored = 0

    async def analyze_audio(self, buffer: bytes) -> VADState:
        """Score what makes up whole windows."""
        state = await super().analyze_audio(buffer)
        self._taken += len(buffer) // 2
        window = self.num_frames_required()
        scored = self._taken // window * window
        if scored > self._scored:
            self._scored = scored
            self._probe.scored(self._call, scored)
        return state


def create_app(port: int) -> FastAPI:
    """The webhook, the media stream and the probe."""
    app = FastAPI()
    probe = Probe()
    app.include_router(probe_routes(probe))

    @app.post(VOICE_PATH)
    async def voice(request: Request) -> Response:
        number = str((await request.form())["To"])
        url = f"ws://127.0.0.1:{port}{STREAM_PATH}"
        return Response(connect_stream(url, {"number": number}), media_type=MEDIA_TYPE)

    @app.websocket(STREAM_PATH)
    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        await run_call(websocket, lambda call: ProbedVAD(call, probe))

    return app


def main() -> None:
    """Serve on the port and core given as arguments."""
    port, core = int(sys.argv[1]), int(sys.argv[2])
    pin(core)
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    run(lambda: listen(create_app(port), port))


if __name__ == "__main__":
    main()
