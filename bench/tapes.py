"""What the callers' tapes show of one side's answers and of how it lets itself be interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

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

_ANSWERED_BY = 4 * RATE


@dataclass(slots=True)
class Answers:
    """Turns of callers, and the latencies in ms of those that were answered within 4 s."""

    turns: int = 0
    voice_to_voice: list[float] = field(default_factory=list)
    overhead: list[float] = field(default_factory=list)


async def read_answers(side: Side, calls: Sequence[LoadCall], since: Sequence[int]) -> Answers:
    """The answers to what each caller has said since a position, and long enough ago."""
    found = Answers()
    for call, start in zip(calls, since, strict=True):
        await _read(side, call, start, found)
    return found


async def _read(side: Side, call: LoadCall, since: int, found: Answers) -> None:
    pcm = ulaw.decode(bytes(call.tape.sent_ulaw))
    allowed = await endpoints(side, pcm)
    for start, end in call.utterances:
        spoken = voiced(pcm, start, end)
        if spoken is None or start < since or spoken.last + _ANSWERED_BY > len(pcm):
            continue
        found.turns += 1
        runs = [run for run in call.tape.playback.runs if run.start <= spoken.last + _ANSWERED_BY]
        answered = answered_at(runs, spoken.last)
        # What plays before the turn can have ended is a late answer to the one before.
        ends = [at for at in allowed if spoken.first < at <= (answered or 0)]
        latency = voice_to_voice_ms(runs, spoken.last)
        overhead = overhead_ms(runs, spoken.last, ends[-1], services_ms(side)) if ends else None
        if latency is not None and overhead is not None:
            found.voice_to_voice.append(latency)
            found.overhead.append(overhead)


def barge_ins(call: LoadCall) -> list[float]:
    """How long each barge-in of a call took, in ms."""
    pcm, playback = ulaw.decode(bytes(call.tape.sent_ulaw)), call.tape.playback
    found: list[float] = []
    for start, end in call.utterances:
        spoken = voiced(pcm, start, end)
        took = spoken and barge_in_ms(playback.runs, playback.clears, spoken.first)
        found += [took] if isinstance(took, float) else []
    return found


def input_lateness(calls: Sequence[LoadCall], reading: Reading) -> list[float]:
    """How late each window of the calls' audio was scored, in ms."""
    late: list[float] = []
    for call in calls:
        ends, times = reading.scored.get(call.tape.call_sid, ([], []))
        position = call.stream.position
        late += lateness_ms([(end, position(at)) for end, at in zip(ends, times, strict=True)])
    return late
