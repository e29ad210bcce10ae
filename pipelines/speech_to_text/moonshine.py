"""Moonshine tiny-en in a plain onnxruntime loop: a whole utterance in, text and confidence out.

The maker's own library cuts clips and adds words at each pause; fed whole turns, the same weights
make fewer errors and run in about a tenth of a second. Weights: moonshine-voice 0.0.73 (MIT).
"""

import hashlib
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import soxr

from core.errors import ConfigurationError
from core.model_host import ModelHost
from pipelines.line import SAMPLE_RATE
from pipelines.speech_to_text.transcript import Transcript

_MODEL_RATE = 16000
_TOKENS_PER_SECOND = 6.5  # English speech stays below; a model that loops does not
_TOKENS_SPARE = 6
_SHORTEST = SAMPLE_RATE // 10  # of less the encoder makes nothing
_START, _END = 1, 2
_HEADS, _HEAD_SIZE = 8, 36
_SHA256 = {
    "encoder_model.ort": "94e90a4654fc45cdfedb77c4c08e1739f48862998e58fada384b25118134f221",
    "decoder_model_merged.ort": "cf524c4862d36e9e5ab032eddc73637efd822d70e868ac575cf1a46e1e4708a0",
    "tokenizer.bin": "6884b35fd6377d4c4d32336a0bc152f36b64d1e45b6503683cdc238250a8472d",
}
Floats = npt.NDArray[np.float32]


class Moonshine:
    """The recogniser. `transcribe` may be called from several threads."""

    def __init__(self) -> None:
        folder = files("moonshine_voice").joinpath("assets", "tiny-en")
        data = {name: folder.joinpath(name).read_bytes() for name in _SHA256}
        for name, content in data.items():
            if hashlib.sha256(content).hexdigest() != _SHA256[name]:
                raise ConfigurationError(
                    "weights_changed",
                    f"The recogniser's {name} is not the file it was tested with. "
                    "Install the locked packages again with `make setup`.",
                )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._encoder: Any = onnxruntime.InferenceSession(data["encoder_model.ort"], options)
        self._decoder: Any = onnxruntime.InferenceSession(data["decoder_model_merged.ort"], options)
        self._inputs = [i.name for i in self._decoder.get_inputs()]
        self._outputs = [o.name for o in self._decoder.get_outputs()]
        self._vocabulary = _read_vocabulary(data["tokenizer.bin"])

    def transcribe(self, pcm: npt.NDArray[np.int16]) -> Transcript:
        """Transcribe one utterance of at most 20 s, int16 at 8 kHz."""
        if len(pcm) < _SHORTEST:
            return Transcript("", 0.0)
        audio = pcm.astype(np.float32) / np.float32(32768)
        audio = soxr.resample(audio, SAMPLE_RATE, _MODEL_RATE, quality="HQ")[None]
        mask = np.ones(audio.shape, np.int64)
        hidden = self._encoder.run(None, {"input_values": audio, "attention_mask": mask})[0]
        limit = int(audio.shape[1] / _MODEL_RATE * _TOKENS_PER_SECOND) + _TOKENS_SPARE
        tokens, probabilities = self._decode(hidden, mask, limit)
        return Transcript(self._text(tokens), float(np.mean(probabilities)))

    def _decode(
        self, hidden: Floats, mask: npt.NDArray[np.int64], limit: int
    ) -> tuple[list[int], list[float]]:
        """Greedy decoding with the decoder's cache of keys and values."""
        cache: dict[str, Any] = {
            name: np.zeros((0, _HEADS, 1, _HEAD_SIZE), np.float32)
            for name in self._inputs
            if name.startswith("past")
        }
        feeds: dict[str, Any] = {"encoder_hidden_states": hidden}
        if "encoder_attention_mask" in self._inputs:
            feeds["encoder_attention_mask"] = mask
        tokens: list[int] = []
        probabilities: list[float] = []
        token = _START
        for step in range(limit):
            feeds["input_ids"] = np.array([[token]], np.int64)
            feeds["use_cache_branch"] = np.array([step > 0])
            logits, *present = self._decoder.run(None, {**feeds, **cache})
            scores = logits[0, -1]
            token = int(scores.argmax())
            probabilities.append(float(1 / np.exp(scores - scores.max()).sum()))
            if token == _END:
                break
            tokens.append(token)
            for name, value in zip(self._outputs[1:], present, strict=True):
                # What the encoder gave is computed once; only the decoder's own part grows.
                if step == 0 or "decoder" in name:
                    cache[name.replace("present", "past_key_values")] = value
        return tokens, probabilities

    def _text(self, tokens: list[int]) -> str:
        pieces = b"".join(self._vocabulary[t] for t in tokens if t < len(self._vocabulary))
        return pieces.decode("utf-8", "ignore").replace("\u2581", " ").strip()


def _read_vocabulary(data: bytes) -> list[bytes]:
    """Length-prefixed pieces; a length of 128 or more takes two bytes."""
    pieces = []
    at = 0
    while at < len(data):
        length = data[at]
        at += 1
        if length >= 128:
            length = data[at] * 128 + length - 128
            at += 1
        pieces.append(data[at : at + length])
        at += length
    return pieces


def load_moonshine(host: ModelHost) -> Moonshine:
    """The process's recogniser (blocking on the first call)."""
    return host.load("moonshine", Moonshine)
