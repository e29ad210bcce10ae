from datetime import UTC, datetime

import pytest

from agent.context import local_time, standalone
from agent.conversation import Conversation

WEDNESDAY = datetime(2026, 1, 7, 12, tzinfo=UTC)


def after(*asked: str) -> Conversation:
    conversation = Conversation()
    for question in asked:
        conversation.add_answer(question, "answer", "…")
    return conversation


@pytest.mark.parametrize(
    ("previous", "question", "expected"),
    [
        ("", "how much is a crown", "how much is a crown"),
        ("", "and on sunday", "and on sunday"),
        ("What time do you open on Saturday?", "on sunday", "what time do you open on sunday"),
        ("What time do you open on Saturday?", "what about friday", "what time do you open friday"),
        ("How much is a crown?", "how long does it take", "how long does the crown take"),
        ("How much is a crown?", "what about a root canal", "how much is a root canal"),
        ("Do you take Delta Dental?", "and what about aetna", "do you take aetna"),
        ("How much is a crown?", "is there parking", "is there parking"),
        ("How much is a crown?", "do you take delta dental", "do you take delta dental"),
    ],
)
def test_a_question_that_leans_on_the_last_one_is_completed(
    previous: str, question: str, expected: str
) -> None:
    conversation = after(previous) if previous else after()

    assert standalone(question, conversation, WEDNESDAY) == expected


def test_courtesies_in_between_are_no_questions() -> None:
    conversation = after("How much is a crown?", "Thanks.")

    assert standalone("does it hurt", conversation, WEDNESDAY) == "does the crown hurt"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("are you open today", "are you open on Wednesday"),
        ("are you open right now", "are you open on Wednesday"),
        ("when do you close tomorrow", "when do you close on Thursday"),
    ],
)
def test_relative_days_are_named(question: str, expected: str) -> None:
    assert standalone(question, after(), WEDNESDAY) == expected


def test_the_day_is_the_one_at_the_business() -> None:
    late = datetime(2026, 1, 7, 4, tzinfo=UTC)

    assert local_time(late, "UTC").strftime("%A %H") == "Wednesday 04"
    assert local_time(late, "America/Los_Angeles").strftime("%A %H") == "Tuesday 20"
