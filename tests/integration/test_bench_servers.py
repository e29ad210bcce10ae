import dataclasses
import json
import os
from pathlib import Path

import pytest

from bench.callers import Crowd
from bench.process import ServerProcess, Side
from bench.stubs import ADDRESSES, SHORT_NUMBER
from bench.tapes import Span, input_lateness, read_answers
from simulators.carrier.speech import frames, read_wav
from storage.embedded import EmbeddedServers

_LINE = Path(__file__).parents[2] / "examples/front_desk/script/parking.wav"
_LISTEN_S = 4.5  # a turn counts as unanswered after 4 s


@pytest.mark.parametrize("side", list(Side))
async def test_each_server_answers_a_call_and_tells_when_it_scored_its_audio(
    side: Side, embedded_servers: EmbeddedServers, database_dsn: str, server_home: Path
) -> None:
    where = dataclasses.replace(embedded_servers.addresses, database_dsn=database_dsn)
    (server_home / ADDRESSES).write_text(json.dumps(dataclasses.asdict(where)))
    server = ServerProcess(side, min(os.sched_getaffinity(0)), server_home)
    await server.start()
    try:
        crowd = Crowd(server, SHORT_NUMBER, [frames(read_wav(_LINE))], _LISTEN_S)
        await crowd.grow(1)
        (call,) = crowd.calls
        await call.stream.reach(round(8.5 * 8000))
        reading = await server.read()
        span = Span(call, 0, call.stream.position())
        await crowd.hang_up()
    finally:
        await server.stop()
    found = await read_answers(side, [span])
    assert (found.turns, len(found.overhead)) == (1, 1)
    # Each 32 ms of the call's audio were scored, and none before they had been sent.
    late = input_lateness([call], reading)
    assert len(late) > 200
    assert min(late) > -1.0
    assert reading.cpu_s > 0
    assert reading.rss > 50_000_000
    assert bool(reading.waterfalls) == (side is Side.CALLSURE)
