"""The embedded answerer: it speaks sentences of the documents, and never one that is not there."""

from dataclasses import dataclass

import numpy as np

from agent.models.question import Question, read_question
from agent.models.scoring import Candidate, candidates, missing_terms
from agent.models.terms import words
from knowledge.embeddings import Embedder
from knowledge.passages import Passage, Retrieval

NAME = "extractive"
_SHORT_WORDS = 32
_LONG_WORDS = 110
_LONG_SENTENCES = 5
# A second sentence must be nearly as good an answer as the first.
_SECOND_WITHIN = 0.12


@dataclass(frozen=True, slots=True)
class Extract:
    """Sentences that answer a question, all of one passage; none where nothing answers it."""

    sentences: tuple[str, ...]
    score: float
    missing: tuple[str, ...] = ()

    @property
    def covered(self) -> bool:
        """Whether the documents answer the question."""
        return bool(self.sentences)


class ExtractiveModel:
    """Chooses the sentence or two that answer a question."""

    def __init__(self, embedder: Embedder, *, threshold: float) -> None:
        self._embedder = embedder
        self._threshold = threshold

    async def answer(self, text: str, retrieval: Retrieval) -> Extract:
        """Choose from what was retrieved for a question; courtesies are already off it."""
        question = read_question(text)
        model = self._embedder.model
        ranked = candidates(question, retrieval.passages, model)
        if not ranked:
            return Extract((), 0.0)
        best = ranked[0]
        missing = missing_terms(question, best, model)
        needed = self._threshold
        if missing:
            needed += 0.2 if any(term.specific for term in missing) else 0.15
            away = await self._pull_away(text, best, [term.word for term in missing])
            if away >= 0.05:
                needed += 0.3
        if not best.fits:
            needed += 0.3
        if best.closeness < needed:
            return Extract((), best.closeness, tuple(term.word for term in missing))
        return Extract(_choose(question, best, ranked), best.closeness)

    async def _pull_away(self, text: str, best: Candidate, missing: list[str]) -> float:
        """How much nearer the answer the question would be without its unanswered words."""
        plain = words(text)
        variants = [" ".join(word for word in plain if word != left) for left in missing[:3]]
        vectors = await self._embedder.embed([best.text, " ".join(plain), *variants])
        similarity = vectors[1:] @ vectors[0]
        return float(np.max(similarity[1:]) - similarity[0])


def _choose(question: Question, best: Candidate, ranked: list[Candidate]) -> tuple[str, ...]:
    passage = best.passage
    sentences = [sentence.text for sentence in passage.sentences]
    if question.broad and best.heading_matched:
        return tuple(_within(sentences, _LONG_WORDS, _LONG_SENTENCES))
    chosen = {best.position}
    if best.leans and best.position > 0:
        chosen.add(best.position - 1)
    length = sum(len(sentences[position].split()) for position in chosen)
    for other in ranked[1:]:
        near = other.score >= best.score - _SECOND_WITHIN
        same = other.passage.id == passage.id and other.position not in chosen
        extra = len(other.text.split())
        if same and near and other.fits and len(chosen) < 2 and length + extra <= _SHORT_WORDS:
            chosen.add(other.position)
            length += extra
    return tuple(sentences[position] for position in sorted(chosen))


def _within(sentences: list[str], most_words: int, most: int) -> list[str]:
    chosen: list[str] = []
    for sentence in sentences[:most]:
        if chosen and sum(len(text.split()) for text in [*chosen, sentence]) > most_words:
            break
        chosen.append(sentence)
    return chosen


__all__ = ["NAME", "Extract", "ExtractiveModel", "Passage"]
