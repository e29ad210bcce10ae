"""What the callers' tapes show of one side's answers and of how it lets itself be interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.callers import LoadCall
from bench.endpoints import endpoints, services_ms
from bench.measures import SAMPLES_PER_MS, answered_at, barge_in_ms, lateness_ms, voiced
from bench.process import Reading, Side
from bench.stubs import RATE
from core import ulaw

_ANSWERED_BY = 4 * RATE
_LEAD_IN = 3 * RATE
_GRID = 1280  # samples: both a frame and a detector's window begin there


@dataclass(slots=True)
class Answers:
    """Turns of callers, and the latencies in ms of those that were answered within 4 s."""

    turns: int = 0
    voice_to_voice: list[float] = field(default_factory=list)
    overhead: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a call's tape, in samples."""

    call: LoadCall
    since: int
    until: int


async def read_answers(side: Side, spans: Sequence[Span]) -> Answers:
    """The answers to what was said in these stretches, long enough before their end."""
    found = Answers()
    for span in spans:
        await _read(side, span, found)
    return found


async def _read(side: Side, span: Span, found: Answers) -> None:
    call, tape = span.call, span.call.tape
    # From a little before, so that the detector is at work when the stretch begins.
    origin = max(0, span.since - _LEAD_IN) // _GRID * _GRID
    pcm = ulaw.decode(bytes(tape.sent_ulaw[: span.until]))
    allowed = [origin + at for at in await endpoints(side, pcm[origin:])]
    for start, end in call.utterances:
        spoken = voiced(pcm, start, end)
        if spoken is None or start < span.since or spoken.last + _ANSWERED_BY > len(pcm):
            continue
        found.turns += 1
        answered = answered_at(tape.playback.runs, spoken.last)
        # What plays before the turn can have ended is a late answer to the one before.
        ends = [at for at in allowed if spoken.first < at <= (answered or 0)]
        if answered is None or not ends:
            continue
        found.voice_to_voice.append((answered - spoken.last) / SAMPLES_PER_MS)
        found.overhead.append((answered - ends[-1]) / SAMPLES_PER_MS - services_ms(side))


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
