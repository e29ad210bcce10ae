"""What a demo call came to: tables for a person, one JSON object for a program."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.demo.checks import Check
from server.terminal import waterfall
from storage import events as e
from storage.codec import encode
from storage.transcript import transcript


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that the report needs."""

    call_id: str
    events: Sequence[e.Event]
    checks: Sequence[Check]
    seconds: float
    log: Path

    @property
    def ok(self) -> bool:
        """Whether the call went as the script expects."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def recording(self) -> e.RecordingStored | None:
        """The recording, if there is one."""
        found = [ev.body for ev in self.events if isinstance(ev.body, e.RecordingStored)]
        return found[-1] if found else None


def as_json(outcome: Outcome) -> str:
    """The outcome on one line."""
    recording = outcome.recording
    turns = [
        {
            "who": turn.who,
            "text": turn.text,
            "start_ms": turn.start_ms,
            "end_ms": turn.end_ms,
            "interrupted": turn.interrupted,
            "latency_ms": turn.latency_ms,
        }
        for turn in transcript(outcome.events)
    ]
    found: dict[str, Any] = {
        "ok": outcome.ok,
        "call_id": outcome.call_id,
        "turns": turns,
        "recording": recording
        and {
            "uri": recording.uri,
            "path": recording.path,
            "channels": recording.channels,
            "sample_rate": recording.sample_rate,
            "duration_ms": recording.duration_ms,
        },
        "events": [json.loads(encode(event)) for event in outcome.events],
        "checks": [asdict(check) for check in outcome.checks],
    }
    return json.dumps(found, ensure_ascii=False)


def show(console: Console, outcome: Outcome, command: str) -> None:
    """Print latencies, checks, and where the call is to be found again."""
    console.print()
    console.print(_latencies(outcome.events))
    console.print()
    console.print(_checks(outcome.checks))
    console.print()
    places = Table.grid(padding=(0, 2))
    places.add_column(style="dim")
    places.add_column(overflow="fold")
    if recording := outcome.recording:
        places.add_row("recording", recording.uri)
        places.add_row("on this machine", recording.path)
    places.add_row("server log", str(outcome.log))
    places.add_row("see it again", f"{command} calls show {outcome.call_id}")
    places.add_row("", f"{command} calls list")
    places.add_row("follow the next", f"{command} calls tail")
    console.print(places)
    console.print()
    failed = sum(not check.passed for check in outcome.checks)
    verdict = "The call went as expected" if outcome.ok else f"{failed} of the checks failed"
    console.print(
        Text(f"{verdict}: {len(outcome.checks)} checks, {outcome.seconds:.0f} s in all.",
             "bold green" if outcome.ok else "bold red")
    )  # fmt: skip


def _latencies(events: Sequence[e.Event]) -> Table:
    asked = {ev.body.turn: ev.body.text for ev in events if isinstance(ev.body, e.TurnEnded)}
    measured = [ev.body for ev in events if isinstance(ev.body, e.LatencyMeasured)]
    table = Table(
        title="Milliseconds since the caller's last word", title_justify="left", box=None,
        pad_edge=False, show_footer=len(measured) > 1,
    )  # fmt: skip
    table.add_column("answer to", footer="median", max_width=40, no_wrap=True, overflow="ellipsis")
    for name, field, colour in waterfall.STAGES:
        middle = median(getattr(m, field) for m in measured) if measured else 0
        table.add_column(name, footer=f"{middle:.0f}", justify="right", style=colour)
    for m in measured:
        table.add_row(asked.get(m.turn, ""), *(str(ms) for ms in waterfall.times(m).values()))
    return table


def _checks(checks: Sequence[Check]) -> Table:
    table = Table.grid(padding=(0, 1))
    for check in checks:
        mark = Text("✓", "green") if check.passed else Text("✗", "bold red")
        name, detail = Text(check.name), Text(check.detail, "dim")
        for text in (name, detail):
            # What went well fits one line; what did not is shown in full.
            text.no_wrap, text.overflow = check.passed, "ellipsis" if check.passed else "fold"
        table.add_row(mark, name, detail)
    return table
