"""A question in, the passages that may answer it out."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from core.clock import Clock, within
from core.errors import StorageError
from knowledge.embeddings import Embedder, Vectors
from knowledge.index import MemoryIndex
from knowledge.passages import Chunk, Passage, Retrieval

Beyond = Callable[[Vectors, int], Awaitable[Sequence[Chunk]]]

_BEYOND_S = 0.25  # what a search outside memory may add to an answer
_CANDIDATES = 3  # passages fetched for each that is wanted: sentences decide among them

_log = structlog.get_logger(__name__)


class Retriever:
    """Searches one agent's passages.

    Args:
        embedder: Turns questions into vectors.
        index: The passages in memory.
        clock: Measures the search.
        threshold: Similarity under which the passages do not cover a question.
        beyond: Searches all passages where ``index`` holds only a part of them; while it does
            not answer, that part has to do.
    """

    def __init__(
        self,
        embedder: Embedder,
        index: MemoryIndex,
        clock: Clock,
        *,
        threshold: float = 0.3,
        beyond: Beyond | None = None,
    ) -> None:
        self._embedder = embedder
        self._index = index
        self._clock = clock
        self._threshold = threshold
        self._beyond = beyond

    @property
    def embedder(self) -> Embedder:
        """What turns text into vectors here."""
        return self._embedder

    async def retrieve(self, query: str, k: int = 4) -> Retrieval:
        """Return the ``k`` nearest passages, and whether the nearest is near enough."""
        started = self._clock.monotonic()
        vector = (await self._embedder.embed([query]))[0]
        passages = await self._search(query, vector, k)
        covered = bool(passages) and passages[0].score >= self._threshold
        took_ms = (self._clock.monotonic() - started) * 1000
        return Retrieval(passages, covered, round(took_ms, 1))

    async def _search(self, query: str, vector: Vectors, k: int) -> tuple[Passage, ...]:
        if self._beyond is not None:
            try:
                found = await within(self._clock, _BEYOND_S, self._fetch(self._beyond, vector, k))
            except (StorageError, TimeoutError) as error:
                _log.warning("search_in_memory_only", reason=str(error) or "too slow")
            else:
                return found.search(query, vector, k)
        return self._index.search(query, vector, k)

    async def _fetch(self, beyond: Beyond, vector: Vectors, k: int) -> MemoryIndex:
        return MemoryIndex(await beyond(vector, _CANDIDATES * k))
