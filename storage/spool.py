"""The local file that a leg's events are written to first: append-only, framed, owned.

A frame is its payload's length and CRC-32 (both 32 bits, little-endian), then the payload. A file
cut at any byte gives back every whole frame before the cut. A living owner holds the file's lock,
so whoever obtains the lock knows that the owner is gone.
"""

import contextlib
import fcntl
import os
import struct
import threading
import zlib
from pathlib import Path

from core.errors import StorageError

_FRAME = struct.Struct("<II")
_LONGEST = 16 * 1024 * 1024
SUFFIX = ".spool"


def frame(payload: bytes) -> bytes:
    """The payload as it stands in the file."""
    return _FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def payloads(data: bytes) -> list[bytes]:
    """Every payload up to the first frame that is not whole."""
    found = []
    position = 0
    while position + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, position)
        start, end = position + _FRAME.size, position + _FRAME.size + length
        # No event is empty: zeros are what a file system may leave after a loss of power.
        if not 0 < length <= _LONGEST or end > len(data) or zlib.crc32(data[start:end]) != checksum:
            break
        found.append(data[start:end])
        position = end
    return found


class Spool:
    """One leg's file, open and locked.

    Args:
        path: Where the file is made; its folder exists.
        header: The first payload; a spool that can be seen always has it whole.

    Raises:
        StorageError: ``leg_taken`` where the file is already there.
    """

    def __init__(self, path: Path, header: bytes) -> None:
        self.path = path
        self._new = True
        self._closing = threading.Lock()
        # Locked and filled before it gets its name, so that nobody finds it unowned or empty.
        unnamed = path.with_name(f".{path.name}.{os.getpid()}")
        self._fd = os.open(unnamed, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_TRUNC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(self._fd, frame(header))
            os.link(unnamed, path)
        except FileExistsError as error:
            os.close(self._fd)
            raise StorageError("leg_taken", f"{path.name} is already there") from error
        except OSError:
            os.close(self._fd)
            raise
        finally:
            unnamed.unlink(missing_ok=True)
        self._size = len(frame(header))

    def append(self, payload: bytes) -> None:
        """Hand one payload to the operating system: safe from ``kill -9``, not from power loss.

        Raises:
            OSError: The disk is full or gone; the file still ends with a whole frame.
        """
        data = frame(payload)
        try:
            written = os.write(self._fd, data)
            if written < len(data):
                raise OSError("the disk took only part of an event")
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
            raise
        self._size += len(data)

    def sync(self) -> None:
        """Put everything written so far on the disk itself (blocking, from any thread)."""
        with self._closing:
            if self._fd < 0:
                return
            # A descriptor of its own: closing the spool need not wait for the disk.
            fd = os.dup(self._fd)
        try:
            os.fdatasync(fd)
        finally:
            os.close(fd)
        if self._new:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
            self._new = False

    def close(self) -> None:
        """Give the file up; it stays for whoever drains it."""
        with self._closing:
            if self._fd >= 0:
                os.close(self._fd)
                self._fd = -1

    def remove(self) -> None:
        """Delete the file: all of it is in the database."""
        self.path.unlink(missing_ok=True)
        self.close()


class AbandonedSpool:
    """A file whose owner is gone, locked by us."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd = fd

    @classmethod
    def claim(cls, path: Path) -> "AbandonedSpool | None":
        """Take the file over, or return None where its owner lives or it is already gone."""
        try:
            fd = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its owner may have drained and deleted it between our opening and our locking it.
            if os.fstat(fd).st_nlink > 0:
                return cls(path, fd)
        except BlockingIOError:
            pass
        os.close(fd)
        return None

    def payloads(self) -> list[bytes]:
        """The header and every whole event after it (blocking)."""
        return payloads(self.path.read_bytes())

    def close(self) -> None:
        """Give the file up; it stays for the next process."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def remove(self) -> None:
        """Delete the file: all of it is in the database."""
        self.path.unlink(missing_ok=True)
        self.close()
