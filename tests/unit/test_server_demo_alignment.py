"""How far a recording lies from the tape: exact, either way, and honest where it is not there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.demo.alignment import Samples, Shift, shift, worst_shift


def noise(seed: int, length: int) -> Samples:
    return np.random.default_rng(seed).integers(-8000, 8000, length).astype(np.int16)


def delayed(samples: Samples, by: int) -> Samples:
    late = np.zeros_like(samples)
    if by >= 0:
        late[by:] = samples[: len(samples) - by]
    else:
        late[:by] = samples[-by:]
    return late


@given(st.integers(-1599, 1599), st.integers(0, 100))
@settings(max_examples=30, deadline=None)
def test_a_shift_is_found_to_the_sample(by: int, seed: int) -> None:
    tape = noise(seed, 16_000)

    assert shift(delayed(tape, by), tape, 4_000, 12_000) == by


def test_the_worst_of_several_stretches_counts() -> None:
    tape = noise(1, 40_000)
    recorded = tape.copy()
    recorded[20_000:28_000] = delayed(tape, -80)[20_000:28_000]

    assert worst_shift(recorded, tape, [(2_000, 10_000), (21_000, 27_000)]) == Shift(
        -80, 21_000, 27_000
    )


@pytest.mark.parametrize("recorded", [np.zeros(16_000, np.int16), noise(2, 16_000)])
def test_audio_that_is_not_on_the_recording_counts_as_far_away(recorded: Samples) -> None:
    assert abs(shift(recorded, noise(1, 16_000), 4_000, 12_000)) == 1600


def test_silence_cannot_be_misplaced() -> None:
    silence = np.zeros(16_000, np.int16)

    assert shift(silence, silence, 4_000, 12_000) == 0
    assert worst_shift(silence, silence, []) == Shift(0)


def test_a_stretch_at_the_very_start_is_found_too() -> None:
    tape = noise(3, 16_000)

    assert shift(delayed(tape, 40), tape, 0, 8_000) == 40
