"""The passages of one agent in memory: a matrix, and one product per question."""

from collections.abc import Sequence

import numpy as np

from knowledge.embeddings import DIMENSIONS, Vectors
from knowledge.passages import Chunk, Passage, Sentence


class MemoryIndex:
    """An immutable index; a new ingestion makes a new one."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = tuple(chunks)
        empty = np.zeros((0, DIMENSIONS), np.float32)
        self._vectors = np.vstack([empty, *(chunk.vector[None] for chunk in chunks)])
        self._sentences = np.vstack([empty, *(chunk.sentence_vectors for chunk in chunks)])
        counts = [len(chunk.section.sentences) for chunk in chunks]
        self._starts = np.cumsum([0, *counts])

    def __len__(self) -> int:
        return len(self._chunks)

    def search(self, query: Vectors, k: int) -> tuple[Passage, ...]:
        """Return the ``k`` passages nearest to a query vector, best first."""
        if not self._chunks:
            return ()
        sentence_scores = self._sentences @ query
        best_sentence = np.maximum.reduceat(sentence_scores, self._starts[:-1])
        scores = np.maximum(self._vectors @ query, best_sentence)
        order = np.argsort(-scores, kind="stable")[:k]
        return tuple(self._passage(int(row), float(scores[row]), sentence_scores) for row in order)

    def _passage(self, row: int, score: float, sentence_scores: Vectors) -> Passage:
        chunk = self._chunks[row]
        first = int(self._starts[row])
        return passage(chunk, score, sentence_scores[first : first + len(chunk.section.sentences)])


def passage(chunk: Chunk, score: float, sentence_scores: Vectors) -> Passage:
    """A chunk with what a question made of it."""
    section = chunk.section
    return Passage(
        id=chunk.id,
        document=section.document,
        heading=section.heading,
        text=" ".join(section.sentences),
        score=score,
        sentences=tuple(
            Sentence(text, float(value))
            for text, value in zip(section.sentences, sentence_scores, strict=True)
        ),
    )
