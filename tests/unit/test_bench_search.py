import pytest

from bench.search import most_that_fit


class _Core:
    """Carries so many calls; the trials named are disturbed."""

    def __init__(self, carries: int, disturbed: frozenset[int] = frozenset()) -> None:
        self._carries = carries
        self._disturbed = disturbed
        self.tried: list[int] = []

    async def fits(self, calls: int) -> bool:
        self.tried.append(calls)
        return calls <= self._carries and len(self.tried) not in self._disturbed


@pytest.mark.parametrize(
    ("carries", "start", "found"),
    [(20, 16, 20), (21, 16, 20), (5, 16, 4), (16, 16, 16), (1, 16, 1), (0, 16, 0), (99, 16, 40)],
)
async def test_finds_the_most_that_fit(carries: int, start: int, found: int) -> None:
    core = _Core(carries)
    assert await most_that_fit(core.fits, start, 4 if carries > 1 else 5, 40, lambda: True) == found


async def test_one_disturbance_is_no_verdict() -> None:
    core = _Core(20, disturbed=frozenset({2}))
    assert await most_that_fit(core.fits, 16, 4, 40, lambda: True) == 20
    assert core.tried == [16, 20, 20, 24, 24]


async def test_ends_with_what_it_knows_when_time_is_over() -> None:
    core = _Core(20)
    assert await most_that_fit(core.fits, 8, 4, 40, lambda: len(core.tried) < 2) == 12
    core = _Core(2)
    assert await most_that_fit(core.fits, 8, 1, 40, lambda: False) == 0
