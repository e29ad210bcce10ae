"""Waiting in tests for what background work does in its own time."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable


async def until(
    condition: Callable[[], bool | Awaitable[bool]], timeout: float = 20.0, poll_s: float = 0.02
) -> None:
    """Return once ``condition`` holds; fail after ``timeout`` seconds."""
    async with asyncio.timeout(timeout):
        while True:
            held = condition()
            if inspect.isawaitable(held):
                held = await held
            if held:
                return
            await asyncio.sleep(poll_s)
