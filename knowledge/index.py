"""The passages of one agent in memory: a matrix, and one product per question."""

from collections.abc import Sequence

import numpy as np

from knowledge.embeddings import DIMENSIONS, Vectors
from knowledge.passages import Chunk, Passage, Sentence
from knowledge.words import stems

# A word is telling where so few passages have it; then a passage with it is always looked at.
_TELLING = 2
_BY_WORDS = 2


class MemoryIndex:
    """An immutable index; a new ingestion makes a new one."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = tuple(chunks)
        empty = np.zeros((0, DIMENSIONS), np.float32)
        self._vectors = np.vstack([empty, *(chunk.vector[None] for chunk in chunks)])
        self._sentences = np.vstack([empty, *(chunk.sentence_vectors for chunk in chunks)])
        counts = [len(chunk.section.sentences) for chunk in chunks]
        self._starts = np.cumsum([0, *counts])
        self._rows: dict[str, list[int]] = {}
        for row, chunk in enumerate(chunks):
            for stem in stems(f"{chunk.section.heading} {' '.join(chunk.section.sentences)}"):
                self._rows.setdefault(stem, []).append(row)

    def __len__(self) -> int:
        return len(self._chunks)

    def search(self, query: str, vector: Vectors, k: int) -> tuple[Passage, ...]:
        """Return the ``k`` passages nearest to a question, best first.

        After them come up to two that hold a telling word of it: the vector of a question does
        not know the names that only these documents have.
        """
        if not self._chunks:
            return ()
        sentence_scores = self._sentences @ vector
        best_sentence = np.maximum.reduceat(sentence_scores, self._starts[:-1])
        scores = np.maximum(self._vectors @ vector, best_sentence)
        rows = [int(row) for row in np.argsort(-scores, kind="stable")[:k]]
        rows += [row for row in self._by_words(query) if row not in rows]
        return tuple(self._passage(row, float(scores[row]), sentence_scores) for row in rows)

    def _by_words(self, query: str) -> list[int]:
        hits: dict[int, int] = {}
        for stem in stems(query):
            rows = self._rows.get(stem, [])
            if len(rows) <= _TELLING:
                for row in rows:
                    hits[row] = hits.get(row, 0) + 1
        return sorted(hits, key=lambda row: -hits[row])[:_BY_WORDS]

    def _passage(self, row: int, score: float, sentence_scores: Vectors) -> Passage:
        section = self._chunks[row].section
        first = int(self._starts[row])
        own = sentence_scores[first : first + len(section.sentences)]
        return Passage(
            id=self._chunks[row].id,
            document=section.document,
            heading=section.heading,
            text=" ".join(section.sentences),
            score=score,
            sentences=tuple(
                Sentence(text, float(value))
                for text, value in zip(section.sentences, own, strict=True)
            ),
        )
