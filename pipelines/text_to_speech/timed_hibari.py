"""hibari's network, asked as well for how long it makes each phoneme last."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
from hibari import Hibari, dsp

_PARTS = ["lh", "theta", "ln", "lr", "phi", "f0"]
_ENDS = "/CumSum_output_0"  # for each phoneme, the steps up to its end; not an output by itself
_STEP_MS = 25.0
_SEED = 7  # the noise in the voice is drawn from it: the same text is the same audio


@dataclass(frozen=True, slots=True)
class TimedSpeech:
    """Audio at the model's rate, and the end of each character of ``phonemes`` in it."""

    audio: npt.NDArray[np.float32]
    phonemes: str
    ends_ms: tuple[float, ...]


class TimedHibari:
    """The synthesiser. `say` belongs on one thread at a time."""

    sample_rate: int = dsp.SR

    def __init__(self) -> None:
        self._model = Hibari()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        network = Path(self._model.model_path).read_bytes() + _one_more_output(_ENDS)
        self._session = onnxruntime.InferenceSession(network, options)
        self._model.sess = self._session

    def phonemes(self, text: str) -> str:
        """How the text is said, in the model's alphabet."""
        known = self._model.vocab
        return " ".join(
            "".join(p for p in sentence if p in known) for sentence in self._model.phonemize(text)
        )

    def say(self, text: str, speed: float) -> TimedSpeech:
        """Synthesise spoken text."""
        rng = np.random.default_rng(_SEED)
        audio = [np.zeros(0, np.float32)]
        said: list[str] = []
        ends: list[float] = []
        for sentence in self._model.phonemize(text):
            ids = self._model.ids(sentence)
            inputs = {"ids": np.array([ids]), "speed": np.array([speed], np.float32)}
            *parts, steps = self._session.run([*_PARTS, _ENDS], inputs)
            began = len(np.concatenate(audio)) * 1000 / self.sample_rate
            if said:
                ends.append(began)
            ends += [began + float(step) * _STEP_MS for step in steps[1:-1]]
            audio.append(dsp.synth(*(part[0] for part in parts), rng))
            said.append("".join(p for p in sentence if p in self._model.vocab))
        return TimedSpeech(np.concatenate(audio), " ".join(said), tuple(ends))


def _one_more_output(name: str) -> bytes:
    """What makes a tensor of a serialised network an output when it is put behind the network.

    A protocol buffer followed by another is read as the two merged: here ``graph.output.name``.
    """
    field = name.encode()
    for tag in (0x0A, 0x62, 0x3A):  # ValueInfoProto.name, GraphProto.output, ModelProto.graph
        field = bytes([tag, len(field)]) + field
    return field
