import pytest

from pipelines.closings import is_closing


@pytest.mark.parametrize(
    "text",
    ["Bye.", "Okay, good-bye!", "Thanks, goodbye", "No, that's all. thank you. bye.", "Good bye"],
)
def test_a_farewell_ends_a_turn(text: str) -> None:
    assert is_closing(text)


@pytest.mark.parametrize("text", ["", "bye the way", "I wanted to buy", "Is that all you have?"])
def test_other_words_do_not(text: str) -> None:
    assert not is_closing(text)
