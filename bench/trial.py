"""One trial: a fresh server, measured at each number of calls, then with callers who barge in."""

import asyncio
import math
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from bench.callers import Crowd
from bench.figures import median, percentile
from bench.outcome import LIMIT_MS, Level, Trial, summary, tried
from bench.plan import Plan
from bench.process import ServerProcess, Side
from bench.search import most_that_fit
from bench.stubs import LONG_NUMBER, RATE, SHORT_NUMBER
from bench.tapes import Span, barge_ins, input_lateness, read_answers
from simulators.carrier.speech import Frame

_WARM_S = 7.0
_BARGE_LISTEN_S = 2.6  # long enough for a long answer to have begun
_BUSY = 0.9  # share of a core at which the search for its most calls expects the end
_LATE_SEND_MS = 20.0
_MOST_READ = 12  # tapes of a level: enough turns for a median

_log = structlog.get_logger(__name__)


class TrialRun:
    """Makes one trial.

    Args:
        side: Which pipeline.
        plan: How much is measured.
        core: Where the server runs.
        home: A folder for what the server keeps.
        lines: What callers say.
        expected: The number of calls that an earlier trial of the side carried.
    """

    def __init__(
        self,
        side: Side,
        plan: Plan,
        core: int,
        home: Path,
        lines: Sequence[tuple[Frame, ...]],
        expected: int | None = None,
    ) -> None:
        self._plan = plan
        self._lines = lines
        self._expected = expected
        self._server = ServerProcess(side, core, home)
        self._trial = Trial(side)

    async def run(self) -> Trial:
        """Start the server, measure, stop it."""
        await self._server.start()
        try:
            await self._warm_up()
            await self._measure_levels()
            await self._measure_barge_in()
            await self._search()
        finally:
            await self._server.stop()
        return self._trial

    def _crowd(self, number: str = SHORT_NUMBER, listen_s: float | None = None) -> Crowd:
        return Crowd(self._server, number, self._lines, listen_s or self._plan.listen_s)

    async def _warm_up(self) -> None:
        """One whole call, so that nothing is imported or loaded while calls are measured."""
        crowd = self._crowd()
        await crowd.grow(1)
        await asyncio.sleep(_WARM_S)
        await crowd.hang_up()

    async def _measure_levels(self) -> None:
        plan, crowd = self._plan, self._crowd()
        spans: list[tuple[int, list[Span]]] = []
        for index, calls in enumerate(plan.levels):
            await crowd.grow(calls)
            await asyncio.sleep(plan.settle_s)
            since = [call.stream.position() for call in crowd.calls]
            level = await self._window(crowd, plan.single_s if calls == 1 else plan.window_s)
            self._trial.levels.append(level)
            until = [call.stream.position() for call in crowd.calls]
            spans.append((index, [Span(*of) for of in zip(crowd.calls, since, until, strict=True)]))
        await crowd.hang_up()
        # Only now: reading tapes would make callers late who are still speaking.
        for index, of_level in spans:
            level = self._trial.levels[index]
            level.answers = await read_answers(self._trial.side, of_level[:_MOST_READ])
            _log.info("measured", side=self._trial.side, **summary(level))

    async def _window(self, crowd: Crowd, seconds: float) -> Level:
        """Measure the crowd as it is."""
        sent = [len(call.tape.send_late) for call in crowd.calls]
        before = await self._server.read()
        await asyncio.sleep(seconds)
        after = await self._server.read()
        late = [
            samples * 1000 / RATE
            for call, start in zip(crowd.calls, sent, strict=True)
            for samples in call.tape.send_late[start:]
        ]
        calls = len(crowd.calls)
        return Level(
            calls=calls,
            cpu_per_call=(after.cpu_s - before.cpu_s) / (after.at - before.at) / calls,
            rss=after.rss,
            input_lateness=input_lateness(crowd.calls, after),
            send_lateness_p99=percentile(late, 99),
            waterfall=[float(ms) for _, ms in after.waterfalls],
        )

    async def _measure_barge_in(self) -> None:
        crowd = self._crowd(LONG_NUMBER, _BARGE_LISTEN_S)
        await crowd.grow(self._plan.barge_calls)
        await asyncio.sleep(self._plan.settle_s + self._plan.barge_s)
        calls = list(crowd.calls)
        await crowd.hang_up()
        self._trial.barge_in = [took for call in calls for took in barge_ins(call)]
        _log.info(
            "barge_in", side=self._trial.side, count=len(self._trial.barge_in),
            median=median(self._trial.barge_in),
        )  # fmt: skip

    async def _search(self) -> None:
        """Find how many calls the core carries, near where processor time says."""
        plan = self._plan
        # Several calls are cheaper each than one; where the core is full, calls seem cheaper still.
        dearest = max(level.cpu_per_call for level in self._trial.levels[-2:])
        limit = _BUSY / dearest
        step = max(1, round(limit / 16))
        start = (self._expected or math.floor(limit)) - 2 * step
        crowd = self._crowd()

        async def fits(calls: int) -> bool:
            nonlocal crowd
            if len(crowd.calls) > calls:
                await crowd.hang_up()
                crowd = self._crowd()
            await crowd.grow(calls)
            await asyncio.sleep(plan.settle_s)
            level = await self._window(crowd, plan.search_s)
            _log.info("tried", side=self._trial.side, **summary(level))
            if level.send_lateness_p99 > _LATE_SEND_MS:
                _log.warning("callers_late", ms=round(level.send_lateness_p99, 1))
            found = tried(level)
            self._trial.tried.append(found)
            return found.p95 <= LIMIT_MS

        until = time.monotonic() + plan.search_within_s
        await most_that_fit(fits, start, step, plan.most_calls, lambda: time.monotonic() < until)
        await crowd.hang_up()
