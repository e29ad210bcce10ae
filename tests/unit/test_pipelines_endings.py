import pytest

from pipelines.endings import is_closing, is_trailing


@pytest.mark.parametrize(
    "text",
    ["Bye.", "Okay, good-bye!", "Thanks, goodbye", "No, that's all. thank you. bye.", "Good bye"],
)
def test_a_farewell_closes(text: str) -> None:
    assert is_closing(text)


@pytest.mark.parametrize("text", ["", "bye the way", "I wanted to buy", "Is that all you have?"])
def test_other_words_do_not_close(text: str) -> None:
    assert not is_closing(text)


@pytest.mark.parametrize(
    "text", ["Actually,", "I would like to", "On Monday and", "Well...um", "So"]
)
def test_what_breaks_off_trails(text: str) -> None:
    assert is_trailing(text)


@pytest.mark.parametrize("text", ["", "When do you open?", "On Monday.", "Do you take Delta"])
def test_what_stands_by_itself_does_not_trail(text: str) -> None:
    assert not is_trailing(text)
