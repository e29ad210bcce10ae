import numpy as np
import numpy.typing as npt
import pytest

from core import ulaw
from core.clock import SystemClock
from pipelines.backchannels import SoundKind
from pipelines.last_words import last_words
from pipelines.speech import SpeechServices
from tests.unit.toy_speech import ToyVoices, Words, silence, toy_speech


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def speech(words: Words) -> SpeechServices:
    services, _ = toy_speech(SystemClock(), words)
    return services


def pcm(*parts: bytes) -> npt.NDArray[np.int16]:
    return ulaw.decode(b"".join(parts))


async def test_what_was_being_said_when_the_recording_ends(
    speech: SpeechServices, words: Words
) -> None:
    heard = await last_words(pcm(silence(1.024), words.ulaw("Please call me")), speech)
    assert heard is not None
    assert (heard.text, heard.kind) == ("Please call me", SoundKind.WORDS)
    assert heard.start == 8192
    assert heard.end == 8192 + 3 * 2400


async def test_what_was_said_before_the_recording_ends(
    speech: SpeechServices, words: Words
) -> None:
    heard = await last_words(pcm(silence(0.512), words.ulaw("Thank you"), silence(2)), speech)
    assert heard is not None
    assert heard.text == "Thank you"
    assert 0 <= heard.end - (4096 + 4800) < 256


async def test_two_stretches_are_one(speech: SpeechServices, words: Words) -> None:
    audio = pcm(words.ulaw("I would"), silence(0.5), words.ulaw("like that"), silence(1))
    heard = await last_words(audio, speech)
    assert heard is not None
    assert heard.text == "I would like that"


@pytest.mark.parametrize(
    ("said", "kind"), [("[cough]", SoundKind.NOISE), ("Mm-hm.", SoundKind.BACKCHANNEL)]
)
async def test_what_is_no_turn_is_told_apart(
    speech: SpeechServices, words: Words, said: str, kind: SoundKind
) -> None:
    heard = await last_words(pcm(silence(0.3), words.ulaw(said), silence(1)), speech)
    assert heard is not None
    assert heard.kind is kind


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.032, 5.0])
async def test_where_nothing_was_said_nothing_is_found(
    speech: SpeechServices, seconds: float
) -> None:
    assert await last_words(pcm(silence(seconds)), speech) is None


async def test_the_detector_is_left_as_it_was_found(
    speech: SpeechServices, words: Words, monkeypatch: pytest.MonkeyPatch
) -> None:
    voices = speech.voices
    assert isinstance(voices, ToyVoices)
    await last_words(pcm(words.ulaw("Hello")), speech)
    monkeypatch.setattr(
        "tests.unit.toy_speech._ToyStream.confidences", lambda *_: (_ for _ in ()).throw(OSError)
    )
    with pytest.raises(OSError):  # noqa: PT011
        await last_words(pcm(words.ulaw("Hello")), speech)
    assert voices.streams == 0


async def test_much_noise_and_a_few_words_are_no_more_than_a_recogniser_takes(
    speech: SpeechServices, words: Words
) -> None:
    audio = pcm(words.ulaw("[cough]"), silence(90), words.ulaw("Call me back please"), silence(1))
    asked: list[int] = []
    whole = speech.transcribe

    async def transcribe(piece: npt.NDArray[np.int16]) -> object:
        asked.append(len(piece))
        return await whole(piece)

    object.__setattr__(speech, "transcribe", transcribe)
    heard = await last_words(audio, speech)
    assert heard is not None
    assert heard.text.endswith("Call me back please")
    assert max(asked) <= 20 * 8000


async def test_of_a_long_speech_the_end_is_kept(speech: SpeechServices, words: Words) -> None:
    text = " ".join(f"word{n}" for n in range(100))  # 30 s
    heard = await last_words(pcm(words.ulaw(text)), speech)
    assert heard is not None
    assert heard.text.split()[-59:] == text.split()[-59:]
