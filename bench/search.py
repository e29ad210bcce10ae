"""The search for the most calls that a core carries. Pure but for the measurement it is given."""

from collections.abc import Awaitable, Callable

Fits = Callable[[int], Awaitable[bool]]
TimeLeft = Callable[[], bool]


async def most_that_fit(fits: Fits, start: int, step: int, most: int, time_left: TimeLeft) -> int:
    """The highest level that fits, found in steps from ``start``; 0 where none was found.

    A level that seems not to fit is tried a second time: one disturbance is no verdict.

    Args:
        fits: Whether so many calls are carried.
        start: The first level to try.
        step: How far apart levels are.
        most: The highest level that is tried.
        time_left: Whether another level may be tried.
    """
    level = max(1, min(start, most))
    if await _fits_twice(fits, level):
        while level < most and time_left():
            following = min(level + step, most)
            if not await _fits_twice(fits, following):
                break
            level = following
        return level
    while level > 1 and time_left():
        level = max(1, level - step)
        if await fits(level):
            return level
    return 0


async def _fits_twice(fits: Fits, level: int) -> bool:
    return await fits(level) or await fits(level)
