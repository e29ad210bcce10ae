"""What the callers' tapes show of one side's answers and of how it lets itself be interrupted."""

from bench.callers import LoadCall
from bench.endpoints import endpoints, services_ms
from bench.measures import (
    answered_at,
    barge_in_ms,
    lateness_ms,
    overhead_ms,
    voice_to_voice_ms,
    voiced,
)
from bench.process import Reading, Side
from bench.stubs import RATE
from core import ulaw

_ANSWERED_BY = 2 * RATE


async def answers(
    side: Side, call: LoadCall, since: int, until: int
) -> tuple[list[float], list[float]]:
    """Voice-to-voice and overhead, in ms, of a call's answers between two positions."""
    pcm = ulaw.decode(bytes(call.tape.sent_ulaw))
    runs = call.tape.playback.runs
    allowed = await endpoints(side, pcm)
    latencies: list[float] = []
    overheads: list[float] = []
    for start, end in call.utterances:
        spoken = voiced(pcm, start, end)
        if spoken is None or start < since or spoken.last + _ANSWERED_BY > until:
            continue
        latency = voice_to_voice_ms(runs, spoken.last)
        answered = answered_at(runs, spoken.last)
        if latency is None or answered is None:
            continue
        latencies.append(latency)
        ends = [at for at in allowed if spoken.first < at <= answered]
        overhead = overhead_ms(runs, spoken.last, ends[-1], services_ms(side)) if ends else None
        overheads += [] if overhead is None else [overhead]
    return latencies, overheads


def barge_ins(call: LoadCall) -> list[float]:
    """How long each barge-in of a call took, in ms."""
    pcm, playback = ulaw.decode(bytes(call.tape.sent_ulaw)), call.tape.playback
    found: list[float] = []
    for start, end in call.utterances:
        spoken = voiced(pcm, start, end)
        took = spoken and barge_in_ms(playback.runs, playback.clears, spoken.first)
        found += [took] if isinstance(took, float) else []
    return found


def input_lateness(calls: list[LoadCall], reading: Reading) -> list[float]:
    """How late each window of the calls' audio was scored, in ms."""
    late: list[float] = []
    for call in calls:
        ends, times = reading.scored.get(call.tape.call_sid, ([], []))
        position = call.stream.position
        late += lateness_ms([(end, position(at)) for end, at in zip(ends, times, strict=True)])
    return late
