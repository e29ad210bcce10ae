import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.words import Errors, normalise, total, word_errors


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("Please try again.", "please, try again", 0),
        ("Press 1 to exit.", "Press one to exit.", 0),
        ("I am sorry, that's not valid.", "I'm sorry. That is not valid.", 0),
        ("You cannot do that.", "You can't do that.", 0),
        ("Use your touch tone keypad.", "Use your touch-tone key pad.", 0),
        ("Agent login.", "Agent log in.", 0),
        ("The conference is full.", "The conference full.", 1),
        ("The conference is full.", "The conference is not full.", 1),
        ("Followed by the pound key.", "Followed by the town key.", 1),
        ("Goodbye.", "", 1),
    ],
)
def test_counts_only_what_is_said_differently(said: str, heard: str, errors: int) -> None:
    assert word_errors(said, heard).errors == errors


def test_a_number_counts_as_the_words_that_it_is_read_as() -> None:
    assert normalise("Extension 21, twenty-one") == ["extension", *["twenty", "one"] * 2]


def test_two_words_that_both_occur_in_the_other_text_stay_apart() -> None:
    # Else "a head" would be swallowed by "ahead" where both were said.
    assert word_errors("a head ahead", "a head ahead") == Errors(3, 0)


def test_the_rate_of_several_texts_weighs_each_word_alike() -> None:
    together = total([Errors(8, 2), Errors(2, 0)])
    assert together == Errors(10, 2)
    assert together.rate == pytest.approx(0.2)


def test_nothing_said_is_no_error_rate() -> None:
    assert total([]).rate == 0.0


_words = st.lists(st.sampled_from(["open", "at", "nine", "close", "five"]), max_size=8)


@given(_words, _words)
def test_errors_are_bounded_by_the_longer_text_and_zero_only_for_the_same(
    said: list[str], heard: list[str]
) -> None:
    found = word_errors(" ".join(said), " ".join(heard))
    assert abs(len(said) - len(heard)) <= found.errors <= max(len(said), len(heard))
    assert (found.errors == 0) == (said == heard)
