import pytest

from pipelines.backchannels import SoundKind, classify


@pytest.mark.parametrize(
    "text",
    ["Mm-hmm.", "mhm", "Uh-huh.", "Yeah.", "Okay.", "Oh, okay.", "I see.", "Right, right.", "Hmm."],
)
def test_a_listeners_sounds_are_backchannels(text: str) -> None:
    assert classify(text, 0.4, 0.55) is SoundKind.BACKCHANNEL


@pytest.mark.parametrize(
    "text",
    [
        "Wait.",
        "No.",
        "Stop.",
        "Actually, do you take Delta Dental?",
        "Okay, but what about Sunday?",
        "9",
    ],
)
def test_words_take_the_turn(text: str) -> None:
    assert classify(text, 0.9, 0.55) is SoundKind.WORDS


@pytest.mark.parametrize(
    ("text", "confidence"),
    [("", 0.9), ("...", 0.9), ("You", 0.95), ("The.", 0.8), ("I", 0.9), ("Ignore,", 0.4)],
)
def test_what_is_no_speech_is_noise(text: str, confidence: float) -> None:
    assert classify(text, confidence, 0.55) is SoundKind.NOISE
