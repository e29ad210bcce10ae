"""What `make bench` prints and writes."""

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.engines import MARGIN, PROMPTS, PUBLISHED_RATE, EngineFigures
from bench.outcome import Trial
from bench.results import Comparison


def print_comparison(console: Console, lines: Sequence[Comparison], rounds: int) -> None:
    """Both pipelines side by side."""
    table = Table(title=f"Callsure and a plain Pipecat pipeline, medians of {rounds}")
    for heading in ("", "Callsure", "plain Pipecat", "ratio", "aim"):
        table.add_column(heading, justify="left" if not heading else "right")
    for line in lines:
        table.add_row(
            f"{line.name} [dim]{line.unit}[/]",
            _value(line.callsure, line.callsure_range),
            _value(line.stock, line.stock_range),
            _number(line.ratio, 2),
            _aim(line),
        )
    console.print(table)


def print_engines(console: Console, engines: EngineFigures) -> None:
    """The embedded engines' accuracy and latencies."""
    table = Table(title="Embedded engines, one core, 8 kHz μ-law")
    for heading in ("", "figure", "of"):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, errors in engines.errors.items():
        verdict = ""
        if name == PROMPTS:
            met = errors.rate <= PUBLISHED_RATE + MARGIN
            bound = f"≤ {(PUBLISHED_RATE + MARGIN) * 100:.1f} %"
            verdict = f"  {_mark(met)} {bound}"
        table.add_row(
            f"word error rate on {name}",
            f"{errors.rate * 100:.1f} %{verdict}",
            f"{errors.words} words",
        )
    for name, latency in engines.latencies.items():
        table.add_row(
            f"{name} [dim]ms, p50 / p95[/]", f"{latency.p50:.1f} / {latency.p95:.1f}",
            f"{latency.count} runs",
        )  # fmt: skip
    for name, reason in engines.skipped.items():
        table.add_row(f"{name}: skipped", reason, "")
    console.print(table)


def write_results(
    path: Path,
    lines: Sequence[Comparison],
    trials: Sequence[Trial],
    engines: EngineFigures | None,
    about: dict[str, Any],
) -> None:
    """Write every figure, and what each trial measured, as JSON."""
    document = {
        "about": about,
        "comparison": [
            {
                **dataclasses.asdict(line),
                "ratio": line.ratio,
                "aim": str(line.aim) if line.aim else None,
                "met": line.aim.met(line.callsure, line.ratio) if line.aim else None,
            }
            for line in lines
        ],
        "engines": dataclasses.asdict(engines) if engines else None,
        "trials": [_trial(trial) for trial in trials],
    }
    path.write_text(json.dumps(_finite(document), indent=2, ensure_ascii=False) + "\n")


def _trial(trial: Trial) -> dict[str, Any]:
    found = dataclasses.asdict(trial)
    for level in found["levels"]:
        lateness = level.pop("input_lateness")
        level["windows_scored"] = len(lateness)
    carried = {f"p{percent}": trial.carried(percent) for percent in (95, 99)}
    return {**found, "memory_per_call": trial.memory_per_call, "carried": carried}


def _finite(value: Any) -> Any:
    """The same without NaN, which JSON does not know."""
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _value(middle: float, bounds: tuple[float, float]) -> str:
    low, high = (_number(bound, 1) for bound in bounds)
    text = _number(middle, 1)
    return text if low == high else f"{text} [dim]({low} … {high})[/]"


def _number(value: float, digits: int) -> str:
    if math.isinf(value):
        return "∞"
    return f"{value:.{digits}f}" if math.isfinite(value) else "–"


def _aim(line: Comparison) -> str:
    if line.aim is None:
        return ""
    return f"{_mark(line.aim.met(line.callsure, line.ratio))} {line.aim}"


def _mark(met: bool) -> str:
    return "[green]✓[/]" if met else "[red]✗[/]"
