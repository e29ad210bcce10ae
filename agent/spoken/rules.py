"""The written forms other than times: money, telephone numbers, addresses, abbreviations."""

import re
from typing import Final

from agent.spoken import clock, numbers
from agent.spoken.rule import Rule

_STREETS: Final = {
    "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Ln": "Lane", "Hwy": "Highway",
    "Pkwy": "Parkway", "Ct": "Court", "Pl": "Place", "Sq": "Square", "St": "Street",
    "Dr": "Drive",
}  # fmt: skip
_TITLES: Final = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor",
    "St": "Saint", "Mt": "Mount", "Ft": "Fort",
}  # fmt: skip
_WORDS: Final = {
    "ste": "Suite", "apt": "apartment", "dept": "department", "approx": "approximately",
    "etc": "et cetera", "vs": "versus", "hrs": "hours", "hr": "hour", "mins": "minutes",
    "lbs": "pounds", "jr": "Junior", "sr": "Senior", "tel": "telephone", "e.g": "for example",
    "i.e": "that is", "incl": "including", "min": "minutes", "sec": "seconds", "ext": "extension",
}  # fmt: skip
_UNITS: Final = {
    "min": "minutes", "mins": "minutes", "sec": "seconds", "hr": "hours", "hrs": "hours",
    "h": "hours", "lb": "pounds", "lbs": "pounds", "oz": "ounces", "ft": "feet", "mi": "miles",
    "km": "kilometers", "kg": "kilograms", "mg": "milligrams", "ml": "milliliters",
    "cm": "centimeters", "mm": "millimeters", "°F": "degrees Fahrenheit", "°C": "degrees Celsius",
    "°": "degrees", "mph": "miles an hour", "GB": "gigabytes", "MB": "megabytes",
    "sq ft": "square feet", "k": "thousand",
}  # fmt: skip
_SIGNS: Final = {
    "&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "%": " percent ", "#": " number ",
    "/": " or ", "×": " by ", "•": " ", "*": " ", "_": " ", "|": ", ", "~": " about ",
    "§": " section ", "<": " under ", ">": " over ", "\\": " ", "^": " ", "`": " ",
    "°": " degrees ",
    "$": " dollars ", "€": " euros ", "£": " pounds ", "[": " ", "]": " ", "{": " ", "}": " ",
    "–": ", ", "—": ", ", "(": ", ", ")": ", ", "…": ". ",
}  # fmt: skip
_AMOUNT: Final = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d{1,2}(?!\d))?"
_STREET: Final = "|".join([*_STREETS, *_STREETS.values()])
_PHONE: Final = r"(?:\+?1[\s.-]?)?(?:\(\d{3}\)\s?|\d{3}[.-])\d{3}[\s.-]\d{4}(?!\d)"


def _any(table: dict[str, str]) -> str:
    return "|".join(sorted(map(re.escape, table), key=len, reverse=True))


def _prices(match: re.Match[str]) -> str:
    return f"{numbers.cardinal(match['low'])} to {numbers.money(match['sign'], match['high'])}"


def _range(match: re.Match[str]) -> str:
    low, high = numbers.cardinal(match["low"]), numbers.cardinal(match["high"])
    return f"{low} to {high}{' percent' if match['percent'] else ''}"


def _web(match: re.Match[str]) -> str:
    said = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0])
    said = re.sub(r"[.@/_+-]", lambda sign: f" {_WEB_SIGNS[sign[0]]} ", said)
    return re.sub(r"\d", lambda digit: f" {numbers.digits(digit[0])} ", said)


def _title_or_street(match: re.Match[str]) -> str:
    """Tell a saint from a street: "St." after a name is a street, before one a saint."""
    before = match.string[: match.start()].split()
    named = bool(before) and (before[-1][:1].isupper() or before[-1][:1].isdigit())
    follows = match.string[match.end() :].lstrip()[:1].isupper()
    short = match["short"]
    if short in _TITLES and follows and not named:
        return _TITLES[short]
    return _STREETS.get(short, _TITLES.get(short, short))


_WEB_SIGNS: Final = {
    ".": "dot", "@": "at", "/": "slash", "-": "dash", "_": "underscore", "+": "plus",
}  # fmt: skip
# Tried in this order; what one rule has taken the next ones leave alone.
RULES: Final = (
    Rule(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?:https?://|www\.)[\w./-]*\w", _web),
    Rule(
        r"\b(?:[a-zA-Z][\w-]*\.)+(?:com|org|net|example|info|io|edu|gov|co|us)\b(?:/[\w/-]*\w)?",
        _web,
    ),
    Rule(
        rf"(?<![\d$]){_PHONE}|(?<![\d$-])\d{{3}}-\d{{4}}(?![\d-])",
        lambda match: numbers.grouped(match[0]),
    ),
    Rule(r"\+\d{7,15}\b", lambda match: numbers.digits(match[0])),
    Rule(r"\b911\b", lambda _: "nine one one"),
    Rule(r"\b24/7\b", lambda _: "twenty-four seven"),
    *clock.RULES,
    Rule(
        rf"(?P<sign>[$€£])\s?(?P<low>{_AMOUNT})\s?(?:[-–—]|to)\s?[$€£]?\s?(?P<high>{_AMOUNT})",
        _prices,
    ),
    Rule(
        rf"(?P<sign>[$€£])\s?(?P<amount>{_AMOUNT})",
        lambda match: numbers.money(match["sign"], match["amount"]),
    ),
    Rule(
        rf"(?<![\d.])(?P<low>{_AMOUNT})\s?[-–—]\s?(?P<high>{_AMOUNT})(?P<percent>\s?%)?(?![\d-])",
        _range,
    ),
    Rule(
        r"(?:(?<=[Ss]ince )|(?<=[Ii]n )|(?<=[Oo]f ))(?:19|20)\d\d\b(?! [a-z]+s\b)",
        lambda match: numbers.year(match[0]),
    ),
    Rule(
        rf"\b\d+(?=\s(?:[A-Z][\w']*\s|\d+(?:st|nd|rd|th)\s){{1,3}}(?:{_STREET})\b)",
        lambda match: numbers.house_number(match[0]),
    ),
    Rule(r"(?<=\b[A-Z]{2} )\d{5}\b", lambda match: numbers.digits(match[0])),
    Rule(r"\b(?P<value>\d+)(?:st|nd|rd|th)\b", lambda match: numbers.ordinal(match["value"])),
    Rule(
        rf"(?P<value>{_AMOUNT})\s?(?P<unit>{_any(_UNITS)})(?!\w)(?:\.(?=\s[a-z]))?",
        lambda match: f"{numbers.cardinal(match['value'])} {_UNITS[match['unit']]}",
    ),
    Rule(rf"(?P<value>{_AMOUNT})\s?%", lambda match: f"{numbers.cardinal(match['value'])} percent"),
    Rule(r"\b(?P<decade>(?:19|20)\d)0s\b", lambda match: numbers.decade(f"{match['decade']}0")),
    Rule(r"(?<=\w)[–—](?=\w)", lambda _: " to "),
    Rule(r"\b0\d+\b|\b\d{7,}\b", lambda match: numbers.digits(match[0])),
    Rule(r"(?<!\w)1/2\b", lambda _: "half"),
    Rule(_AMOUNT, lambda match: numbers.cardinal(match[0])),
    Rule(rf"\b(?P<short>{_any(_STREETS | _TITLES)})(?:\.(?=,|\s|$)|(?=,|\s|$))", _title_or_street),
    Rule(rf"\b(?i:(?P<word>{_any(_WORDS)}))\.(?!\w)", lambda match: _WORDS[match["word"].lower()]),
    Rule(rf"[{re.escape(''.join(_SIGNS))}]", lambda match: _SIGNS[match[0]]),
)
