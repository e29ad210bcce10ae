import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.figures import median, percentile, slope

_floats = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1.0), (20, 1.0), (50, 3.0), (95, 5.0), (99, 5.0), (100, 5.0)]
)
def test_percentile_is_a_value_that_was_measured(percent: float, expected: float) -> None:
    assert percentile([5.0, 1.0, 4.0, 2.0, 3.0], percent) == expected


@given(st.lists(_floats, min_size=1), st.floats(0, 100))
def test_so_many_percent_do_not_exceed_the_percentile(values: list[float], percent: float) -> None:
    bound = percentile(values, percent)
    assert sum(value <= bound for value in values) >= percent / 100 * len(values) - 1e-9


def test_without_values_there_is_no_figure() -> None:
    assert math.isnan(percentile([], 50))
    assert math.isnan(median([]))
    assert math.isnan(median([math.nan]))


def test_median_leaves_out_what_could_not_be_measured() -> None:
    assert median([3.0, math.nan, 1.0]) == 2.0
    assert median([3.0, 1.0, 2.0]) == 2.0


@given(_floats, st.floats(-100, 100))
def test_slope_of_a_line_is_its_slope(offset: float, rise: float) -> None:
    points = [(x, offset + rise * x) for x in (1.0, 10.0, 20.0)]
    assert slope(points) == pytest.approx(rise, abs=1e-3)


def test_one_point_or_one_place_has_no_slope() -> None:
    assert math.isnan(slope([(1.0, 2.0)]))
    assert math.isnan(slope([(1.0, 2.0), (1.0, 3.0)]))
