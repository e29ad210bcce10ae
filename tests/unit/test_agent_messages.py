import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.conversation import Exchange
from agent.intents import read
from agent.messages import THIS_NUMBER, Asked, Draft, draft, is_reply, spoken_name, spoken_number


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("John Smith.", "John Smith"),
        ("Yes, my name is john smith.", "John Smith"),
        ("Sure, this is Maria.", "Maria"),
        ("It's Mary-Jane O'Neil", "Mary-Jane O'Neil"),
        ("I'm Bob, and my number is 5550123", "Bob"),
        ("um", ""),
    ],
)
def test_a_name_is_taken_from_its_introduction(text: str, name: str) -> None:
    assert spoken_name(text) == name


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("503 555 0142", "503-555-0142"),
        ("It's (503) 555-0142.", "503-555-0142"),
        ("plus one 503 555 0142", "503-555-0142"),
        ("five oh three five five five oh one four two", "503-555-0142"),
        ("555-0142", "555-0142"),
        ("the number I'm calling from", THIS_NUMBER),
        ("You can use this number.", THIS_NUMBER),
        ("five oh three", ""),
        ("John Smith", ""),
    ],
)
def test_a_number_is_heard_in_figures_and_in_words(text: str, number: str) -> None:
    assert spoken_number(text) == number


@given(st.text(alphabet="0123456789", min_size=10, max_size=10))
def test_no_digit_is_lost_however_they_are_grouped(digits: str) -> None:
    said = f"{digits[:3]} {digits[3:6]}, {digits[6:]}"

    assert spoken_number(said).replace("-", "") == digits


def test_a_message_is_gathered_from_the_replies() -> None:
    exchanges = [
        Exchange("Do you sell gift cards?", Asked.OFFER, "…"),
        Exchange("Yes.", Asked.NAME, "…"),
        Exchange("Ann Lee", Asked.NUMBER, "…"),
        Exchange("five five five", Asked.NUMBER, "…"),
        Exchange("555 0142", Asked.CONFIRM, "…"),
    ]

    assert draft(exchanges, "Yes.") == Draft("Do you sell gift cards?", "Ann Lee", "555-0142")


def test_a_later_message_begins_anew() -> None:
    exchanges = [
        Exchange("Old question?", Asked.OFFER, "…"),
        Exchange("Yes.", Asked.NAME, "…"),
        Exchange("A message please.", Asked.TEXT, "…"),
    ]

    assert draft(exchanges, "I lost my scarf.") == Draft("I lost my scarf.")


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        (Asked.OFFER, "Yes, please.", True),
        (Asked.OFFER, "No.", False),
        (Asked.OFFER, "What time do you open?", False),
        (Asked.NAME, "John Smith", True),
        (Asked.NAME, "Do you have parking?", False),
        (Asked.NAME, "Goodbye.", False),
        (Asked.NUMBER, "555 0142", True),
        (Asked.NUMBER, "Sorry?", False),
        (Asked.TEXT, "Where is my scarf?", True),
        (Asked.TEXT, "Never mind.", False),
        (Asked.CONFIRM, "That's right.", True),
        (Asked.CONFIRM, "No.", True),
        (Asked.CONFIRM, "How much is a crown?", False),
    ],
)
def test_a_caller_may_leave_the_message_for_something_else(
    asked: Asked, text: str, expected: bool
) -> None:
    assert is_reply(asked, read(text), text) is expected
