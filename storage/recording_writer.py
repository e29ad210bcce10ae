"""What is heard in a call, written to segment files while it is heard."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import structlog

from storage.recording_file import Channel, Chunk, pack

_log = structlog.get_logger(__name__)

_FLUSH_SAMPLES = 1600  # 200 ms
_SEGMENT_SAMPLES = 40_000  # 5 s
SUFFIX = ".seg"


class RecordingWriter:
    """One leg's recording, for the event loop's thread only.

    Args:
        folder: Where recordings are kept; the call gets a folder of its own in it.
        call_id: The call.
        leg: The leg; a later leg's sound goes over an earlier one's.
        on_segment: Called with each file that is complete.
    """

    def __init__(
        self,
        folder: Path,
        call_id: str,
        leg: int,
        on_segment: Callable[[Path], None] | None = None,
    ) -> None:
        self._folder = folder / call_id
        self._leg = leg
        self._on_segment = on_segment
        self._starts = [0] * len(Channel)
        self._buffers = [bytearray() for _ in Channel]
        self._index = 0
        self._fd = -1
        self._first_sample = 0
        self._size = 0
        self._closed = False

    @property
    def path(self) -> Path:
        """The file that is being written."""
        return self._folder / f"{self._leg:03d}-{self._index:05d}{SUFFIX}"

    def write(self, channel: Channel, start_sample: int, ulaw: bytes) -> None:
        """Put μ-law samples on the call's timeline. Kept in memory for at most 200 ms of sound."""
        if self._closed or not ulaw or start_sample < 0:
            return
        buffer = self._buffers[channel]
        if buffer and start_sample != self._starts[channel] + len(buffer):
            self._flush(channel)
        if not buffer:
            self._starts[channel] = start_sample
        buffer += ulaw
        end = start_sample + len(ulaw)
        for each in Channel:
            if self._buffers[each] and end - self._starts[each] >= _FLUSH_SAMPLES:
                self._flush(each)

    def close(self) -> None:
        """Write what is left and complete the last file."""
        if self._closed:
            return
        for channel in Channel:
            self._flush(channel)
        self._closed = True
        self._complete()

    def _flush(self, channel: Channel) -> None:
        buffer = self._buffers[channel]
        if not buffer:
            return
        start = self._starts[channel]
        data = pack(Chunk(channel, start, bytes(buffer)))
        buffer.clear()
        try:
            self._write(start, data)
        except OSError as error:  # a full disk costs sound, never the call
            _log.error("recording_failed", path=self.path.name, error=str(error))

    def _write(self, start_sample: int, data: bytes) -> None:
        if self._fd >= 0 and start_sample - self._first_sample >= _SEGMENT_SAMPLES:
            self._complete()
            self._index += 1
        if self._fd < 0:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._fd = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
            self._first_sample, self._size = start_sample, 0
        if os.write(self._fd, data) < len(data):
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise OSError("the disk took only part of the sound")
        self._size += len(data)

    def _complete(self) -> None:
        if self._fd < 0:
            return
        os.close(self._fd)
        self._fd = -1
        if self._on_segment:
            self._on_segment(self.path)
