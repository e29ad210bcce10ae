"""How well each retrieved sentence answers a question."""

import math
import re
from dataclasses import dataclass
from itertools import pairwise

from agent.models.days import days_in, states_hours
from agent.models.forms import CASE, ENUMERATION, LEANS, LIGHT, NO, PERMISSION
from agent.models.question import Question
from agent.models.terms import mentioned, resembles
from knowledge.embeddings import MiniLM
from knowledge.passages import Passage
from knowledge.words import compounds, content, words

# Support that a word of the question gets from where it is mentioned.
_IN_SENTENCE, _IN_HEADING, _NEARBY = 1.0, 0.9, 0.15
_WORDS_WEIGHT = 0.45
_PASSAGE_WEIGHT = 0.4
_LEAF_WEIGHT = 0.06
_UNFIT = -0.45
_RIGHT_DAY, _WRONG_DAY = 0.15, -0.35
_OTHER_CASE = -0.12
_WITHOUT = 0.3
_PERMITTED = 0.12
_FIRST = 0.04
_LISTED = 0.2


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence as an answer.

    Attributes:
        text: The sentence.
        passage: Where it stands.
        position: Its place there.
        score: For ranking: higher answers better.
        closeness: Similarity of meaning, 0 … 1, comparable between questions.
        fits: Whether it holds the kind of thing that was asked for.
        literal: Whether it names everything that was asked for.
        whole_section: Whether its section as a whole is what was asked about.
    """

    text: str
    passage: Passage
    position: int
    score: float
    closeness: float
    fits: bool
    literal: bool
    whole_section: bool

    @property
    def leans(self) -> bool:
        """Whether it cannot be understood without the sentence before it."""
        return LEANS.match(self.text) is not None


class Scorer:
    """Scores sentences for one question."""

    def __init__(
        self,
        question: Question,
        passages: tuple[Passage, ...],
        model: MiniLM,
        own_name: frozenset[str] = frozenset(),
    ) -> None:
        self.question = question
        self._passages = passages
        self._own_name = own_name
        self._model = model
        self._written = {
            text: [*words(text), *compounds(text)]
            for passage in passages
            for text in (passage.heading, *(sentence.text for sentence in passage.sentences))
        }
        self.terms = self._terms()
        self._weights = self._rareness()
        # One word of daily use is in many a sentence about something else.
        self._telling = len(self.terms) > 1 or any(map(model.rarity, self.terms))

    def candidates(self) -> list[Candidate]:
        """Every sentence of the passages as an answer, best first."""
        found = [
            self._candidate(passage, position)
            for passage in self._passages
            for position in range(len(passage.sentences))
        ]
        return sorted(found, key=lambda candidate: -candidate.score)

    def missing(self, best: Candidate) -> list[str]:
        """Words of the question that neither the answer nor what stands around it speaks of."""
        around = [best.passage.heading, *(sentence.text for sentence in best.passage.sentences)]
        ignored = self._own_name | LIGHT
        return [
            term
            for term in self.terms
            if term not in ignored
            and not any(self._says(text, term) for text in around)
            and not self._misheard(term, best.text)
        ]

    def _misheard(self, term: str, sentence: str) -> bool:
        """Whether a word was taken for its like: after "delta", "denial" is "dental"."""
        asked, written = words(self.question.text), words(sentence)
        before = {left for left, right in pairwise(asked) if right == term}
        after = (right for left, right in pairwise(written) if left in before)
        return any(resembles(term, word) for word in after)

    def _candidate(self, passage: Passage, position: int) -> Candidate:
        question, sentence = self.question, passage.sentences[position]
        named = {term for term in self.terms if self._says(sentence.text, term)}
        titled = {term for term in self.terms if self._says(passage.heading, term)}
        fits = question.fits(sentence.text)
        score = (
            sentence.score
            + _PASSAGE_WEIGHT * passage.score
            + _WORDS_WEIGHT * self._support(named, titled, passage)
            + _LEAF_WEIGHT * self._leaf_share(passage)
            + (0.0 if fits else _UNFIT)
            + (_FIRST if position == 0 else 0.0)
            + self._days(sentence.text)
            + self._case(sentence.text)
        )
        if question.negative and self._goes_without(f"{passage.heading}: {sentence.text}"):
            score += _WITHOUT
        if question.enumeration and titled and ENUMERATION.search(sentence.text):
            score += _LISTED
        if question.permission and PERMISSION.search(sentence.text):
            score += _PERMITTED
        return Candidate(
            text=sentence.text,
            passage=passage,
            position=position,
            score=score,
            closeness=max(sentence.score, 0.9 * passage.score),
            fits=fits,
            literal=self._telling and named == set(self.terms),
            whole_section=self._is_whole(passage, titled),
        )

    def _terms(self) -> list[str]:
        """The content words of the question; two of them that the documents write as one, as one.

        A recogniser writes "met life" and "check in" where they have "MetLife" and "check-in".
        """
        vocabulary = {word for written in self._written.values() for word in written}
        plain = words(self.question.text)
        terms = content(self.question.text)
        for left, right in pairwise(plain):
            if left + right in vocabulary and left + right not in terms:
                terms = [*(term for term in terms if term not in (left, right)), left + right]
        return terms

    def _says(self, text: str, term: str) -> bool:
        return mentioned(term, self._written[text], self._model)

    def _goes_without(self, text: str) -> bool:
        return any(re.search(rf"{NO} (?:\w+ )?{term}", text, re.I) for term in self.terms)

    def _leaf_share(self, passage: Passage) -> float:
        """How much of the question the section's own heading names."""
        if not self.terms:
            return 0.0
        leaf = words(passage.heading.rsplit(" / ", 1)[-1])
        named = [term for term in self.terms if mentioned(term, leaf, self._model)]
        return len(named) / len(self.terms)

    def missing_share(self, missing: list[str]) -> float:
        """How much of the question, by the weight of its words, is missing."""
        total = sum(self._weights.values())
        return sum(self._weights[term] for term in missing) / total if total else 0.0

    def _support(self, named: set[str], titled: set[str], passage: Passage) -> float:
        total = sum(self._weights.values())
        if not total:
            return 0.0
        supported = 0.0
        for term, weight in self._weights.items():
            if term in named:
                supported += weight * _IN_SENTENCE
            elif term in titled:
                supported += weight * _IN_HEADING
            elif any(self._says(other.text, term) for other in passage.sentences):
                supported += weight * _NEARBY
        return supported / total

    def _rareness(self) -> dict[str, float]:
        """A word that few of the sentences have tells them apart."""
        sentences = [s.text for passage in self._passages for s in passage.sentences]
        weights = {}
        for term in self.terms:
            having = sum(self._says(text, term) for text in sentences)
            weights[term] = math.log(1 + (len(sentences) + 1) / (having + 1))
        return weights

    def _days(self, sentence: str) -> float:
        asked, written = self.question.days, days_in(sentence)
        if not asked or not written:
            return 0.0
        if asked & written:
            return _RIGHT_DAY
        return _WRONG_DAY if states_hours(sentence) else 0.0

    def _case(self, sentence: str) -> float:
        """A sentence for a certain case answers only who asked about that case."""
        case = CASE.match(sentence)
        if case is None:
            return 0.0
        condition = content(case[1])
        asked = words(self.question.text)
        if re.search(NO, case[1], re.I) and not self.question.negative:
            return _OTHER_CASE
        met = any(mentioned(word, asked, self._model) for word in condition)
        return 0.0 if met or not condition else _OTHER_CASE

    def _is_whole(self, passage: Passage, titled: set[str]) -> bool:
        own = content(passage.heading.rsplit(" / ", 1)[-1])
        asked = words(self.question.text)
        all_asked = bool(own) and all(mentioned(word, asked, self._model) for word in own)
        return all_asked or (bool(self.terms) and titled == set(self.terms))
