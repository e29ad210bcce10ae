"""The host of the shared models: loaded once a process, run on threads, never on the event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple, cast

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# Threads a lane: a lane is a queue of its own, so that a long decode never delays a short one.
LANES = {"transcribe": 2, "end_of_turn": 1, "embed": 1, "synthesise": 1, "load": 1}


class ModelHost:
    """Loads each model once and runs its calls in named lanes of threads."""

    def __init__(self, lanes: dict[str, int] | None = None) -> None:
        self._pools = {
            lane: ThreadPoolExecutor(threads, thread_name_prefix=f"model-{lane}")
            for lane, threads in (lanes or LANES).items()
        }
        self._models: dict[str, Any] = {}
        self._loading: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def load(self, name: str, factory: Callable[[], T]) -> T:
        """Return the model of that name, made by ``factory`` on the first call (blocking)."""
        with self._guard:
            lock = self._loading.setdefault(name, threading.Lock())
        with lock:
            if name not in self._models:
                self._models[name] = factory()
            return cast(T, self._models[name])

    async def run(self, lane: str, function: Callable[[*Ts], T], *args: *Ts) -> T:
        """Run ``function`` on a thread of ``lane`` and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pools[lane], function, *args)

    def close(self) -> None:
        """End the threads once their current work is done."""
        for pool in self._pools.values():
            pool.shutdown(wait=True, cancel_futures=True)
