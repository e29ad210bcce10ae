"""What was heard: the words of an utterance that reached the caller, as a pure function."""

from collections.abc import Sequence


def words_heard(text: str, word_ends_ms: Sequence[int], played_ms: float) -> str:
    """The words of ``text`` of which at least half had been played.

    Args:
        text: The utterance, words separated by white space.
        word_ends_ms: End of each word from the start of the utterance, rising; where it does
            not fit the words, an even spread over its last value stands in.
        played_ms: How much of the utterance's audio was played.
    """
    words = text.split()
    if not words or played_ms <= 0:
        return ""
    ends = list(word_ends_ms)
    if len(ends) != len(words):
        total = ends[-1] if ends else 0
        ends = [round(total * (i + 1) / len(words)) for i in range(len(words))]
    start = 0
    heard = 0
    for end in ends:
        if played_ms < (start + end) / 2:
            break
        heard += 1
        start = end
    return " ".join(words[:heard])
