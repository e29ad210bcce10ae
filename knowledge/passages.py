"""What the documents are cut into, and what a question brings back."""

from dataclasses import dataclass

from knowledge.embeddings import Vectors


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a document under one heading, as sentences that can be spoken."""

    document: str
    heading: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A section, or a part of a long one, ready to be found.

    ``vector`` stands for the whole chunk under its heading; ``sentence_vectors`` has one row per
    sentence.
    """

    id: str
    section: Section
    position: int
    vector: Vectors
    sentence_vectors: Vectors


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage and its cosine similarity to the question."""

    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk as an answer to a question, with the better of its two similarities."""

    id: str
    document: str
    heading: str
    text: str
    score: float
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The best passages first; ``covered`` is false where even the best is too far away."""

    passages: tuple[Passage, ...]
    covered: bool
    took_ms: float
