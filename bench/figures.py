"""Statistics on what was measured. Pure."""

import math
from collections.abc import Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of ``values`` do not exceed (nearest rank); NaN without any."""
    if not values:
        return math.nan
    ordered = sorted(values)
    rank = max(1, math.ceil(percent / 100 * len(ordered)))
    return ordered[rank - 1]


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two in the middle; NaN without any."""
    found = sorted(value for value in values if not math.isnan(value))
    if not found:
        return math.nan
    half = len(found) // 2
    return found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2


def slope(points: Sequence[tuple[float, float]]) -> float:
    """How much y grows with x, by least squares; NaN where x does not vary."""
    count = len(points)
    if count < 2:
        return math.nan
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if not spread:
        return math.nan
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
