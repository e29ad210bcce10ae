"""`make bench`: Callsure beside a plain Pipecat pipeline, and the embedded engines by themselves.

Each side's server is a process of its own, pinned to one core; callers, database and object store
have another. Both are called by the same simulated carrier, use the same stub services (`stubs`),
event loop and WebSocket implementation, and are warmed up alike. Trials alternate (Callsure,
plain, Callsure, plain …), each on a fresh server; medians over the trials are shown.

Callsure does its whole work meanwhile: it logs events to PostgreSQL, records both channels and
uploads them. The plain pipeline does neither. How latencies are defined is said in `measures`.
"""

import argparse
import asyncio
import contextlib
import dataclasses
import json
import logging
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
import uvloop
from rich.console import Console

from bench.endpoints import services_ms, silence_ms
from bench.engines import EngineFigures, measure_engines
from bench.outcome import Trial
from bench.plan import FULL, QUICK, Plan
from bench.process import Side
from bench.report import print_comparison, print_engines, write_results
from bench.results import compare, logged_overhead
from bench.stubs import ADDRESSES
from bench.trial import TrialRun
from simulators.carrier.speech import Frame, frames, read_wav
from storage.embedded import start_embedded
from storage.home import write_private
from storage.migrations import migrate

_ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = _ROOT / "examples" / "front_desk" / "script"
# Lines that the end-of-turn model takes for complete: neither side waits for more.
_LINES = ("parking.wav", "tooth_pulled.wav", "veneers.wav")
_RESULTS = _ROOT / "bench" / "results.json"


def main() -> None:
    """Measure, print, write."""
    arguments = _arguments()
    plan = QUICK if arguments.quick else FULL
    logging.basicConfig(level="WARNING")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.INFO))
    console = Console(width=None if sys.stdout.isatty() else 120)
    began = time.monotonic()
    server_core, caller_core = _cores()
    trials: list[Trial] = []
    if "calls" in arguments.only:
        os.sched_setaffinity(0, {caller_core})
        with _servers() as (home, dsn):
            trials = uvloop.run(_trials(plan, server_core, home, dsn))
    engines: EngineFigures | None = None
    if "engines" in arguments.only:
        os.sched_setaffinity(0, {server_core})
        engines = measure_engines(plan, _cache(), _ROOT.parent / "shared" / "speech")
    lines = compare(trials) if trials else []
    if trials:
        print_comparison(console, lines, plan.rounds)
        logged = logged_overhead(trials, silence_ms() + services_ms(Side.CALLSURE))
        console.print(f"Callsure's overhead by its own log at one call: {logged:.0f} ms")
    if engines:
        print_engines(console, engines)
    write_results(_RESULTS, lines, trials, engines, _about(time.monotonic() - began))
    console.print(f"{_RESULTS} after {time.monotonic() - began:.0f} s")


async def _trials(plan: Plan, core: int, home: Path, dsn: str) -> list[Trial]:
    await migrate(dsn)
    lines: Sequence[tuple[Frame, ...]] = [frames(read_wav(_SCRIPT / name)) for name in _LINES]
    trials: list[Trial] = []
    carried: dict[Side, int] = {}
    for _ in range(plan.rounds):
        for side in Side:
            trial = await TrialRun(side, plan, core, home, lines, carried.get(side)).run()
            carried[side] = trial.carried(95)
            trials.append(trial)
            await asyncio.sleep(1)
    return trials


@contextlib.contextmanager
def _servers() -> Iterator[tuple[Path, str]]:
    """PostgreSQL and S3 on a home that is removed afterwards."""
    # Not under /root: PostgreSQL's own account must be able to enter it.
    home = Path(tempfile.mkdtemp(prefix="callsure-bench-"))
    servers = start_embedded(home)
    write_private(home / ADDRESSES, json.dumps(dataclasses.asdict(servers.addresses)))
    try:
        yield home, servers.database_dsn
    finally:
        servers.stop()
        shutil.rmtree(home, ignore_errors=True)


def _cores() -> tuple[int, int]:
    """One core for the server, another for everything else."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("The benchmark needs two cores: one for the server, one for its callers.")
    return cores[0], cores[1]


def _cache() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(folder) / "callsure" / "speech"


def _about(seconds: float) -> dict[str, Any]:
    return {
        "seconds": round(seconds),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "pipecat": version("pipecat-ai"),
        "cores": os.cpu_count(),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Callsure.")
    parser.add_argument("--quick", action="store_true", help="one short trial of each side")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=("calls", "engines"),
        default=("calls", "engines"),
        help="measure only these",
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
