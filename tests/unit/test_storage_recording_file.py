import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ulaw import SILENCE
from storage.recording_file import LAST_SAMPLE, Channel, Chunk, assemble, pack, unpack

CHUNKS = st.lists(
    st.builds(
        Chunk, st.sampled_from(Channel), st.integers(0, 300), st.binary(min_size=1, max_size=60)
    ),
    max_size=12,
)


@given(CHUNKS, st.data())
def test_a_file_cut_at_any_byte_gives_every_whole_chunk(
    chunks: list[Chunk], data: st.DataObject
) -> None:
    whole = b"".join(map(pack, chunks))
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(b"".join(map(pack, chunks[: n + 1]))) for n in range(len(chunks))]
    assert list(unpack(whole[:cut])) == chunks[: sum(end <= cut for end in ends)]


@given(CHUNKS.filter(bool), st.data())
def test_a_damaged_byte_invents_no_sound(chunks: list[Chunk], data: st.DataObject) -> None:
    whole = bytearray(b"".join(map(pack, chunks)))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    found = list(unpack(bytes(whole)))
    assert found == chunks[: len(found)]
    assert len(found) < len(chunks)


@given(CHUNKS)
def test_each_sample_is_the_last_one_written_there(chunks: list[Chunk]) -> None:
    length = max((chunk.end_sample for chunk in chunks), default=0)
    expected = [[SILENCE] * length for _ in Channel]
    for chunk in chunks:
        for offset, sample in enumerate(chunk.ulaw):
            expected[chunk.channel][chunk.start_sample + offset] = sample
    assembled = assemble(chunks)
    assert assembled.shape == (2, length)
    assert assembled.tolist() == expected


def test_both_channels_are_equally_long() -> None:
    assembled = assemble([Chunk(Channel.CALLER, 0, b"\x01" * 5), Chunk(Channel.AGENT, 9, b"\x02")])
    assert assembled[Channel.CALLER].tolist() == [1] * 5 + [SILENCE] * 5
    assert assembled[Channel.AGENT].tolist() == [SILENCE] * 9 + [2]


def test_a_call_without_sound_is_empty() -> None:
    assert assemble([]).shape == (2, 0)


def test_a_position_beyond_a_day_is_left_out() -> None:
    damaged = Chunk(Channel.CALLER, LAST_SAMPLE, b"\x01")
    assert assemble([damaged, Chunk(Channel.AGENT, 0, b"\x02")]).shape == (2, 1)


@pytest.mark.parametrize("tail", [b"\x00" * 64, b"\xff" * 64])
def test_what_a_loss_of_power_leaves_is_no_chunk(tail: bytes) -> None:
    chunk = Chunk(Channel.AGENT, 160, b"\x05" * 160)
    assert list(unpack(pack(chunk) + tail)) == [chunk]
