"""How well each retrieved sentence answers a question."""

import re
from dataclasses import dataclass
from typing import Final

from agent.models.question import Question
from agent.models.terms import Term, content, same, stem, words
from knowledge.embeddings import MiniLM
from knowledge.passages import Passage, Sentence

# Support of a word of the question by where the sentence's company mentions it.
_IN_SENTENCE, _IN_HEADING, _NEARBY = 1.0, 0.8, 0.4
_WORDS_WEIGHT = 0.35
_PASSAGE_WEIGHT = 0.25
_UNFIT = 0.25
# A sentence that opens so needs the one before it.
_LEANS: Final = re.compile(
    r"(?:It|They|He|She|This|That|These|Those|Then|There it|Both|Otherwise|If not|After that|"
    r"[A-Z]\w+ing (?:later|earlier|sooner) than that)\b"
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence as an answer."""

    text: str
    passage: Passage
    position: int
    score: float
    closeness: float
    fits: bool
    heading_matched: bool

    @property
    def leans(self) -> bool:
        """Whether it cannot be understood without the sentence before it."""
        return _LEANS.match(self.text) is not None


def candidates(question: Question, passages: tuple[Passage, ...], model: MiniLM) -> list[Candidate]:
    """Every sentence of the passages as an answer, best first."""
    terms = terms_of(question.text, model)
    found = [
        _candidate(question, terms, passage, position, sentence, model)
        for passage in passages
        for position, sentence in enumerate(passage.sentences)
    ]
    return sorted(found, key=lambda candidate: -candidate.score)


def terms_of(text: str, model: MiniLM) -> list[Term]:
    """The content words of a question."""
    return [Term(word, stem(word), model.is_specific(word)) for word in content(text)]


def missing_terms(question: Question, best: Candidate, model: MiniLM) -> list[Term]:
    """Content words that neither the answer nor what stands around it speaks of."""
    around = [*words(best.passage.heading), *words(best.passage.text)]
    return [term for term in terms_of(question.text, model) if not _mentioned(term, around, model)]


def _candidate(
    question: Question,
    terms: list[Term],
    passage: Passage,
    position: int,
    sentence: Sentence,
    model: MiniLM,
) -> Candidate:
    heading = words(passage.heading.rsplit(" / ", 1)[-1])
    fits = question.fits(sentence.text)
    own, nearby = words(sentence.text), words(passage.text)
    total = sum(_weight(term) for term in terms)
    support = sum(
        _weight(term) * _support(term, own, words(passage.heading), nearby, model) for term in terms
    )
    closeness = max(sentence.score, 0.9 * passage.score)
    score = (
        sentence.score
        + _PASSAGE_WEIGHT * passage.score
        + (_WORDS_WEIGHT * support / total if total else 0.0)
        - (0.0 if fits else _UNFIT)
    )
    asked = words(question.text)
    about = [word for word in content(" ".join(heading))]
    matched = bool(about) and all(any(same(a, w, model) for a in asked) for w in about)
    return Candidate(sentence.text, passage, position, score, closeness, fits, matched)


def _support(
    term: Term, own: list[str], heading: list[str], nearby: list[str], model: MiniLM
) -> float:
    if _mentioned(term, own, model):
        return _IN_SENTENCE
    if _mentioned(term, heading, model):
        return _IN_HEADING
    return _NEARBY if _mentioned(term, nearby, model) else 0.0


def _mentioned(term: Term, written: list[str], model: MiniLM) -> bool:
    return any(same(term.word, word, model) for word in written)


def _weight(term: Term) -> float:
    return 1.5 if term.specific else 1.0
