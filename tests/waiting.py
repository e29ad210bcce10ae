"""Waiting in tests for what background work does in its own time."""

import asyncio
from collections.abc import Callable


async def until(condition: Callable[[], bool], timeout: float = 20.0) -> None:
    """Return once ``condition`` holds; fail after ``timeout`` seconds."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - any state of any object can be waited for
            await asyncio.sleep(0.02)
