import asyncio
import time
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from core.clock import SystemClock
from storage.call_log import CallLog, CallLogs
from storage.calls import CallQueries
from storage.database import Database
from storage.events import CallEnded, CallStarted, DigitPressed, UserStartedSpeaking
from tests.relay import Relay
from tests.waiting import until

STARTED = CallStarted("default", "desk", 1, "inbound", "+1", "+2", "twilio", "CA1")
ENDED = CallEnded("caller", "hangup")


async def sequence(database: Database, call_id: str) -> list[tuple[int, int]]:
    async with database.acquire() as connection:
        rows = await connection.fetch(
            "SELECT leg, seq FROM events WHERE call_id = $1 ORDER BY leg, seq", call_id
        )
    return [(row["leg"], row["seq"]) for row in rows]


async def until_stored(database: Database, log: CallLog) -> None:
    """Wait until the table has every event of the leg, without a gap."""
    expected = [(log.leg, seq) for seq in range(len(log.events))]

    async def stored() -> bool:
        return await sequence(database, log.call_id) == expected

    await until(stored, poll_s=0.005)


def spools(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "spool").iterdir())


def speak(log: CallLog, count: int) -> None:
    for number in range(count):
        log.append(DigitPressed(str(number % 10)), offset_ms=number)


async def test_events_are_in_the_database_within_250_ms(tmp_path: Path, database: Database) -> None:
    await database.connect()
    logs = CallLogs(tmp_path, database, SystemClock())
    await logs.start()
    log = logs.open("call_1", 1)
    for _ in range(5):
        log.append(DigitPressed("1"))
        began = time.monotonic()
        await until_stored(database, log)
        assert time.monotonic() - began < 0.25
    await log.close()
    assert spools(tmp_path) == []
    await logs.stop()


async def test_a_drained_and_closed_log_leaves_no_file(tmp_path: Path, database: Database) -> None:
    logs = CallLogs(tmp_path, database, SystemClock())
    await logs.start()
    log = logs.open("call_1", 1)
    speak(log, 1200)  # more than a batch
    assert spools(tmp_path) == ["call_1.1.spool"]
    await log.close()
    assert spools(tmp_path) == []
    assert await sequence(database, "call_1") == [(1, seq) for seq in range(1200)]
    await logs.stop()


async def test_an_outage_is_not_noticed_and_leaves_no_gap(
    tmp_path: Path, database_relay: Relay, distant_database: Database, database: Database
) -> None:
    logs = CallLogs(tmp_path, distant_database, SystemClock())
    await logs.start()
    running = logs.open("call_running", 1)
    running.append(STARTED)
    await until_stored(database, running)
    await database_relay.down()
    speak(running, 300)
    new = logs.open("call_new", 1)
    new.append(STARTED)
    speak(new, 50)
    new.append(ENDED)
    await new.close()
    assert await sequence(database, "call_new") == []
    assert spools(tmp_path) == ["call_new.1.spool", "call_running.1.spool"]
    await database_relay.up()
    speak(running, 10)
    await until_stored(database, running)
    await until_stored(database, new)
    await running.close()
    await until(lambda: spools(tmp_path) == [])
    (summary,) = [c for c in await CallQueries(database).list() if c.call_id == "call_new"]
    assert summary.end_reason == "hangup"
    await logs.stop()


async def test_what_an_ended_process_left_is_drained_by_the_next(
    tmp_path: Path, database: Database, database_relay: Relay, distant_database: Database
) -> None:
    before = CallLogs(tmp_path, distant_database, SystemClock())
    await database_relay.down()
    ended, lost = before.open("call_ended", 1), before.open("call_lost", 1)
    for log in (ended, lost):
        log.append(STARTED)
        speak(log, 5)
    ended.append(ENDED)
    await before.stop()
    after = CallLogs(tmp_path, database, SystemClock())
    await after.start()
    (found,) = await after.recover()
    assert (found.call_id, found.leg, list(found.events)) == ("call_lost", 1, lost.events)
    assert len(await sequence(database, "call_ended")) == 7
    assert spools(tmp_path) == ["call_lost.1.spool"]
    heir = after.open("call_lost", found.leg + 1)
    heir.append(CallEnded("us", "worker_lost"))
    await heir.close()
    await until(lambda: spools(tmp_path) == [])
    assert await sequence(database, "call_lost") == [*[(1, seq) for seq in range(6)], (2, 0)]
    await after.stop()


async def test_a_second_crash_finds_the_call_again(tmp_path: Path, database: Database) -> None:
    first = CallLogs(tmp_path, database, SystemClock())
    log = first.open("call_1", 1)
    log.append(STARTED)
    await first.stop()
    second = CallLogs(tmp_path, database, SystemClock())
    assert [lost.leg for lost in await second.recover()] == [1]
    second.open("call_1", 2).append(DigitPressed("1"))
    await second.stop()
    third = CallLogs(tmp_path, database, SystemClock())
    (lost,) = await third.recover()
    assert (lost.leg, [event.leg for event in lost.events]) == (2, [1, 2])
    await third.stop()


async def test_a_call_that_another_worker_finished_is_not_lost(
    tmp_path: Path, database: Database
) -> None:
    dead = CallLogs(tmp_path / "a", database, SystemClock())
    dead.open("call_1", 1).append(STARTED)
    await dead.stop()
    other = CallLogs(tmp_path / "b", database, SystemClock())
    await other.start()
    log = other.open("call_1", 2)
    log.append(ENDED)
    await log.close()
    await other.stop()
    after = CallLogs(tmp_path / "a", database, SystemClock())
    await after.start()
    assert await after.recover() == []
    await until(lambda: spools(tmp_path / "a") == [])
    await after.stop()


async def test_a_spool_drained_twice_is_stored_once(tmp_path: Path, database: Database) -> None:
    logs = CallLogs(tmp_path, database, SystemClock())
    log = logs.open("call_1", 1)
    log.append(STARTED)
    speak(log, 3)
    kept = (tmp_path / "spool" / "call_1.1.spool").read_bytes()
    await logs.start()
    await log.close()
    (tmp_path / "spool" / "call_1.1.spool").write_bytes(kept)
    await logs.recover()
    assert await sequence(database, "call_1") == [(1, seq) for seq in range(4)]
    await logs.stop()


async def test_a_call_without_a_disk_is_in_the_database(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = CallLogs(tmp_path, database, SystemClock())
    await logs.start()

    def refuse(path: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", refuse)
    log = logs.open("call_1", 1)
    speak(log, 3)
    await log.close()
    assert await sequence(database, "call_1") == [(1, 0), (1, 1), (1, 2)]
    await logs.stop()


async def test_an_event_that_the_database_refuses_stops_no_other_call(
    tmp_path: Path, database: Database
) -> None:
    logs = CallLogs(tmp_path, database, SystemClock())
    await logs.start()
    bad, good = logs.open("call_bad", 1), logs.open("call_good", 1)
    with capture_logs() as seen:
        bad.append(DigitPressed("1"), offset_ms=2**70)
        good.append(DigitPressed("1"))
        await good.close()
        await bad.close()
    assert await sequence(database, "call_good") == [(1, 0)]
    assert [entry["call_id"] for entry in seen if entry["event"] == "events_refused"] == [
        "call_bad"
    ]
    assert spools(tmp_path) == ["call_bad.1.spool"]
    await logs.stop()


async def test_one_batch_wakes_each_calls_followers_once(
    tmp_path: Path, database: Database, database_dsn: str
) -> None:
    heard: list[str] = []
    connection = await asyncpg.connect(database_dsn)
    await connection.add_listener("callsure_events", lambda *told: heard.append(str(told[-1])))
    logs = CallLogs(tmp_path, database, SystemClock())
    first, second = logs.open("call_1", 1), logs.open("call_2", 1)
    speak(first, 20)
    speak(second, 20)
    await logs.start()
    await asyncio.gather(first.close(), second.close())
    await until(lambda: len(heard) >= 2)
    assert sorted(heard) == ["call_1", "call_2"]
    await connection.close()
    await logs.stop()


async def test_append_costs_less_than_100_microseconds(tmp_path: Path, database: Database) -> None:
    logs = CallLogs(tmp_path, database, SystemClock())
    log = logs.open("call_1", 1)
    spent = []
    for number in range(2000):
        body = UserStartedSpeaking(number, number)
        began = time.perf_counter()
        log.append(body, offset_ms=number)
        spent.append(time.perf_counter() - began)
    assert sorted(spent)[len(spent) // 2] < 100e-6
    await logs.stop()
