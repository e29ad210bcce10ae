"""Lists and tables as a person would say them: "Crown | $1,150" becomes "A crown is $1,150."."""

import re
from typing import Final

_TIME = r"\d{1,2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?|noon|midnight"
_HOURS: Final = re.compile(rf"(?P<from>{_TIME})\s*(?:-|–|—|to|until)\s*(?P<to>{_TIME})", re.I)
_PRICE: Final = re.compile(
    r"(?:from |up to |about )?[$€£]\s?\d|(?:free|no charge|included)\b", re.I
)
_LABELLED: Final = re.compile(r"(?P<label>[^:.!?]{1,60}?)\s*(?::|–|—| - )\s+(?P<value>.+)")
_DAYS: Final = re.compile(
    r"\b(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|weekdays?|weekends?|daily|every day)\b", re.I
)
# Things that are not counted, and so take no article.
_MASS: Final = frozenset(
    "labor labour parking delivery shipping admission storage insurance breakfast lunch dinner "
    "wifi towing postage".split()
)


def from_item(item: str) -> str | None:
    """A list item of the form "label: value" as a statement, or None where it is plain prose."""
    match = _LABELLED.fullmatch(item)
    if match is None:
        return None
    return _statement(match["label"], match["value"]) or None


def from_row(header: list[str], row: list[str]) -> str:
    """One row of a table as a statement; its first cell is what the row is about."""
    label, *values = [cell.strip() for cell in row]
    if len(values) == 1:
        per = re.search(r"\b(?:per|a|an|each) \w+$", header[1]) if len(header) > 1 else None
        statement = _statement(label, f"{values[0]} {per[0]}" if per else values[0])
        if statement:
            return statement
    named = [
        f"{name.lower()} {value}" if name else value
        for name, value in zip(header[1:], values, strict=False)
        if value
    ]
    return f"{label}: {', '.join(named)}."


def enumeration(lead: str, items: list[str]) -> str:
    """A lead-in and its short items in one sentence."""
    names = [item.rstrip(".,;") for item in items]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{lead.removesuffix(':')}: {listed}."


def _statement(label: str, value: str) -> str:
    """What a front desk would say of a label and its hours or price; empty for other values."""
    value = value.rstrip(".")
    if _DAYS.search(label):
        if value.lower() == "closed":
            return f"We're closed on {_day(label)}."
        hours = _HOURS.fullmatch(value)
        if hours:
            when = _day(label)
            several = " to " in when or when.lower() in ("daily", "every day")
            start = when if several else f"On {when}"
            return f"{start}, we're open from {hours['from']} to {hours['to']}."
    if _PRICE.match(value):
        label = re.sub(r"^(.+?) \((\w+)\)$", lambda m: f"{m[2].capitalize()} {m[1].lower()}", label)
        value = value[0].lower() + value[1:]
        plural = _head(label).endswith("s") and not _head(label).endswith("ss")
        return f"{_with_article(label, plural)} {'are' if plural else 'is'} {value}."
    return ""


def _day(label: str) -> str:
    return re.sub(r"\s*[-–—]\s*", " to ", label)


def _head(label: str) -> str:
    """The noun that a label is about: the last word before "with", "for" and the like."""
    return re.split(r"\s+(?:with|for|of|per|in|on|at|without|\()", label)[0].split()[-1].lower()


def _with_article(label: str, plural: bool) -> str:
    words = label.split()
    name = label if words[0].isupper() or words[0][:2].isupper() else label[0].lower() + label[1:]
    uncounted = _head(label) in _MASS or (len(words) == 1 and _head(label).endswith("ing"))
    if plural or uncounted or "," in label or words[0].lower() in ("a", "an", "the", "each"):
        return label[0].upper() + label[1:]
    return f"{'An' if name[0].lower() in 'aeiou' else 'A'} {name}"
