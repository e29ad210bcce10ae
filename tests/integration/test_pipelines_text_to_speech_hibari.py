import itertools

import numpy as np
import pytest
from hibari import Hibari

from pipelines.line import SAMPLE_RATE
from pipelines.text_to_speech.hibari import HibariVoice
from pipelines.text_to_speech.style import VoiceStyle
from pipelines.text_to_speech.timed_hibari import TimedHibari

TEXT = "A cleaning costs $120. We open at 9:00 AM, Dr. Lee!"


@pytest.fixture(scope="module")
def voice() -> HibariVoice:
    return HibariVoice()


def test_asking_for_the_times_of_phonemes_changes_nothing_in_the_voice() -> None:
    timed = TimedHibari().say("We open at nine. Good bye.", 1.0)
    assert np.array_equal(timed.audio, Hibari()("We open at nine. Good bye.", seed=7))
    assert len(timed.ends_ms) == len(timed.phonemes)
    assert list(timed.ends_ms) == sorted(timed.ends_ms)
    assert timed.ends_ms[-1] <= len(timed.audio) / 24 <= timed.ends_ms[-1] + 50


def test_every_written_word_ends_within_the_speech(voice: HibariVoice) -> None:
    speech = voice.speak(TEXT, VoiceStyle())
    length_ms = len(speech.pcm) / 2 * 1000 / SAMPLE_RATE
    assert len(speech.word_ends_ms) == len(TEXT.split())
    assert all(0 < a < b <= length_ms for a, b in itertools.pairwise(speech.word_ends_ms))


def test_a_number_lasts_as_long_as_it_is_said(voice: HibariVoice) -> None:
    ends = dict(zip(TEXT.split(), voice.speak(TEXT, VoiceStyle()).word_ends_ms, strict=True))
    assert ends["$120."] - ends["costs"] > 1000  # "one hundred twenty dollars"


def test_a_faster_voice_says_each_word_sooner(voice: HibariVoice) -> None:
    usual = voice.speak(TEXT, VoiceStyle(speed=1.0)).word_ends_ms
    faster = voice.speak(TEXT, VoiceStyle(speed=1.5)).word_ends_ms
    assert all(soon < late for soon, late in zip(faster, usual, strict=True))


def test_the_same_sentence_is_the_same_audio_in_every_process() -> None:
    first, second = HibariVoice(), HibariVoice()
    assert first.speak(TEXT, VoiceStyle()) == second.speak(TEXT, VoiceStyle())


def test_gain_makes_the_voice_louder(voice: HibariVoice) -> None:
    def level(gain_db: float) -> float:
        pcm = np.frombuffer(voice.speak(TEXT, VoiceStyle(gain_db=gain_db)).pcm, np.int16)
        return float(np.abs(pcm.astype(np.float64)).mean())

    assert level(6.0) > 1.5 * level(0.0)


def test_the_loudest_voice_is_not_cut_off(voice: HibariVoice) -> None:
    pcm = np.frombuffer(voice.speak(TEXT, VoiceStyle(gain_db=20.0)).pcm, np.int16)
    level = np.abs(pcm.astype(np.int32))
    assert level.max() < 32767
    assert np.mean(level > 32700) < 0.001


def test_what_is_kept_is_what_was_made() -> None:
    voice = HibariVoice()
    fresh = voice.speak(TEXT, VoiceStyle())
    assert voice.speak(TEXT, VoiceStyle()) is fresh
    assert voice.speak(TEXT, VoiceStyle(speed=1.2)) != fresh


def test_the_last_word_ends_with_the_voice(voice: HibariVoice) -> None:
    speech = voice.speak(TEXT, VoiceStyle())
    pcm = np.abs(np.frombuffer(speech.pcm, np.int16).astype(np.int32))
    voiced_ms = int(np.flatnonzero(pcm > 300)[-1]) / 8
    assert abs(speech.word_ends_ms[-1] - voiced_ms) <= 120
