import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import NotFoundError
from storage.call_log import CallLog, CallLogs
from storage.calls import CallQueries
from storage.database import Database
from storage.events import (
    AgentSpoke,
    CallEnded,
    CallStarted,
    DigitPressed,
    Event,
    RecordingStored,
    TurnEnded,
)
from tests.relay import Relay


@pytest.fixture
async def logs(tmp_path: Path, database: Database) -> AsyncIterator[CallLogs]:
    logs = CallLogs(tmp_path, database, SystemClock())
    await logs.start()
    yield logs
    await logs.stop()


@pytest.fixture
def calls(database: Database) -> CallQueries:
    return CallQueries(database)


def begin(logs: CallLogs, call_id: str) -> CallLog:
    log = logs.open(call_id, 1)
    log.append(CallStarted("default", "desk", 3, "inbound", "+1555", "+1666", "twilio", "CA1"))
    return log


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    async with asyncio.timeout(20):
        return [await anext(events) for _ in range(count)]


async def test_a_call_is_listed_with_what_became_of_it(logs: CallLogs, calls: CallQueries) -> None:
    log = begin(logs, "call_1")
    log.append(TurnEnded(1, "When do you open?", 0, 900), offset_ms=900)
    log.append(AgentSpoke(1, "At nine.", 1200, 2000, False), offset_ms=2000)
    log.append(RecordingStored("s3://r/a.wav", "/a.wav", 2, 8000, 2000, "00"))
    log.append(CallEnded("caller", "hangup"))
    await log.close()
    (summary,) = await calls.list()
    assert (summary.agent_id, summary.agent_version, summary.caller) == ("desk", 3, "+1555")
    assert (summary.ended_by, summary.end_reason) == ("caller", "hangup")
    assert (summary.recording_uri, summary.recording_ms) == ("s3://r/a.wav", 2000)
    assert summary.started_at == log.events[0].at
    assert summary.ended_at == log.events[-1].at
    detail = await calls.get("call_1")
    assert detail.summary == summary
    assert list(detail.events) == log.events
    assert [turn.text for turn in detail.turns] == ["When do you open?", "At nine."]


async def test_pages_go_back_in_time(logs: CallLogs, calls: CallQueries) -> None:
    opened = [begin(logs, f"call_{number}") for number in range(5)]
    await asyncio.gather(*(log.close() for log in opened))
    first = await calls.list(2)
    second = await calls.list(2, before=first[-1])
    third = await calls.list(2, before=second[-1])
    found = [summary.call_id for page in (first, second, third) for summary in page]
    assert found == [f"call_{number}" for number in (4, 3, 2, 1, 0)]


async def test_an_unknown_call_is_not_found(calls: CallQueries) -> None:
    with pytest.raises(NotFoundError) as caught:
        await calls.get("call_none")
    assert caught.value.code == "call_not_found"


async def test_events_are_read_from_where_the_reader_stopped(
    logs: CallLogs, calls: CallQueries
) -> None:
    for leg in (1, 2):
        log = logs.open("call_1", leg)
        for digit in "123":
            log.append(DigitPressed(digit))
        await log.close()
    found = await calls.events_after("call_1", 1, 1)
    assert [(event.leg, event.seq) for event in found] == [(1, 2), (2, 0), (2, 1), (2, 2)]
    assert len(await calls.events_after("call_1", 0, 0)) == 6


async def test_a_follower_sees_what_was_and_what_comes(logs: CallLogs, calls: CallQueries) -> None:
    log = begin(logs, "call_1")
    log.append(DigitPressed("1"))
    follower = calls.follow("call_1")
    first = await take(follower, 2)
    log.append(DigitPressed("2"))
    begin(logs, "call_other").append(DigitPressed("9"))
    log.append(DigitPressed("3"))
    assert first + await take(follower, 2) == log.events
    await log.close()


async def test_a_follower_goes_on_from_the_last_event_it_saw(
    logs: CallLogs, calls: CallQueries
) -> None:
    log = begin(logs, "call_1")
    for digit in "123":
        log.append(DigitPressed(digit))
    await log.close()
    (event, *_) = await take(calls.follow("call_1", after=(1, 2)), 1)
    assert (event.leg, event.seq) == (1, 3)


async def test_a_dead_workers_late_events_reach_the_follower_too(
    logs: CallLogs, calls: CallQueries
) -> None:
    second = logs.open("call_1", 2)
    second.append(DigitPressed("2"))
    follower = calls.follow("call_1")
    assert [event.leg for event in await take(follower, 1)] == [2]
    first = logs.open("call_1", 1)
    first.append(DigitPressed("1"))
    assert [event.leg for event in await take(follower, 1)] == [1]
    await first.close()
    await second.close()


async def test_following_all_calls_begins_now(logs: CallLogs, calls: CallQueries) -> None:
    old = begin(logs, "call_old")
    await asyncio.sleep(0.4)
    follower = calls.follow()
    waiting = asyncio.ensure_future(take(follower, 3))
    await asyncio.sleep(0.2)
    old.append(DigitPressed("1"))
    new = begin(logs, "call_new")
    new.append(DigitPressed("2"))
    found = {(event.call_id, event.seq) for event in await waiting}
    assert found == {("call_old", 1), ("call_new", 0), ("call_new", 1)}
    await old.close()
    await new.close()


async def test_an_outage_neither_loses_nor_repeats_an_event(
    logs: CallLogs, database_relay: Relay, distant_database: Database
) -> None:
    log = begin(logs, "call_1")
    follower = CallQueries(distant_database).follow("call_1")
    found = await take(follower, 1)
    waiting = asyncio.ensure_future(take(follower, 2))
    await database_relay.down()
    log.append(DigitPressed("1"))
    await asyncio.sleep(0.5)
    await database_relay.up()
    log.append(DigitPressed("2"))
    assert found + await waiting == log.events
    await log.close()
