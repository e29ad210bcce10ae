"""Recordings: segments uploaded while the call runs, one two-channel WAV at the end."""

import asyncio
import contextlib
import hashlib
import json
import shutil
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.clock import Clock
from core.errors import NotFoundError, StorageError
from storage.events import SegmentStored
from storage.home import write_private
from storage.objects import ObjectStore
from storage.recording_file import Channel
from storage.recording_wav import SAMPLE_RATE, duration_ms, segments, sha256_of, write_wav
from storage.recording_writer import RecordingWriter

__all__ = ["Channel", "RecordingStore", "RecordingWriter", "StoredRecording"]

_log = structlog.get_logger(__name__)

_FIRST_RETRY_S = 1.0
_LAST_RETRY_S = 15.0
_PARALLEL = 3


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A finished recording. ``uri`` holds it once ``uploaded``; ``path`` always does."""

    uri: str
    path: Path
    sha256: str
    duration_ms: int
    channels: int
    sample_rate: int
    uploaded: bool


class RecordingStore:
    """The recordings of this machine and their way to the object store.

    Args:
        home: The folder under which ``recordings/`` lies.
        objects: Where recordings go; None keeps them on this machine.
        clock: What waits between attempts are measured with.
    """

    def __init__(self, home: Path, objects: ObjectStore | None, clock: Clock) -> None:
        self._folder = home / "recordings"
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._objects = objects
        self._clock = clock
        self._assembling = asyncio.Lock()
        self._room = asyncio.Semaphore(_PARALLEL)
        self._tasks: dict[str, set[asyncio.Task[None]]] = {}

    def open(
        self, call_id: str, leg: int, on_stored: Callable[[SegmentStored], None] | None = None
    ) -> RecordingWriter:
        """Begin a leg's recording; ``on_stored`` hears of each segment that was uploaded."""

        def complete(path: Path) -> None:
            if self._objects is not None:
                self._spawn(call_id, self._upload_segment(self._objects, path, call_id, on_stored))

        return RecordingWriter(self._folder, call_id, leg, complete)

    async def start(self) -> None:
        """Go on with the uploads that an earlier process did not finish."""
        for call_id in self.pending():
            self._upload_later(call_id)

    async def stop(self) -> None:
        """End the uploads; what is not stored stays and is uploaded after the next start."""
        tasks = [task for of_call in self._tasks.values() for task in of_call]
        await _cancel(tasks)

    def pending(self) -> list[str]:
        """The calls whose recording has not reached the object store."""
        return sorted(path.stem for path in self._folder.glob("*.pending"))

    def unassembled(self) -> list[str]:
        """The calls of which there are segments on this machine (blocking)."""
        return sorted(path.name for path in self._folder.iterdir() if path.is_dir())

    async def finish(self, call_id: str) -> StoredRecording:
        """Make the call's WAV out of all legs' segments and upload it; doing it again is harmless.

        Where the object store is away the recording is uploaded later.

        Raises:
            NotFoundError: ``recording_not_found`` where nothing was recorded.
            StorageError: ``disk_failed``; the segments stay and are assembled after the next start.
        """
        await _cancel(list(self._tasks.get(call_id, ())))
        wav = self._wav(call_id)
        sha256, length_ms = await self._assembled(call_id)
        uploaded = True
        try:
            await self._upload_wav(call_id, sha256)
        except StorageError as error:
            uploaded = False
            _log.warning("recording_postponed", call_id=call_id, code=error.code)
            self._upload_later(call_id)
        return StoredRecording(
            uri=self._objects.uri(_key(call_id)) if self._objects else wav.as_uri(),
            path=wav,
            sha256=sha256,
            duration_ms=length_ms,
            channels=len(Channel),
            sample_rate=SAMPLE_RATE,
            uploaded=uploaded,
        )

    async def _assembled(self, call_id: str) -> tuple[str, int]:
        try:
            async with self._assembling:
                return await asyncio.to_thread(self._assemble, call_id)
        except OSError as error:
            raise StorageError(
                "disk_failed", f"the recording of {call_id} cannot be written: {error}"
            ) from error

    def _assemble(self, call_id: str) -> tuple[str, int]:
        """Make the WAV if it is not made yet; return its checksum and length (blocking)."""
        folder, wav = self._folder / call_id, self._wav(call_id)
        found = segments(folder)
        if found:
            keys = [_segment_key(call_id, path) for path in found]
            write_private(self._marker(call_id), json.dumps(keys))
            write_wav(folder, wav)
        if not wav.exists():
            raise NotFoundError("recording_not_found", f"nothing of {call_id} was recorded")
        shutil.rmtree(folder, ignore_errors=True)
        return sha256_of(wav), duration_ms(wav)

    async def _upload_wav(self, call_id: str, sha256: str) -> None:
        marker = self._marker(call_id)
        if self._objects is not None and marker.exists():
            await self._objects.put(_key(call_id), self._wav(call_id), sha256)
            for key in json.loads(marker.read_text(encoding="utf-8")):
                await self._objects.delete(key)
        marker.unlink(missing_ok=True)

    def _upload_later(self, call_id: str) -> None:
        async def upload() -> None:
            sha256, _ = await self._assembled(call_id)
            await self._upload_wav(call_id, sha256)

        self._spawn(call_id, self._until_done(upload, call_id))

    async def _upload_segment(
        self,
        objects: ObjectStore,
        path: Path,
        call_id: str,
        on_stored: Callable[[SegmentStored], None] | None,
    ) -> None:
        async def upload() -> None:
            data = await asyncio.to_thread(path.read_bytes)
            sha256 = hashlib.sha256(data).hexdigest()
            uri = await objects.put(_segment_key(call_id, path), data, sha256)
            if on_stored:
                index = int(path.stem.rpartition("-")[2])
                with contextlib.suppress(StorageError):  # the call's log may be closed by now
                    on_stored(SegmentStored(index, uri, len(data), sha256))

        await self._until_done(upload, call_id)

    async def _until_done(self, upload: Callable[[], Awaitable[None]], call_id: str) -> None:
        retry_s = _FIRST_RETRY_S
        while True:
            try:
                async with self._room:
                    await upload()
                return
            except StorageError as error:
                _log.warning("upload_postponed", call_id=call_id, code=error.code, retry_s=retry_s)
            await self._clock.sleep(retry_s)
            retry_s = min(2 * retry_s, _LAST_RETRY_S)

    def _spawn(self, call_id: str, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"upload {call_id}")
        of_call = self._tasks.setdefault(call_id, set())
        of_call.add(task)

        def forget(done: asyncio.Task[None]) -> None:
            of_call.discard(done)
            if not of_call and self._tasks.get(call_id) is of_call:
                del self._tasks[call_id]
            if not done.cancelled() and (error := done.exception()):
                _log.error("upload_failed", call_id=call_id, error=repr(error))

        task.add_done_callback(forget)

    def _wav(self, call_id: str) -> Path:
        return self._folder / f"{call_id}.wav"

    def _marker(self, call_id: str) -> Path:
        """The file that says that the WAV is not in the object store yet, and what is instead."""
        return self._folder / f"{call_id}.pending"


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _key(call_id: str) -> str:
    return f"calls/{call_id}/recording.wav"


def _segment_key(call_id: str, path: Path) -> str:
    return f"calls/{call_id}/segments/{path.name}"
