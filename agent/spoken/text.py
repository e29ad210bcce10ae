"""Written text to spoken words, as a whole or word by word."""

import re
from dataclasses import dataclass

from agent.spoken.rules import RULES


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of the written text, and what is said for it."""

    start: int
    end: int
    said: str


def spoken(text: str) -> str:
    """Return ``text`` as a person would read it aloud: no digits, signs or abbreviations."""
    return _tidy(" ".join(word for word in spoken_by_word(text) if word))


def spoken_by_word(text: str) -> tuple[str, ...]:
    """What is said for each whitespace-separated word of ``text``; joined, it is ``spoken``.

    Where one reading covers several written words ("8:30 am"), its words are shared out among
    them in order, so that each written word keeps its place in the audio.
    """
    written = list(re.finditer(r"\S+", text))
    pieces = _pieces(text)
    said: list[list[str]] = [[] for _ in written]
    position = 0
    for index, word in enumerate(written):
        position = max(position, word.start())
        while position < word.end():
            piece = next((p for p in pieces if p.start <= position < p.end), None)
            if piece is None:
                stop = min([p.start for p in pieces if p.start > position] + [word.end()])
                said[index].append(text[position:stop])
                position = stop
                continue
            covered = [
                i for i, w in enumerate(written) if w.start() < piece.end and w.end() > piece.start
            ]
            for target, share in zip(covered, _shares(piece.said, len(covered)), strict=True):
                said[target].append(share)
            position = piece.end
    return _with_pauses(["".join(parts).strip() for parts in said])


def _with_pauses(said: list[str]) -> tuple[str, ...]:
    """A pause belongs to the word before it, and none to the last word."""
    for index in range(1, len(said)):
        if said[index].startswith(","):
            said[index - 1] += ","
    words = [_tidy(text) for text in said]
    for index in reversed(range(len(words))):
        words[index] = words[index].rstrip(",;: ")
        if words[index]:
            break
    return tuple(words)


def _pieces(text: str) -> list[_Piece]:
    taken = bytearray(len(text))
    found = []
    for rule in RULES:
        for match in rule.compiled.finditer(text):
            if match.start() < match.end() and not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                found.append(_Piece(match.start(), match.end(), _apart(match, rule.say(match))))
    return sorted(found, key=lambda piece: piece.start)


def _apart(match: re.Match[str], said: str) -> str:
    """Keep words apart that were written as one: "302B", "4x6"."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:1]
    return f"{' ' if before.isalnum() else ''}{said}{' ' if after.isalnum() else ''}"


def _shares(said: str, count: int) -> list[str]:
    if count == 1:
        return [said]
    words = said.split()
    bounds = [round(index * len(words) / count) for index in range(count + 1)]
    return [" ".join(words[bounds[i] : bounds[i + 1]]) for i in range(count)]


def _tidy(text: str) -> str:
    """One space between words, and no doubled or leading commas."""
    text = re.sub(r"\s+([,.;:!?])", r"\1", " ".join(text.split()))
    text = re.sub(r"[,;:]+(?=[,;:.!?])", "", text)
    text = re.sub(r"([a-z]\.m)\.\.", r"\1.", text)
    return text.lstrip(",;: ")
