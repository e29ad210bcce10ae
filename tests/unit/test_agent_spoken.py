import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.spoken import spoken, spoken_by_word

READINGS = [
    # Times and days
    ("We open at 9:00 am.", "We open at nine a.m."),
    ("from 8:30am to 5 PM", "from eight thirty a.m. to five p.m."),
    ("8–5 pm", "eight to five p.m."),
    ("at 12:05", "at twelve oh five"),
    ("at 17:30", "at five thirty p.m."),
    ("at 9:00", "at nine o'clock"),
    ("until 6 p.m. Ring twice.", "until six p.m. Ring twice."),
    ("Mon-Fri", "Monday to Friday"),
    ("24/7", "twenty-four seven"),
    ("Dec. 24, 2026", "December twenty-fourth, twenty twenty-six"),
    ("on 12/24/2026", "on December twenty-fourth, twenty twenty-six"),
    ("May 1st", "May first"),
    ("since 2009", "since two thousand nine"),
    ("the 1990s", "the nineteen nineties"),
    ("noon–3 pm", "noon to three p.m."),
    # Money and quantities
    ("$1,150", "one thousand one hundred fifty dollars"),
    ("$1", "one dollar"),
    ("$12.50", "twelve dollars and fifty cents"),
    ("$0.99", "ninety-nine cents"),
    ("$800 to $1,200", "eight hundred to one thousand two hundred dollars"),
    ("£5", "five pounds"),
    ("10% off", "ten percent off"),
    ("15-20%", "fifteen to twenty percent"),
    ("3–5 days", "three to five days"),
    ("2.5 km", "two point five kilometers"),
    ("1/2 hour", "half hour"),
    ("a 15-minute walk", "a fifteen-minute walk"),
    ("1st–3rd", "first to third"),
    # Telephone numbers and addresses
    ("(503) 555-0188", "five oh three, five five five, oh one eight eight"),
    ("503-555-0188.", "five oh three, five five five, oh one eight eight."),
    ("1-800-555-0123", "eight hundred, five five five, oh one two three"),
    ("555-0166", "five five five, oh one six six"),
    ("call 911", "call nine one one"),
    ("214 Maple Ave., Suite 3", "two fourteen Maple Avenue, Suite three"),
    ("1205 Oak Dr.", "twelve oh five Oak Drive"),
    ("12 Main St. is near", "twelve Main Street is near"),
    ("St. Mary's", "Saint Mary's"),
    ("Dr. Ruiz and Mrs. Lee", "Doctor Ruiz and Missus Lee"),
    ("Portland, OR 97201", "Portland, OR nine seven two oh one"),
    ("info@maple.example", "info at maple dot example"),
    ("www.maple-dental.com/book", "maple dash dental dot com slash book"),
    # The rest
    ("e.g. soup & tea", "for example soup and tea"),
    ("Rm. 302B", "Rm. three hundred two B"),
    ("soft food (soup)", "soft food, soup"),
    ("Plain words stay.", "Plain words stay."),
    ("", ""),
]


@pytest.mark.parametrize(("written", "said"), READINGS)
def test_written_forms_are_read_as_a_person_would(written: str, said: str) -> None:
    assert spoken(written) == said


@pytest.mark.parametrize("written", [written for written, _ in READINGS])
def test_every_written_word_keeps_its_place(written: str) -> None:
    by_word = spoken_by_word(written)

    assert len(by_word) == len(written.split())
    assert " ".join(filter(None, by_word)).split() == spoken(written).split() or written[-1:] == ")"


def test_the_words_of_one_reading_are_shared_out_in_order() -> None:
    assert spoken_by_word("at 8:30 am on Friday") == ("at", "eight thirty", "a.m.", "on", "Friday")
    assert spoken_by_word("costs $1,150 now") == (
        "costs",
        "one thousand one hundred fifty dollars",
        "now",
    )


TEXTS = st.text(
    alphabet=st.sampled_from("abcDrStAvepm 0123456789.,:;/-–$%&@()'#+\"!?\n"), max_size=60
)


@given(TEXTS)
def test_nothing_is_left_that_cannot_be_pronounced(text: str) -> None:
    assert not re.search(r"[\d$€£%&@#+()]", spoken(text))


# Without letters that make abbreviations once they stand apart, as the "St" of "0St" does.
@given(st.text(alphabet=st.sampled_from("xyz 0123456789.,:;/-–$%&@()'#+\"!?\n"), max_size=60))
def test_what_can_be_spoken_is_left_alone(text: str) -> None:
    once = spoken(text)

    assert spoken(once) == once


@given(TEXTS)
def test_there_is_one_reading_per_written_word(text: str) -> None:
    assert len(spoken_by_word(text)) == len(text.split())
