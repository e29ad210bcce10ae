"""Numbers as they are said: amounts, digits, times, years, addresses."""

import re
from typing import Final

from num2words import num2words

_DIGITS: Final = ("oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_CURRENCY: Final = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
}


def cardinal(value: str) -> str:
    """``1,250`` or ``2.5`` as words, without the "and" of British English."""
    plain = value.replace(",", "")
    words = num2words(float(plain) if "." in plain else int(plain))
    return _smooth(words)


def ordinal(value: str) -> str:
    """``24`` as "twenty-fourth"."""
    return _smooth(num2words(int(value), to="ordinal"))


def digits(value: str) -> str:
    """Each digit by itself; a zero is "oh", as on the telephone."""
    return " ".join(_DIGITS[int(char)] for char in value if char.isdigit())


def grouped(value: str) -> str:
    """A telephone number: its written groups, with a breath between them."""
    groups = re.findall(r"\d+", value)
    if groups[0] == "1" and len(groups) > 1 and groups[1] in ("800", "888", "877", "866"):
        groups = groups[1:]
    if len(groups) == 1 and len(groups[0]) == 10:
        number = groups[0]
        groups = [number[:3], number[3:6], number[6:]]
    return ", ".join("eight hundred" if group == "800" else digits(group) for group in groups)


def money(symbol: str, amount: str) -> str:
    """``$12.50`` as "twelve dollars and fifty cents"."""
    one, many, cent, cents = _CURRENCY[symbol]
    whole, _, fraction = amount.replace(",", "").partition(".")
    parts = []
    if int(whole) or not int(fraction or 0):
        parts.append(f"{cardinal(whole)} {one if int(whole) == 1 else many}")
    if int(fraction or 0):
        parts.append(f"{cardinal(fraction)} {cent if int(fraction) == 1 else cents}")
    return " and ".join(parts)


def time_of_day(hour: str, minute: str | None, half: str | None) -> str:
    """``8:30``, "am" as "eight thirty a.m."; noon and midnight keep their names."""
    minutes = int(minute or 0)
    suffix = f" {half[0].lower()}.m." if half else ""
    value = int(hour)
    if value > 12 and not half:
        suffix, value = " p.m.", value - 12
    if minutes == 0:
        clock = "" if suffix or minute is None else " o'clock"
        return f"{cardinal(str(value))}{clock}{suffix}"
    said = f"oh {cardinal(str(minutes))}" if minutes < 10 else cardinal(str(minutes))
    return f"{cardinal(str(value))} {said}{suffix}"


def year(value: str) -> str:
    """``2009`` as "two thousand nine", ``2026`` as "twenty twenty-six"."""
    if value[1:3] == "00" or value.endswith("000"):
        return cardinal(value)
    return _smooth(num2words(int(value), to="year"))


def decade(value: str) -> str:
    """``1990`` as "nineteen nineties"."""
    words = year(value)
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def house_number(value: str) -> str:
    """``214`` as "two fourteen", ``1205`` as "twelve oh five", ``1200`` as "twelve hundred"."""
    if len(value) < 3 or len(value) > 4:
        return cardinal(value) if len(value) < 3 else digits(value)
    head, tail = value[:-2], value[-2:]
    if tail == "00":
        return cardinal(value) if head.endswith("0") else f"{cardinal(head)} hundred"
    said = f"oh {cardinal(tail[1])}" if tail[0] == "0" else cardinal(tail)
    return f"{cardinal(head)} {said}"


def _smooth(words: str) -> str:
    return words.replace(" and ", " ").replace(",", "")
