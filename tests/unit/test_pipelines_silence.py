import asyncio
from datetime import UTC, datetime

from core.clock import ManualClock
from pipelines.silence import SilenceWatch
from storage.events import (
    VERSION,
    AgentSpoke,
    AgentStartedSpeaking,
    BackchannelHeard,
    Body,
    Event,
    TurnEnded,
    UserStartedSpeaking,
)


class _House:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.heard: list[int] = []
        self.watch = SilenceWatch(self.clock, 10.0, self._silence)

    async def _silence(self, count: int) -> None:
        self.heard.append(count)

    def note(self, body: Body) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        self.watch.note(Event("call_1", 1, 0, VERSION, at, None, body))


_SPOKE = AgentSpoke(0, "Hello.", 0, 100, False)


async def _silences(steps: list[Body | float]) -> list[int]:
    house = _House()
    task = asyncio.create_task(house.watch.run())
    for step in steps:
        if isinstance(step, float):
            await house.clock.advance(step)
        else:
            house.note(step)
            await house.clock.advance(0)
    task.cancel()
    return house.heard


async def test_a_silence_is_counted_once_until_the_agent_has_spoken_again() -> None:
    assert await _silences([_SPOKE, 9.0]) == []
    assert await _silences([_SPOKE, 11.0, 30.0]) == [1]
    assert await _silences([_SPOKE, 11.0, AgentStartedSpeaking(0), 5.0, _SPOKE, 11.0]) == [1, 2]


async def test_a_turn_of_the_caller_begins_the_count_anew() -> None:
    turn = TurnEnded(1, "Hello?", 0, 1)
    steps: list[Body | float] = [_SPOKE, 11.0, turn, AgentStartedSpeaking(1), _SPOKE, 11.0]
    assert await _silences(steps) == [1, 1]


async def test_a_caller_who_speaks_breaks_the_silence() -> None:
    assert await _silences([_SPOKE, 8.0, UserStartedSpeaking(1, 0), 30.0]) == []


async def test_nothing_is_asked_while_the_agent_speaks() -> None:
    assert await _silences([_SPOKE, 8.0, AgentStartedSpeaking(1), 30.0]) == []


async def test_an_answer_that_is_never_heard_leaves_a_silence() -> None:
    assert await _silences([0.0, 11.0]) == [1]  # the greeting was not
    assert await _silences([_SPOKE, TurnEnded(1, "Hello?", 0, 1), 11.0]) == [1]


_COUGH = BackchannelHeard("noise", "", 0, 100)


async def test_a_cough_in_a_silence_begins_it_anew() -> None:
    steps: list[Body | float] = [_SPOKE, 8.0, UserStartedSpeaking(1, 0), _COUGH]
    assert await _silences([*steps, 9.0]) == []
    assert await _silences([*steps, 11.0]) == [1]


async def test_a_cough_over_the_agent_begins_none() -> None:
    assert await _silences([_SPOKE, AgentStartedSpeaking(1), _COUGH, 30.0]) == []
