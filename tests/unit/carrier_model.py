"""A carrier's playback buffer on virtual time, as the documentation describes it: the truth that
the pure playback account is checked against."""

import heapq
from dataclasses import dataclass, field

from pipelines.line import SAMPLE_RATE
from pipelines.playback import Placed, Playback


@dataclass
class CarrierModel:
    """Messages take ``delay`` seconds each way; everything happens in order of its time."""

    playback: Playback
    delay: float = 0.0
    now: float = 100.0
    played: list[tuple[float, bytes]] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    sent_after_clear: int = 0
    _buffer: list[tuple[float, float, bytes]] = field(default_factory=list)
    _end: float = 0.0
    _marks: list[tuple[float, str]] = field(default_factory=list)
    _events: list[tuple[float, int, str, object]] = field(default_factory=list)
    _count: int = 0

    def run(self, seconds: float) -> None:
        """Let time pass: send what is due, deliver what arrives."""
        end = self.now + seconds
        while True:
            due = self.playback.next_due()
            sending = max(due, self.now) if due is not None else float("inf")
            arriving = self._events[0][0] if self._events else float("inf")
            if min(sending, arriving) > end:
                self.now = end
                return
            if arriving <= sending:
                self._arrive()
            else:
                self.now = sending
                message = self.playback.take(self.now)
                if message:
                    self._post("audio", message[0])
                    self._post("mark", message[1])

    def pause(self) -> None:
        mark = self.playback.pause(self.now)
        if mark:
            self._post("clear", None)
            self._post("mark", mark)

    def _post(self, kind: str, value: object, at: float | None = None) -> None:
        self._count += 1
        when = self.now + self.delay if at is None else at
        heapq.heappush(self._events, (when, self._count, kind, value))

    def _arrive(self) -> None:
        self.now, _, kind, value = heapq.heappop(self._events)
        if kind == "audio":
            assert isinstance(value, bytes)
            start = max(self._end, self.now)
            self._end = start + len(value) / SAMPLE_RATE
            self._buffer.append((start, self._end, value))
        elif kind == "clear":
            self._clear()
        elif kind == "mark":
            at = max(self._end, self.now)
            self._marks.append((at, str(value)))
            self._post("played", value, at)
        elif kind == "played":
            if any(name == value for _, name in self._marks):
                self._marks = [m for m in self._marks if m[1] != value]
                self._post("echo", value)
        elif kind == "echo":
            self.placed += self.playback.mark_returned(str(value), self.now)

    def _clear(self) -> None:
        kept = []
        for start, end, ulaw in self._buffer:
            if end <= self.now:
                kept.append((start, end, ulaw))
            elif start < self.now:
                samples = round((self.now - start) * SAMPLE_RATE)
                kept.append((start, self.now, ulaw[:samples]))
        self._buffer = kept
        self._end = self.now
        for _, name in self._marks:
            self._post("echo", name)
        self._marks = []

    def heard(self) -> bytes:
        """Everything that came out of the telephone, in order."""
        return b"".join(
            ulaw[: max(0, round((self.now - start) * SAMPLE_RATE))]
            for start, _, ulaw in self._buffer
        )

    def truth_at(self, index: int) -> float:
        """When the sample with that index among the heard ones was played."""
        for start, _, ulaw in self._buffer:
            if index < len(ulaw):
                return start + index / SAMPLE_RATE
            index -= len(ulaw)
        raise IndexError(index)
