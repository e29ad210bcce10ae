"""Where each written word ends in an utterance, from the times of its phonemes. Pure."""

from collections.abc import Sequence


def word_ends(lengths: Sequence[int], phonemes: str, ends_ms: Sequence[float]) -> tuple[float, ...]:
    """The end of each written word.

    Written and spoken words differ ("$120" is said in four), so each written word gets its share of
    the phonemes and ends at the nearest gap between two spoken words.

    Args:
        lengths: How many phonemes each written word has when it is said alone.
        phonemes: The whole utterance, spoken words separated by spaces.
        ends_ms: The end of each character of ``phonemes``.
    """
    gaps = [at for at, phoneme in enumerate(phonemes) if phoneme == " "] + [len(phonemes)]
    scale = (len(phonemes) + 1) / max(1, sum(length + 1 for length in lengths))
    found, passed = [], 0.0
    for length in lengths:
        passed += (length + 1) * scale
        gap = min(gaps, key=lambda at: abs(at + 1 - passed))
        found.append(ends_ms[gap - 1] if gap else 0.0)
    return tuple(found)
