"""The segment files of a recording, and the two channels that they make together. No I/O.

A segment is a run of chunks, each a header and its μ-law samples. A chunk says where on the
call's timeline it belongs, so that losing one moves no other. A file cut at any byte gives back
every whole chunk before the cut.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from core.ulaw import SILENCE

# Channel, first sample, number of samples, checksum of all of these and the samples.
_HEADER = struct.Struct("<BQII")
_HEAD = struct.Struct("<BQI")
_LONGEST_CHUNK = 8000 * 60
LAST_SAMPLE = 8000 * 60 * 60 * 24
"""A position beyond a day is a damaged number, not a recording."""


class Channel(IntEnum):
    """Who is heard; also the channel's place in the WAV, left to right."""

    CALLER = 0
    AGENT = 1


@dataclass(frozen=True, slots=True)
class Chunk:
    """μ-law samples of one channel from ``start_sample`` of the call's timeline."""

    channel: Channel
    start_sample: int
    ulaw: bytes

    @property
    def end_sample(self) -> int:
        """The first sample after it."""
        return self.start_sample + len(self.ulaw)


def pack(chunk: Chunk) -> bytes:
    """The chunk as it stands in a file."""
    head = _HEAD.pack(chunk.channel, chunk.start_sample, len(chunk.ulaw))
    return head + zlib.crc32(chunk.ulaw, zlib.crc32(head)).to_bytes(4, "little") + chunk.ulaw


def unpack(data: bytes) -> Iterator[Chunk]:
    """Every chunk up to the first that is not whole."""
    position = 0
    while position + _HEADER.size <= len(data):
        channel, start, count, checksum = _HEADER.unpack_from(data, position)
        head = data[position : position + _HEAD.size]
        position += _HEADER.size
        ulaw = data[position : position + count]
        if not 0 < count <= _LONGEST_CHUNK or len(ulaw) < count:
            return
        if channel not in tuple(Channel) or zlib.crc32(ulaw, zlib.crc32(head)) != checksum:
            return
        position += count
        yield Chunk(Channel(channel), start, ulaw)


def assemble(chunks: Iterable[Chunk]) -> npt.NDArray[np.uint8]:
    """Both channels of the call in μ-law, equally long: row 0 the caller, row 1 the agent.

    What no chunk covers is silence; where two chunks overlap, the later one of the sequence wins.
    """
    kept = [chunk for chunk in chunks if chunk.end_sample <= LAST_SAMPLE]
    length = max((chunk.end_sample for chunk in kept), default=0)
    channels = np.full((len(Channel), length), SILENCE, dtype=np.uint8)
    for chunk in kept:
        samples = np.frombuffer(chunk.ulaw, dtype=np.uint8)
        channels[chunk.channel, chunk.start_sample : chunk.end_sample] = samples
    return channels
