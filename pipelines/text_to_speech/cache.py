"""Synthesised speech kept in memory: greetings and fixed phrases are spoken on every call."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Speech:
    """One utterance: 16-bit audio at 8 kHz, and the end of each written word in it."""

    pcm: bytes
    word_ends_ms: tuple[int, ...]


class SpeechCache:
    """Least recently used, bounded by the bytes of audio it holds."""

    def __init__(self, max_bytes: int = 16_000_000) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[tuple[object, ...], Speech] = OrderedDict()

    def get(self, key: tuple[object, ...]) -> Speech | None:
        """The speech kept under ``key``, or None."""
        speech = self._entries.get(key)
        if speech is not None:
            self._entries.move_to_end(key)
        return speech

    def put(self, key: tuple[object, ...], speech: Speech) -> None:
        """Keep ``speech``, letting go of what was used least recently."""
        previous = self._entries.pop(key, None)
        if previous is not None:
            self._bytes -= len(previous.pcm)
        self._entries[key] = speech
        self._bytes += len(speech.pcm)
        while self._bytes > self._max_bytes and len(self._entries) > 1:
            _, dropped = self._entries.popitem(last=False)
            self._bytes -= len(dropped.pcm)
