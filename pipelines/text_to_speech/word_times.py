"""Where each written word ends in an utterance, from the times of its phonemes. Pure."""

from collections.abc import Sequence
from difflib import SequenceMatcher

_WITHOUT_STRESS = str.maketrans("", "", "ˈˌ")


def word_ends(alone: Sequence[str], phonemes: str, ends_ms: Sequence[float]) -> tuple[float, ...]:
    """The end of each written word.

    Written and spoken words differ: "$120" is said in four, "9:00" in two by itself and in one
    before "AM". So each written word is looked for in the utterance as it is said alone.

    Args:
        alone: The phonemes of each written word said alone, spoken words separated by spaces.
        phonemes: The phonemes of the whole utterance.
        ends_ms: The end of each character of ``phonemes``.
    """
    gaps = [at for at, phoneme in enumerate(phonemes) if phoneme == " "] + [len(phonemes)]
    group_ends_ms = [0.0, *(ends_ms[gap - 1] for gap in gaps if gap)]
    groups = [group for word in alone for group in word.split(" ") if group]
    over = [0, *_groups_over(groups, phonemes.split(" "))]
    found, count = [], 0
    for word in alone:
        count += len([group for group in word.split(" ") if group])
        found.append(group_ends_ms[over[count]])
    return tuple(found)


def _groups_over(alone: Sequence[str], whole: Sequence[str]) -> list[int]:
    """For each group of ``alone``, how many groups of ``whole`` are over when it is."""
    matcher = SequenceMatcher(
        None,
        [group.translate(_WITHOUT_STRESS) for group in alone],
        [group.translate(_WITHOUT_STRESS) for group in whole],
        autojunk=False,
    )
    over = []
    for _, start, end, first, last in matcher.get_opcodes():
        share = (last - first) / max(1, end - start)
        over += [first + round((n + 1) * share) for n in range(end - start)]
    return over
