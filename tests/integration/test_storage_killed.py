"""What is left of a call whose process was killed, at any moment."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.clock import SystemClock
from storage.call_log import CallLogs
from storage.calls import CallQueries
from storage.database import Database
from storage.events import CallEnded
from storage.recordings import RecordingStore

# Says on its output what it has appended and recorded, after each append and each frame.
WORKER = """
import asyncio, sys
from pathlib import Path
from core.clock import SystemClock
from storage.call_log import CallLogs
from storage.database import Database
from storage.events import CallStarted, DigitPressed
from storage.recordings import Channel, RecordingStore

async def main():
    home, dsn = Path(sys.argv[1]), sys.argv[2]
    logs = CallLogs(home, Database(dsn), SystemClock())
    await logs.start()
    writer = RecordingStore(home, None, SystemClock()).open("call_1", 1)
    log = logs.open("call_1", 1)
    log.append(CallStarted("default", "desk", 1, "inbound", "+1", "+2", "twilio", "CA1"))
    frame = 0
    while True:
        seq = log.append(DigitPressed("1"), offset_ms=frame * 20).seq
        for channel in Channel:
            writer.write(channel, frame * 160, bytes([channel + 1]) * 160)
        frame += 1
        print(seq, frame * 20, flush=True)
        await asyncio.sleep(0.002)

asyncio.run(main())
"""


def run_and_kill(home: Path, dsn: str, after_s: float) -> tuple[int, int]:
    """The last sequence number and the last millisecond that the worker vouched for."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, home, dsn], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    first = worker.stdout.readline()
    time.sleep(after_s)
    worker.send_signal(signal.SIGKILL)
    seq, milliseconds = (first + worker.communicate()[0]).splitlines()[-1].split()
    return int(seq), int(milliseconds)


async def check_one_kill(home: Path, dsn: str, database: Database, after_s: float) -> None:
    seq, milliseconds = run_and_kill(home, dsn, after_s)
    logs = CallLogs(home, database, SystemClock())
    await logs.start()
    (lost,) = await logs.recover()
    assert [event.seq for event in lost.events] == list(range(len(lost.events)))
    assert len(lost.events) > seq
    log = logs.open("call_1", lost.leg + 1)
    log.append(CallEnded("us", "worker_lost"))
    await log.close()
    detail = await CallQueries(database).get("call_1")
    assert detail.events == (*lost.events, *log.events)
    assert detail.summary.end_reason == "worker_lost"
    if milliseconds > 200:  # what is younger may still have been in memory
        recording = await RecordingStore(home, None, SystemClock()).finish("call_1")
        assert recording.duration_ms >= milliseconds - 200
    assert await CallLogs(home, database, SystemClock()).recover() == []
    await logs.stop()


async def test_a_killed_process_loses_no_event_and_no_second_of_sound(
    tmp_path: Path, database_dsn: str, database: Database
) -> None:
    await check_one_kill(tmp_path, database_dsn, database, random.uniform(0.05, 1.5))


async def test_a_process_killed_before_its_first_batch_is_recovered(
    tmp_path: Path, database_dsn: str, database: Database
) -> None:
    await check_one_kill(tmp_path, database_dsn, database, 0.0)


@pytest.mark.soak
@pytest.mark.parametrize("run", range(30))
async def test_thirty_kills(
    run: int, tmp_path: Path, database_dsn: str, database: Database
) -> None:
    after_s = random.Random(run).uniform(0.0, 2.0)
    await check_one_kill(tmp_path, database_dsn, database, after_s)
