"""A question in, the passages that may answer it out."""

from core.clock import Clock
from knowledge.embeddings import Embedder
from knowledge.index import MemoryIndex
from knowledge.passages import Retrieval


class Retriever:
    """Searches one agent's passages."""

    def __init__(
        self, embedder: Embedder, index: MemoryIndex, clock: Clock, *, threshold: float = 0.3
    ) -> None:
        self._embedder = embedder
        self._index = index
        self._clock = clock
        self._threshold = threshold

    @property
    def embedder(self) -> Embedder:
        """What turns text into vectors here."""
        return self._embedder

    async def retrieve(self, query: str, k: int = 4) -> Retrieval:
        """Return the ``k`` nearest passages, and whether the nearest is near enough."""
        started = self._clock.monotonic()
        vector = (await self._embedder.embed([query]))[0]
        passages = self._index.search(query, vector, k)
        covered = bool(passages) and passages[0].score >= self._threshold
        took_ms = (self._clock.monotonic() - started) * 1000
        return Retrieval(passages, covered, round(took_ms, 1))
