"""The recorder: both sides of a leg on one timeline of samples."""

from pipelines.playback import Placed
from pipelines.timeline import Timeline
from storage.recordings import Channel, RecordingWriter


class Recorder:
    """Places the caller's audio by the carrier's timestamps and the agent's as it was played.

    Without a writer (an agent that does not record) everything is dropped.
    """

    def __init__(self, writer: RecordingWriter | None, timeline: Timeline) -> None:
        self._writer = writer
        self._timeline = timeline
        self._agent_end = 0

    def caller(self, start: int, ulaw: bytes) -> None:
        """Record caller audio whose first sample is ``start``."""
        if self._writer is not None:
            self._writer.write(Channel.CALLER, self._sample(start), ulaw)

    def agent(self, placed: Placed) -> tuple[int, int]:
        """Record played agent audio; returns the samples of the timeline that it took.

        Pieces of one burst follow each other to the sample: what rounding and a drifting clock
        would leave between them is closed.
        """
        start = self._timeline.sample_at(placed.time)
        if abs(start - self._agent_end) <= 16:
            start = self._agent_end
        self._agent_end = start + len(placed.ulaw)
        if self._writer is not None and start >= 0:
            self._writer.write(Channel.AGENT, self._sample(start), placed.ulaw)
        return start, self._agent_end

    def _sample(self, start: int) -> int:
        return start + self._timeline.base_ms * 8
