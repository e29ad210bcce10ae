import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.clock import ManualClock
from core.errors import StorageError
from storage.events import (
    AgentSpoke,
    BackchannelHeard,
    Body,
    CallEnded,
    RecordingStored,
    TranscriptUpdated,
    TurnEnded,
)
from telephony.recovery import finish_lost_calls
from tests.unit.toy_house import GREETING, House, Phone, make_house, open_house

LOST = CallEnded("us", "worker_lost", "the worker stopped in mid-call")


@dataclass
class Accident:
    """A worker in a call, and the one that comes after it."""

    folder: Path
    house: House
    phone: Phone

    def kill(self) -> House:
        """What a successor finds: the disk as it is now. (The first worker never learns of it.)"""
        after = self.folder.with_name("after")
        shutil.copytree(self.folder, after)
        return make_house(after, ManualClock(), words=self.house.words)

    def say(self, text: str) -> None:
        self.phone.say(text)


@pytest.fixture
async def accident(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Accident]:
    async with open_house(tmp_path / "before", clock) as house:
        yield Accident(tmp_path / "before", house, house.dial(await house.ring()))


async def recover(house: House) -> int:
    """Finish what was left, while time passes for the models."""
    finishing = asyncio.create_task(finish_lost_calls(house.services))
    while not finishing.done():
        await house.clock.advance(0.05)
        await asyncio.sleep(0.002)
    return await finishing


def told(house: House, *kinds: type[Body]) -> list[str]:
    """The texts of the events of these kinds that a successor appended."""
    return [str(getattr(body, "text", "")) for body in house.bodies(*kinds)]


async def test_a_call_that_was_killed_is_ended_under_a_later_leg(accident: Accident) -> None:
    await accident.phone.run(3)
    after = accident.kill()
    assert await recover(after) == 1
    (log,) = after.legs
    assert (log.call_id, log.leg) == (accident.house.legs[0].call_id, 2)
    ended, stored = log.events
    assert ended.body == LOST
    assert isinstance(stored.body, RecordingStored)
    assert abs((ended.offset_ms or 0) - stored.body.duration_ms) <= 1
    assert 2500 <= stored.body.duration_ms <= 3000  # all but what was not written yet
    assert after.leases.rows[log.call_id] == (2, "")
    assert log._outbox.closed


@pytest.mark.parametrize("seconds", [0.1, 0.3, 0.5, 0.7, 0.9])
async def test_a_greeting_is_kept_as_far_as_it_was_heard(
    accident: Accident, seconds: float
) -> None:
    await accident.phone.run(seconds)
    heard = accident.phone.heard.split()
    after = accident.kill()
    await recover(after)
    spoken = " ".join(told(after, AgentSpoke)).split()
    assert spoken == GREETING.split()[: len(spoken)]
    # 200 ms may be unwritten, and they are shorter than a word.
    assert len(heard) - 1 <= len(spoken) <= len(heard)


async def test_a_greeting_that_was_heard_is_not_said_twice(accident: Accident) -> None:
    await accident.phone.run(1.5)
    after = accident.kill()
    await recover(after)
    assert told(after, AgentSpoke) == []


async def test_a_caller_s_words_are_found_in_the_recording(accident: Accident) -> None:
    await accident.phone.run(1.5)
    accident.say("Please call me back")
    await accident.phone.run(1.25)
    after = accident.kill()
    await recover(after)
    (turn,) = after.bodies(TurnEnded)
    assert isinstance(turn, TurnEnded)
    assert (turn.turn, turn.text) == (1, "Please call me back")
    assert abs(turn.start_ms - 1500) <= 64
    assert told(after, TranscriptUpdated) == ["Please call me back"]


async def test_an_answered_question_is_not_asked_again(accident: Accident) -> None:
    await accident.phone.run(1.5)
    accident.say("Can I leave a message?")
    await accident.phone.until(lambda: len(accident.house.bodies(AgentSpoke)) == 2)
    await accident.phone.run(1)
    after = accident.kill()
    await recover(after)
    assert after.bodies(TurnEnded, AgentSpoke, BackchannelHeard) == []


async def test_an_answer_is_cut_where_the_worker_was(accident: Accident) -> None:
    await accident.phone.run(1.5)
    accident.say("Can I leave a message?")
    await accident.phone.until(lambda: accident.phone.heard.endswith("would"))
    after = accident.kill()
    await recover(after)
    (spoke,) = after.bodies(AgentSpoke)
    assert isinstance(spoke, AgentSpoke)
    assert (spoke.turn, spoke.interrupted) == (1, True)
    assert spoke.text in ("Of course. What", "Of course. What would")
    assert after.bodies(TurnEnded) == []


async def test_a_listener_s_sound_over_the_agent_is_no_turn(accident: Accident) -> None:
    await accident.phone.run(1.5)
    accident.say("Can I leave a message?")
    await accident.phone.until(lambda: accident.phone.heard.endswith("What"))
    accident.say("Mm-hm.")
    await accident.phone.run(0.38)
    after = accident.kill()
    await recover(after)
    assert told(after, BackchannelHeard) == ["Mm-hm."]
    assert after.bodies(TurnEnded) == []


async def test_a_cough_is_nothing(accident: Accident) -> None:
    await accident.phone.run(1.5)
    accident.say("[cough]")
    await accident.phone.run(0.6)
    after = accident.kill()
    await recover(after)
    assert after.bodies(TurnEnded, BackchannelHeard) == []


async def test_a_call_whose_recording_is_missing_is_ended_all_the_same(accident: Accident) -> None:
    await accident.phone.run(3)
    after = accident.kill()
    shutil.rmtree(accident.folder.with_name("after") / "recordings")
    (accident.folder.with_name("after") / "recordings").mkdir()
    assert await recover(after) == 1
    assert [event.body for event in after.legs[0].events] == [LOST]
    assert after.legs[0].events[0].offset_ms is None
    assert after.legs[0]._outbox.closed


async def test_a_database_that_is_away_holds_no_call_up(accident: Accident) -> None:
    await accident.phone.run(3)
    after = accident.kill()
    after.leases.away = True
    assert await recover(after) == 1
    assert after.legs[0].leg == 2
    assert LOST in after.bodies()


async def test_a_call_that_another_worker_holds_is_left_to_it(accident: Accident) -> None:
    await accident.phone.run(3)
    after = accident.kill()
    after.leases.rows[accident.house.legs[0].call_id] = (5, "worker_9")
    await recover(after)
    assert after.bodies() == []


async def test_what_was_recovered_is_not_recovered_again(accident: Accident) -> None:
    await accident.phone.run(3)
    after = accident.kill()
    await recover(after)
    again = make_house(accident.folder.with_name("after"), ManualClock(), words=after.words)
    assert await recover(again) == 0
    assert again.bodies() == []


@pytest.mark.parametrize("error", [OSError("bad sector"), StorageError("disk_failed", "Full")])
async def test_one_call_that_cannot_be_finished_holds_no_other_up(
    accident: Accident, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    other = accident.house.dial(await accident.house.ring("CA2"), "CA2")
    await accident.phone.run(1)
    await other.run(1)
    after = accident.kill()
    finish = after.services.recordings.finish
    first, second = (log.call_id for log in accident.house.legs)

    async def fail_once(call_id: str) -> object:
        if call_id == first:
            raise error
        return await finish(call_id)

    monkeypatch.setattr(after.services.recordings, "finish", fail_once)
    assert await recover(after) == 2
    ended = [log.call_id for log in after.legs if LOST in [event.body for event in log.events]]
    assert ended == [second]
    assert after.leases.rows[first] == (2, "")  # another may try
    assert all(log._outbox.closed for log in after.legs)


async def test_the_recording_of_a_call_that_had_ended_is_made(accident: Accident) -> None:
    await accident.phone.run(1.5)
    after = accident.kill()
    spools = accident.folder.with_name("after") / "spool"
    for spool in spools.iterdir():
        spool.unlink()  # drained: the call's end is in the database
    assert await recover(after) == 0
    (log,) = after.legs
    assert [type(event.body) for event in log.events] == [RecordingStored]
    assert log.leg == 2
