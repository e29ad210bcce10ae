"""Times, dates and days as they are said."""

import re
from typing import Final

from agent.spoken import numbers
from agent.spoken.rule import Rule

_HALF: Final = r"(?:\s?(?P<half>[ap])\.?\s?m\b\.?)"
_TO: Final = r"(?:\s?[-–—]\s?|\s(?:to|until)\s)"
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTH: Final = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|"
    r"Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY: Final = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)"


def _time(match: re.Match[str]) -> str:
    return numbers.time_of_day(match["hour"], match["minute"], match["half"])


def _times(match: re.Match[str]) -> str:
    end = numbers.time_of_day(match["hour2"], match["minute2"], match["half"])
    start = numbers.time_of_day(match["hour"], match["minute"], match["first"])
    return start.removesuffix(" o'clock") + f" to {end}"


def _date(match: re.Match[str]) -> str:
    said = f"{_named(match['month'], _MONTHS)} {numbers.ordinal(match['day'])}"
    return f"{said}, {numbers.year(match['year'])}" if match["year"] else said


def _numeric_date(match: re.Match[str]) -> str:
    said = f"{_MONTHS[int(match['month']) - 1]} {numbers.ordinal(match['day'])}"
    return f"{said}, {numbers.year(match['year'])}" if match["year"] else said


def _named(short: str, names: tuple[str, ...]) -> str:
    return next(name for name in names if name.startswith(short[:3].capitalize()))


def _days(match: re.Match[str]) -> str:
    return f"{_named(match['from'], _DAYS)} to {_named(match['to'], _DAYS)}"


_CLOCK: Final = r"(?<![\d:.,$])(?P<hour>[01]?\d|2[0-4])"
RULES: Final = (
    Rule(
        rf"{_CLOCK}(?::(?P<minute>[0-5]\d))?(?:\s?(?P<first>[aApP])\.?[mM]\b\.?)?{_TO}"
        rf"(?P<hour2>[01]?\d|2[0-4])(?::(?P<minute2>[0-5]\d))?(?i:{_HALF})",
        _times,
    ),
    Rule(
        rf"{_CLOCK}:(?P<minute>[0-5]\d)(?P<first>){_TO}"
        r"(?P<hour2>[01]?\d|2[0-4]):(?P<minute2>[0-5]\d)(?P<half>)\b",
        _times,
    ),
    Rule(rf"{_CLOCK}:(?P<minute>[0-5]\d)(?:(?i:{_HALF})|\b)", _time),
    Rule(rf"{_CLOCK}(?P<minute>)(?i:{_HALF})", _time),
    Rule(
        rf"\b{_MONTH}\s(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\b(?!:)(?:,?\s(?P<year>(?:19|20)\d\d)\b)?",
        _date,
    ),
    Rule(
        r"(?<![\d/])(?P<month>1[0-2]|0?[1-9])/(?P<day>3[01]|[12]\d|0?[1-9])"
        r"(?:/(?P<year>(?:19|20)\d\d))(?![\d/])",
        _numeric_date,
    ),
    Rule(rf"\b(?P<from>{_DAY})\b\.?\s?[-–—]\s?(?P<to>{_DAY})\b\.?(?![a-z])", _days),
    Rule(
        r"\b(?P<day>Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\b(?:\.(?=\s[a-z\d])|(?=\s\d))",
        lambda match: _named(match["day"], _DAYS),
    ),
)
