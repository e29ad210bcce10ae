import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.intents import Intent, Reading, normalise, read


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Hello?", Intent.GREETING),
        ("Hi there. How are you doing today?", Intent.GREETING),
        ("Goodbye.", Intent.GOODBYE),
        ("Okay, great, thank you very much. Goodbye!", Intent.GOODBYE),
        ("No, that's all. Thank you, bye.", Intent.GOODBYE),
        ("That's all I needed to know", Intent.GOODBYE),
        ("I'm good, thanks.", Intent.GOODBYE),
        ("Have a good one", Intent.GOODBYE),
        ("Thanks so much", Intent.THANKS),
        ("What?", Intent.REPEAT),
        ("Sorry, what was that?", Intent.REPEAT),
        ("Could you say that again please?", Intent.REPEAT),
        ("I didn't catch that.", Intent.REPEAT),
        ("Can I talk to a real person, please?", Intent.PERSON),
        ("let me speak to someone", Intent.PERSON),
        ("Can I leave a message?", Intent.MESSAGE),
        ("I'd like to make an appointment for a cleaning next week.", Intent.BOOKING),
        ("Are you a robot?", Intent.IDENTITY),
        ("Hold on a second", Intent.WAIT),
        ("Never mind.", Intent.CANCEL),
        ("Yes, please.", Intent.AFFIRMATIVE),
        ("Mm-hmm,", Intent.AFFIRMATIVE),
        ("Okay.", Intent.AFFIRMATIVE),
        ("No, thank you.", Intent.NEGATIVE),
        ("", Intent.NOTHING),
        ("um", Intent.NOTHING),
        ("Bye-bye.", Intent.GOODBYE),
    ],
)
def test_plain_phrases_are_named(text: str, intent: Intent) -> None:
    assert read(text).intent is intent


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("What time do you open?", "what time do you open"),
        ("Hi, I was wondering if you take Delta Dental?", "you take delta dental"),
        ("Um, yeah, so, what are your hours on Friday, please?", "what are your hours on friday"),
        ("Actually, do you take Delta Dental insurance?", "do you take delta dental insurance"),
        ("Wait, do you have parking?", "do you have parking"),
        ("Thanks. And what does a crown cost?", "what does a crown cost"),
        ("Do you have parking? Thank you, bye.", "do you have parking"),
        ("Could you tell me about your pet policy?", "about your pet policy"),
        ("Are you open right now?", "are you open right now"),
        ("Is the food good?", "is the food good"),
    ],
)
def test_a_question_loses_its_courtesies(text: str, question: str) -> None:
    assert read(text) == Reading(Intent.QUESTION, question)


def test_a_request_for_a_person_keeps_what_it_is_about() -> None:
    assert read("I want to speak to someone about my bill") == Reading(
        Intent.PERSON, "about my bill"
    )


def test_a_question_after_a_request_is_what_counts() -> None:
    reading = read("I'd like to book an appointment, but how much is it?")

    assert reading == Reading(Intent.QUESTION, "how much is it")


@given(st.text(max_size=80))
def test_any_text_can_be_read_and_normalised_once_for_all(text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once
    assert read(text).question in once
