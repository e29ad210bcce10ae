"""A caller who goes on asking, and what such a call must have left."""

import asyncio
import itertools
import threading

from simulators.carrier.media_stream import MediaStream
from simulators.carrier.tape import Tape
from storage.events import AgentSpoke, CallEnded, PassagesRetrieved, TurnEnded
from tests.e2e.evidence import assert_no_gap, bodies, recording_of, shifts_ms
from tests.e2e.house import House
from tests.e2e.phone import MS, Phone, Said, line
from tests.waiting import until

_ANSWERS_WITHIN = 4000 * MS
_ASKED = {"hours": "saturday", "parking": "parking"}


class Chatter:
    """Asks one question after the other and hears each answer out, until told to stop."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.asked: list[str] = []
        self.answers = 0
        self._enough = False

    async def __call__(self, stream: MediaStream) -> None:
        phone = Phone(stream)
        await phone.answered()
        for name in itertools.cycle(_ASKED):
            self.asked.append(name)
            self.said.append(await phone.say(line(name)))
            first = (await phone.answered())[0]
            assert first.start - self.said[-1].end <= _ANSWERS_WITHIN
            self.answers += 1
            if self._enough:
                break
        stream.hang_up()

    async def hears(self, answers: int) -> None:
        """Wait until so many more questions have been answered."""
        enough = self.answers + answers
        await until(lambda: self.answers >= enough, timeout=60)

    def leave(self) -> None:
        """Hang up after the next answer."""
        self._enough = True


class GoodCall:
    """A call that goes on, in a thread of its own, while others misbehave."""

    def __init__(self, house: House) -> None:
        self.caller = Chatter()
        self.tape: Tape | None = None
        self._house = house
        self._thread = threading.Thread(target=lambda: asyncio.run(self._dial()))

    def begin(self) -> None:
        """Dial."""
        self._thread.start()

    def end(self) -> Tape:
        """Hang up after the next answer (blocking)."""
        self.caller.leave()
        self._thread.join(60)
        assert self.tape is not None
        return self.tape

    async def _dial(self) -> None:
        async with self._house.carrier() as carrier:
            self.tape = await self._house.dial(carrier, self.caller)


async def assert_served(house: House, caller: Chatter, tape: Tape) -> None:
    """Every question was heard and answered, and log and recording are whole."""
    call = await house.record_of(tape)
    assert_no_gap(call.events)
    (end,) = bodies(call.events, CallEnded)
    assert (end.by, end.reason) == ("caller", "hangup")
    turns = bodies(call.events, TurnEnded)
    assert len(turns) == len(caller.asked)
    spoke = {body.turn: body.text.lower() for body in bodies(call.events, AgentSpoke)}
    assert len(spoke) == 1 + len(turns)
    for turn, name in zip(turns, caller.asked, strict=True):
        assert _ASKED[name] in turn.text.lower()
        assert _ASKED[name] in spoke[turn.turn]
    assert all(found.covered for found in bodies(call.events, PassagesRetrieved))
    recording = await recording_of(house, call)
    assert abs(len(recording.caller) - tape.ended_at) <= 500 * MS
    shifts = shifts_ms(recording, tape, caller.said)
    assert max(map(abs, shifts)) <= 20, shifts
