"""A caller for load: says the same thing again and again, and listens to nothing."""

from simulators.carrier.media_stream import MediaStream
from simulators.carrier.speech import FRAME, RATE, SILENCE, Frame


class LoopingCaller:
    """Speaks, listens, speaks again, until a number of rounds or a length of time is over.

    Everything it sends was encoded before the call, and shared by all callers that are given the
    same frames: twenty of them and more run in one process beside the server they load.

    Args:
        utterance: What it says.
        listen_seconds: How long it is silent after each time.
        first_seconds: How long it is silent at first; differs between callers, so that they do
            not all speak at once.
        seconds: When it hangs up, or None to stay until the server ends the call.
    """

    def __init__(
        self,
        utterance: tuple[Frame, ...],
        *,
        listen_seconds: float,
        first_seconds: float = 0.0,
        seconds: float | None = None,
    ) -> None:
        silence = (SILENCE,) * round(listen_seconds * RATE / FRAME)
        self._round = (*utterance, *silence)
        self._first = (SILENCE,) * round(first_seconds * RATE / FRAME)
        self._utterance = len(utterance) * FRAME
        self._seconds = seconds
        self.spoken: list[tuple[int, int]] = []

    async def __call__(self, stream: MediaStream) -> None:
        """Take part in one call; ``spoken`` then holds where each utterance began and ended."""
        stream.say(self._first)
        end = None if self._seconds is None else round(self._seconds * RATE)
        while not stream.ended.is_set():
            start = stream.say(self._round)
            self.spoken.append((start, start + self._utterance))
            over = start + len(self._round) * FRAME
            if end is not None and over >= end:
                await stream.reach(end)
                stream.hang_up()
                return
            await stream.reach(over - FRAME)
