import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.sentences import split_sentences


@pytest.mark.parametrize(
    ("prose", "expected"),
    [
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ("We are at 214 Maple Ave. Come in.", ["We are at 214 Maple Ave. Come in."]),
        ("Dr. Ruiz is here. So is J. Kim.", ["Dr. Ruiz is here.", "So is J. Kim."]),
        ("Open until 6 p.m. on Monday.", ["Open until 6 p.m. on Monday."]),
        ("Open at 9 a.m. Monday. Call us.", ["Open at 9 a.m. Monday.", "Call us."]),
        ("We close at 6 p.m. Ring the bell.", ["We close at 6 p.m.", "Ring the bell."]),
        ('She said "no." Then she left.', ['She said "no."', "Then she left."]),
        ("It costs $2.50 a day", ["It costs $2.50 a day"]),
        ("broken\nover lines. Next.", ["broken over lines.", "Next."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_stops(prose: str, expected: list[str]) -> None:
    assert split_sentences(prose) == expected


@given(st.text(alphabet="aB1 .!?\n\"'", max_size=200))
def test_no_word_is_lost_or_moved(prose: str) -> None:
    assert " ".join(split_sentences(prose)).split() == prose.split()
