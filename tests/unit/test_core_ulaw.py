import audioop

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ulaw


def test_every_sample_encodes_as_the_reference_does() -> None:
    samples = np.arange(-32768, 32768, dtype=np.int16)
    assert ulaw.encode(samples) == audioop.lin2ulaw(samples.tobytes(), 2)


def test_every_code_decodes_as_the_reference_does() -> None:
    codes = bytes(range(256))
    assert ulaw.decode(codes).tobytes() == audioop.ulaw2lin(codes, 2)


def test_silence_is_zero() -> None:
    assert ulaw.encode(np.zeros(3, dtype=np.int16)) == bytes([ulaw.SILENCE] * 3)
    assert not ulaw.decode(bytes([ulaw.SILENCE] * 3)).any()


@given(st.lists(st.integers(-32768, 32767)))
def test_a_round_trip_loses_at_most_one_step(values: list[int]) -> None:
    samples = np.array(values, dtype=np.int16)
    back = ulaw.decode(ulaw.encode(samples)).astype(np.int32)
    limited = np.clip(samples.astype(np.int32), -32124, 32124)
    assert (np.abs(back - limited) <= 8 + np.abs(limited) // 16).all()


@given(st.binary())
def test_decoding_then_encoding_gives_the_same_sound(data: bytes) -> None:
    once = ulaw.decode(data)
    assert (ulaw.decode(ulaw.encode(once)) == once).all()


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview])
def test_any_buffer_decodes(wrap: type) -> None:
    assert ulaw.decode(wrap(b"\x00\x80")).tolist() == [-32124, 32124]


def test_a_strided_array_encodes() -> None:
    stereo = np.array([[1000, 5], [2000, 6]], dtype=np.int16)
    assert ulaw.encode(stereo[:, 0]) == ulaw.encode(np.array([1000, 2000], dtype=np.int16))
