from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.agent_turn import AgentTurn, Utterance
from pipelines.heard import words_heard

TEXT = "We open at nine every day."
ENDS = (200, 500, 650, 1000, 1400, 1800)


@pytest.mark.parametrize(
    ("played", "heard"),
    [
        (0, ""),
        (90, ""),
        (110, "We"),
        (640, "We open at"),
        (830, "We open at nine"),
        (1800, TEXT),
        (9999, TEXT),
    ],
)
def test_a_word_is_heard_once_half_of_it_was_played(played: float, heard: str) -> None:
    assert words_heard(TEXT, ENDS, played) == heard


def test_without_word_times_the_words_are_spread_evenly() -> None:
    assert words_heard("one two three four", (2000,), 1000) == "one two"


@given(
    st.text("ab c", max_size=40),
    st.lists(st.integers(0, 900), max_size=40),
    st.floats(0, 5000),
    st.floats(0, 5000),
)
def test_what_was_heard_is_a_beginning_that_only_grows(
    text: str, lasting: list[int], played: float, more: float
) -> None:
    ends = list(accumulate(lasting))
    heard = words_heard(text, ends, played).split()
    assert heard == text.split()[: len(heard)]
    assert len(words_heard(text, ends, played + more).split()) >= len(heard)


def test_a_turn_is_heard_utterance_by_utterance() -> None:
    turn = AgentTurn(1)
    turn.utterances = [
        Utterance("First one.", 1000, 9000, (500, 1000)),
        Utterance("Second one.", 9000, 17000, (500, 1000)),
    ]
    assert turn.heard(1000) == ""
    assert turn.heard(9000) == "First one."
    assert turn.heard(9000 + 4400) == "First one. Second"
    assert turn.heard(17000) == "First one. Second one."
