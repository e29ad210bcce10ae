"""Word error rate. Pure.

What is not said differently is not counted: case, punctuation, figures or words for numbers,
contractions, and compounds written apart.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from num2words import num2words

_CONTRACTIONS = {
    "cannot": "can not",
    "can't": "can not",
    "don't": "do not",
    "i'll": "i will",
    "i'm": "i am",
    "it's": "it is",
    "that's": "that is",
    "we'll": "we will",
    "won't": "will not",
    "you're": "you are",
}


@dataclass(frozen=True, slots=True)
class Errors:
    """Words that were said, and edits that turn what was heard into them."""

    words: int
    errors: int

    @property
    def rate(self) -> float:
        """Errors per word; 0 where nothing was said."""
        return self.errors / self.words if self.words else 0.0


def normalise(text: str) -> list[str]:
    """The words of a text, as they are compared."""
    text = text.lower().replace("’", "'").replace("-", " ")
    text = re.sub(r"\d+", lambda found: f" {_in_words(found.group())} ", text)
    words = re.findall(r"[a-z]+(?:'[a-z]+)?", text)
    return " ".join(_CONTRACTIONS.get(word, word) for word in words).split()


def word_errors(said: str, heard: str) -> Errors:
    """Compare what a recogniser heard with what was said."""
    reference, hypothesis = normalise(said), normalise(heard)
    reference, hypothesis = (
        _joined(reference, frozenset(hypothesis)),
        _joined(hypothesis, frozenset(reference)),
    )
    return Errors(len(reference), _edits(reference, hypothesis))


def total(parts: Iterable[Errors]) -> Errors:
    """The errors of several texts together."""
    found = tuple(parts)
    return Errors(sum(part.words for part in found), sum(part.errors for part in found))


def _in_words(digits: str) -> str:
    return str(num2words(int(digits))).replace("-", " ").replace(",", "")


def _joined(words: Sequence[str], known: frozenset[str]) -> list[str]:
    """Join two words where the other text has them as one."""
    joined: list[str] = []
    for word in words:
        if joined and joined[-1] + word in known and not {joined[-1], word} <= known:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _edits(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Insertions, deletions and substitutions at the least (Levenshtein)."""
    above = list(range(len(hypothesis) + 1))
    for row, word in enumerate(reference, start=1):
        line = [row]
        for column, other in enumerate(hypothesis, start=1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (word != other)))
        above = line
    return above[-1]
