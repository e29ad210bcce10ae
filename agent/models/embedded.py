"""The embedded answerer: it speaks sentences of the documents, and never one that is not there."""

from dataclasses import dataclass

import numpy as np

from agent.models.question import Question, read_question
from agent.models.scoring import Candidate, Scorer
from knowledge.embeddings import Embedder
from knowledge.passages import Retrieval
from knowledge.words import words

NAME = "extractive"

_SHORT_WORDS, _LISTING_WORDS, _LONG_WORDS = 32, 36, 110
_LONG_SENTENCES = 5
# A second sentence must be nearly as good an answer as the first.
_SECOND_WITHIN = 0.12
# How much nearer an answer must be where it leaves a word of the question unanswered: a word of
# daily use may be a manner of speaking, a rare one is what the question is about.
_COMMON_MISSING, _RARE_MISSING = 0.05, 0.2
_SHARE_MISSING = 0.15
# Without that word the question would be nearer by this much: it asks for something else.
_PULLED_AWAY = 0.05
_REFUSED = 0.3
_LITERAL = 0.15


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
    """Chooses the sentence or two that answer a question.

    Args:
        embedder: The encoder of questions and sentences.
        threshold: Similarity under which a question counts as not covered.
        business: The business's name: its words in a question ask for nothing.
    """

    def __init__(self, embedder: Embedder, *, threshold: float, business: str = "") -> None:
        self._own_name = frozenset(words(business))
        self._embedder = embedder
        self._threshold = threshold

    async def answer(self, text: str, retrieval: Retrieval) -> Extract:
        """Choose from what was retrieved for a question; courtesies are already off it."""
        return await self._embedder.run(self._answer, text, retrieval)

    def _answer(self, text: str, retrieval: Retrieval) -> Extract:
        question = read_question(text)
        scorer = Scorer(question, retrieval.passages, self._embedder.model, self._own_name)
        ranked = scorer.candidates()
        if not ranked:
            return Extract((), 0.0)
        best = ranked[0]
        missing = scorer.missing(best)
        if best.closeness < self._needed(scorer, best, missing):
            return Extract((), best.closeness, tuple(missing))
        return Extract(_choose(question, best, ranked), best.closeness)

    def _needed(self, scorer: Scorer, best: Candidate, missing: list[str]) -> float:
        """How near the best sentence must be to be given as the answer."""
        needed = self._threshold
        if not best.fits:
            needed += _REFUSED
        if best.literal:
            needed -= _LITERAL
        if missing:
            rarity = max(self._embedder.model.rarity(word) for word in missing)
            needed += _COMMON_MISSING + rarity * (_RARE_MISSING - _COMMON_MISSING)
            needed += _SHARE_MISSING * scorer.missing_share(missing)
            # The encoder is asked again only where its answer can still change the outcome.
            undecided = needed <= best.closeness < needed + _REFUSED
            if undecided and self._pull_away(scorer.question.text, best, missing) >= _PULLED_AWAY:
                needed += _REFUSED
        return needed

    def _pull_away(self, text: str, best: Candidate, missing: list[str]) -> float:
        """How much nearer the answer the question would be without its unanswered words."""
        plain = words(text)
        variants = [" ".join(word for word in plain if word != left) for left in missing[:3]]
        vectors = self._embedder.embed_now([best.text, " ".join(plain), *variants])
        similarity = vectors[1:] @ vectors[0]
        return float(np.max(similarity[1:]) - similarity[0])


def _choose(question: Question, best: Candidate, ranked: list[Candidate]) -> tuple[str, ...]:
    sentences = [sentence.text for sentence in best.passage.sentences]
    if question.procedure and best.whole_section:
        return _within(sentences, _LONG_WORDS, _LONG_SENTENCES)
    if question.listing and best.whole_section:
        fitting = [sentence for sentence in sentences if question.fits(sentence)]
        return _within(fitting, _LISTING_WORDS, _LONG_SENTENCES)
    chosen = {best.position}
    if best.leans and best.position > 0:
        chosen.add(best.position - 1)
    length = sum(len(sentences[position].split()) for position in chosen)
    for other in ranked[1:]:
        near = other.score >= best.score - _SECOND_WITHIN
        same = other.passage.id == best.passage.id and other.position not in chosen
        extra = len(other.text.split())
        if same and near and other.fits and len(chosen) < 2 and length + extra <= _SHORT_WORDS:
            chosen.add(other.position)
            length += extra
    return tuple(sentences[position] for position in sorted(chosen))


def _within(sentences: list[str], most_words: int, most: int) -> tuple[str, ...]:
    chosen: list[str] = []
    for sentence in sentences[:most]:
        if chosen and sum(len(text.split()) for text in [*chosen, sentence]) > most_words:
            break
        chosen.append(sentence)
    return tuple(chosen)
