from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import ManualClock
from core.errors import StorageError
from storage.call_log import CallLog, CallLogs
from storage.codec import decode
from storage.events import CallEnded, DigitPressed, Event, MediaStarted
from storage.spool import AbandonedSpool


@pytest.fixture
def logs(tmp_path: Path) -> CallLogs:
    return CallLogs(tmp_path, None, ManualClock())


def spooled(tmp_path: Path, log: CallLog) -> list[Event]:
    """What a successor reads after the owner is gone."""
    spool = AbandonedSpool.claim(tmp_path / "spool" / f"{log.call_id}.{log.leg}.spool")
    assert spool is not None
    events = [decode(payload) for payload in spool.payloads()[1:]]
    spool.close()
    return events


async def test_sequence_numbers_count_from_zero(logs: CallLogs, tmp_path: Path) -> None:
    log = logs.open("call_1", 1)
    for digit in "123":
        log.append(DigitPressed(digit), offset_ms=int(digit) * 100)
    await log.close()
    assert [(event.leg, event.seq, event.offset_ms) for event in log.events] == [
        (1, 0, 100),
        (1, 1, 200),
        (1, 2, 300),
    ]
    assert spooled(tmp_path, log) == log.events


async def test_an_event_is_spooled_before_append_returns(logs: CallLogs, tmp_path: Path) -> None:
    log = logs.open("call_1", 1)
    log.append(MediaStarted("MZ1", "audio/x-mulaw", 8000))
    written = (tmp_path / "spool" / "call_1.1.spool").read_bytes()
    assert b'"type":"MediaStarted"' in written
    await log.close()


async def test_subscribers_see_each_event_until_they_leave(logs: CallLogs) -> None:
    log = logs.open("call_1", 1)
    seen: list[int] = []
    log.append(DigitPressed("0"))
    leave = log.subscribe(lambda event: seen.append(event.seq))
    log.append(DigitPressed("1"))
    log.append(DigitPressed("2"))
    leave()
    leave()
    log.append(DigitPressed("3"))
    assert seen == [1, 2]
    await log.close()


async def test_a_failing_subscriber_disturbs_nobody(logs: CallLogs) -> None:
    log = logs.open("call_1", 1)
    seen: list[int] = []

    def fail(event: Event) -> None:
        raise RuntimeError("a dashboard is broken")

    log.subscribe(fail)
    log.subscribe(lambda event: seen.append(event.seq))
    assert log.append(DigitPressed("1")).seq == 0
    assert log.append(DigitPressed("2")).seq == 1
    assert seen == [0, 1]
    await log.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(replies=st.lists(st.integers(0, 3), max_size=8), run=st.integers(0, 10**9))
async def test_every_subscriber_sees_one_order_even_when_they_append(
    logs: CallLogs, tmp_path: Path, replies: list[int], run: int
) -> None:
    log = logs.open(f"call_{run}_{id(replies)}", 1)
    first: list[int] = []
    last: list[int] = []
    todo = list(replies)

    def answer(event: Event) -> None:
        for _ in range(todo.pop() if todo else 0):
            log.append(DigitPressed("#"))

    log.subscribe(lambda event: first.append(event.seq))
    log.subscribe(answer)
    log.subscribe(lambda event: last.append(event.seq))
    log.append(DigitPressed("1"))
    await log.close()
    assert first == last == list(range(len(log.events)))
    assert spooled(tmp_path, log) == log.events


async def test_a_closed_log_takes_no_more(logs: CallLogs) -> None:
    log = logs.open("call_1", 1)
    await log.close()
    await log.close()
    with pytest.raises(StorageError) as caught:
        log.append(DigitPressed("1"))
    assert caught.value.code == "log_closed"


async def test_a_full_disk_does_not_break_the_call(
    logs: CallLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs.open("call_1", 1)

    def refuse(self: object, payload: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("storage.spool.Spool.append", refuse)
    assert [log.append(DigitPressed(digit)).seq for digit in "12"] == [0, 1]
    assert len(log.events) == 2
    await log.close()


async def test_a_call_begins_without_a_disk(
    logs: CallLogs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: object, target: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.link", refuse)
    log = logs.open("call_1", 1)
    assert log.append(DigitPressed("1")).seq == 0
    await log.close()


async def test_recovery_finds_the_call_that_nobody_ended(tmp_path: Path) -> None:
    before = CallLogs(tmp_path, None, ManualClock())
    ended, lost, alive = (before.open(f"call_{name}", 1) for name in ("ended", "lost", "alive"))
    for log in (ended, lost, alive):
        log.append(DigitPressed("1"))
    ended.append(CallEnded("caller", "hangup"))
    await ended.close()
    await lost.close()
    found = await CallLogs(tmp_path, None, ManualClock()).recover()
    assert [(leg.call_id, leg.leg, leg.events) for leg in found] == [
        ("call_lost", 1, tuple(lost.events))
    ]
    await alive.close()


async def test_recovery_joins_the_legs_of_a_call(tmp_path: Path) -> None:
    before = CallLogs(tmp_path, None, ManualClock())
    for leg in (1, 2):
        log = before.open("call_1", leg, account_id="acme")
        log.append(DigitPressed(str(leg)))
        await log.close()
    (found,) = await CallLogs(tmp_path, None, ManualClock()).recover()
    assert (found.account_id, found.leg) == ("acme", 2)
    assert [event.leg for event in found.events] == [1, 2]


async def test_a_spool_cut_in_its_last_event_is_recovered_up_to_it(tmp_path: Path) -> None:
    log = CallLogs(tmp_path, None, ManualClock()).open("call_1", 1)
    log.append(DigitPressed("1"))
    log.append(DigitPressed("2"))
    await log.close()
    path = tmp_path / "spool" / "call_1.1.spool"
    path.write_bytes(path.read_bytes()[:-3])
    (found,) = await CallLogs(tmp_path, None, ManualClock()).recover()
    assert found.events == tuple(log.events[:1])


async def test_a_spool_without_a_beginning_is_cleared_away(tmp_path: Path) -> None:
    logs = CallLogs(tmp_path, None, ManualClock())
    (tmp_path / "spool" / "call_1.1.spool").write_bytes(b"")
    assert await logs.recover() == []
    assert list((tmp_path / "spool").iterdir()) == []


async def test_events_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    log = CallLogs(tmp_path, None, ManualClock()).open("call_1", 1)
    log.append(DigitPressed("1"))
    log._outbox.add("CallTeleported", b'{"type":"CallTeleported"}')
    await log.close()
    (found,) = await CallLogs(tmp_path, None, ManualClock()).recover()
    assert found.events == tuple(log.events)
