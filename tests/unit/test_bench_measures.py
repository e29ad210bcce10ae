import numpy as np
import numpy.typing as npt

from bench.measures import (
    Spoken,
    answered_at,
    barge_in_ms,
    lateness_ms,
    voiced,
)
from simulators.carrier.playback import Clear, Run


def _tape(length: int, *voice: tuple[int, int]) -> npt.NDArray[np.int16]:
    pcm = np.zeros(length, np.int16)
    for start, end in voice:
        pcm[start:end] = 3000
    return pcm


def _run(start: int, length: int) -> Run:
    return Run(start, bytearray(length))


def test_the_voiced_part_leaves_out_silence_at_both_ends() -> None:
    pcm = _tape(16_000, (4_000, 8_000))
    assert voiced(pcm, 3_200, 9_600) == Spoken(4_000, 8_000)


def test_silence_and_utterances_that_were_cut_off_have_no_voiced_part() -> None:
    pcm = _tape(8_000, (4_000, 8_000))
    assert voiced(pcm, 0, 3_200) is None
    assert voiced(pcm, 3_200, 8_001) is None


def test_the_answer_is_the_first_run_behind_the_last_voiced_sample() -> None:
    runs = [_run(0, 4_000), _run(20_000, 800), _run(12_000, 800)]
    assert answered_at(runs, 8_000) == 12_000


def test_speech_that_comes_much_later_is_no_answer() -> None:
    assert answered_at([_run(50_000, 800)], 8_000) is None


def test_barge_in_is_counted_from_the_sending_of_the_frame_with_the_onset() -> None:
    runs = [_run(0, 20_000)]
    # Sample 10 050 travels in the frame that is sent at 9 920.
    assert barge_in_ms(runs, [Clear(11_520, 800, ())], 10_050) == 200.0


def test_a_voice_that_interrupts_nothing_is_no_barge_in() -> None:
    clear = Clear(11_520, 800, ())
    assert barge_in_ms([_run(0, 5_000)], [clear], 10_050) is None
    assert barge_in_ms([_run(0, 20_000)], [], 10_050) is None
    assert barge_in_ms([_run(0, 20_000)], [Clear(11_520, 0, ())], 10_050) is None
    assert barge_in_ms([_run(0, 40_000)], [Clear(30_000, 800, ())], 10_050) is None


def test_lateness_counts_from_the_frame_that_completes_a_window() -> None:
    # The window of samples 0 … 255 is complete with the frame that is sent at sample 160.
    assert lateness_ms([(256, 160), (256, 200), (320, 160)]) == [0.0, 5.0, 0.0]
