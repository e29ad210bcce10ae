from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.text_to_speech.word_times import word_ends

SAID = "ɪt kˈɔsts fˈIv dˈɑləɹz nˈW."
ENDS = [100.0 * n for n in range(1, len(SAID) + 1)]


@pytest.mark.parametrize(
    ("alone", "ends"),
    [
        (["ɪt", "kˈɔsts", "fˈIv dˈɑləɹz", "nˈW."], (200, 900, 2200, 2700)),
        # Stress lies elsewhere in a sentence.
        (["ˈɪt", "kɔsts", "fˈIv dˈɑləɹz", "nˈW."], (200, 900, 2200, 2700)),
        # Said alone a word has a syllable, or a whole word, more.
        (["ɪt", "kˈɔstəs", "fˈIv dˈɑləɹz", "nˈW."], (200, 900, 2200, 2700)),
        (["ɪt", "kˈɔsts", "fˈIv juɛs dˈɑləɹz", "nˈW."], (200, 900, 2200, 2700)),
        # A dash is not said.
        (["ɪt", "", "kˈɔsts", "fˈIv dˈɑləɹz", "nˈW."], (200, 200, 900, 2200, 2700)),
        # Nothing is said as it would be alone.
        (["a", "b", "c", "d", "e"], (200, 900, 1400, 2200, 2700)),
    ],
)
def test_a_word_ends_where_its_last_spoken_word_does(
    alone: list[str], ends: tuple[float, ...]
) -> None:
    assert word_ends(alone, SAID, ENDS) == ends


def test_nothing_said_ends_at_once() -> None:
    assert word_ends(["", ""], "", []) == (0.0, 0.0)


WORDS = st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=9)


@given(st.lists(st.text("ab c", max_size=6), max_size=12), WORDS, st.data())
def test_ends_rise_and_lie_within_what_was_said(
    alone: list[str], said: list[str], data: st.DataObject
) -> None:
    phonemes = " ".join(said)
    lasting = st.lists(st.floats(0, 500), min_size=len(phonemes), max_size=len(phonemes))
    ends_ms = list(accumulate(data.draw(lasting)))
    ends = word_ends(alone, phonemes, ends_ms)
    assert list(ends) == sorted(ends)
    assert len(ends) == len(alone)
    assert all(0 <= end <= ends_ms[-1] for end in ends)


@given(WORDS)
def test_words_that_are_said_as_alone_end_exactly(said: list[str]) -> None:
    phonemes = " ".join(said)
    ends_ms = [float(n) for n in range(1, len(phonemes) + 1)]
    lengths = accumulate(len(word) + 1 for word in said)
    assert word_ends(said, phonemes, ends_ms) == tuple(float(end - 1) for end in lengths)
