"""The transcript: what was heard and what was played, read from a call's events. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from storage.events import AgentSpoke, Event, LatencyMeasured, TurnEnded

USER = "user"
AGENT = "agent"

_STAGES = tuple(each.name for each in fields(LatencyMeasured) if each.name != "turn")


@dataclass(frozen=True, slots=True)
class TranscriptTurn:
    """One side's turn. Agent turns bear the number of the caller's turn that they answer."""

    who: str
    turn: int
    text: str
    start_ms: int
    end_ms: int
    interrupted: bool = False
    latency_ms: dict[str, int] = field(default_factory=dict)


def transcript(events: Iterable[Event]) -> tuple[TranscriptTurn, ...]:
    """The turns in the order in which they began; ``latency_ms`` is empty for the caller's.

    An agent's turn without ``AgentSpoke`` (its worker was killed) is left out: nobody knows what
    of it was heard.
    """
    ordered = sorted(events, key=lambda event: (event.leg, event.seq))
    latencies = {
        event.body.turn: {stage: int(getattr(event.body, stage)) for stage in _STAGES}
        for event in ordered
        if isinstance(event.body, LatencyMeasured)
    }
    turns: list[TranscriptTurn] = []
    for event in ordered:
        body = event.body
        if isinstance(body, TurnEnded):
            turns.append(TranscriptTurn(USER, body.turn, body.text, body.start_ms, body.end_ms))
        elif isinstance(body, AgentSpoke):
            turns.append(
                TranscriptTurn(
                    AGENT,
                    body.turn,
                    body.text,
                    body.start_ms,
                    body.end_ms,
                    body.interrupted,
                    latencies.get(body.turn, {}),
                )
            )
    # By when they began: the end of a turn that was barged into is logged after its successor's.
    return tuple(sorted(turns, key=lambda turn: turn.start_ms))
