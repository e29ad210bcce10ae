"""The callers: as many calls as asked for, made by the simulated carrier, each with its tape."""

import asyncio
from collections.abc import Sequence

from bench.process import ServerProcess
from bench.stubs import AUTH_TOKEN
from simulators.carrier.dial import Carrier, dial
from simulators.carrier.load import LoopingCaller
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.speech import Frame
from simulators.carrier.tape import Tape

_FROM = "+15550100001"
_FIRST_S = 2.0  # the greeting is over by then
_DIAL_GAP_S = 0.15
_ENDING_S = 20.0


class LoadCall:
    """One call; its stream and tape stay when it is over."""

    def __init__(self, caller: LoopingCaller) -> None:
        self._caller = caller
        self.stream: MediaStream
        self.task: asyncio.Task[Tape]
        self.live = asyncio.Event()

    async def __call__(self, stream: MediaStream) -> None:
        """Take part in the call."""
        self.stream = stream
        self.live.set()
        await self._caller(stream)

    @property
    def utterances(self) -> list[tuple[int, int]]:
        """Where on the tape each of the caller's utterances begins and ends."""
        return self._caller.spoken

    @property
    def tape(self) -> Tape:
        """What passed, so far."""
        return self.stream.tape


class Crowd:
    """Callers of one server, who speak at different moments.

    Args:
        server: Whom they call.
        number: What they dial.
        lines: What they say; each caller keeps to one line.
        listen_s: How long they are silent after each time.
    """

    def __init__(
        self,
        server: ServerProcess,
        number: str,
        lines: Sequence[tuple[Frame, ...]],
        listen_s: float,
    ) -> None:
        self._server = server
        self._number = number
        self._lines = lines
        self._listen_s = listen_s
        self._carrier = Carrier(AUTH_TOKEN)
        self._dialled = 0
        self.calls: list[LoadCall] = []

    async def grow(self, size: int) -> None:
        """Dial until there are so many calls, and wait until all are live."""
        while len(self.calls) < size:
            self.calls.append(self._dial())
            await asyncio.sleep(_DIAL_GAP_S)
        for call in self.calls:
            await _until_live(call)

    async def hang_up(self) -> None:
        """End all calls."""
        calls, self.calls = self.calls, []
        for call in calls:
            call.stream.hang_up()
        tasks = [call.task for call in calls]
        if tasks:
            await asyncio.wait(tasks, timeout=_ENDING_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _dial(self) -> LoadCall:
        index, self._dialled = self._dialled, self._dialled + 1
        line = self._lines[index % len(self._lines)]
        # Spread over one round by the golden ratio: no number of callers speaks in step.
        spread = index * 0.618 % 1 * (len(line) * 0.02 + self._listen_s)
        caller = LoopingCaller(line, listen_seconds=self._listen_s, first_seconds=_FIRST_S + spread)
        call = LoadCall(caller)
        call.task = asyncio.create_task(
            dial(
                self._server.voice_url,
                self._carrier,
                call,
                from_number=_FROM,
                to_number=self._number,
            )
        )
        return call


async def _until_live(call: LoadCall) -> None:
    """Wait for a call's stream; raise what kept it from starting."""
    waiting = asyncio.create_task(call.live.wait())
    await asyncio.wait([waiting, call.task], return_when=asyncio.FIRST_COMPLETED)
    if not call.live.is_set():
        waiting.cancel()
        call.task.result()
        raise RuntimeError("the server hung up before the stream began")
