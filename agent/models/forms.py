"""Forms of sentences that tell what they can answer."""

import re
from typing import Final

# They help to find a sentence, but a question is not about them: their absence means nothing.
LIGHT: Final = frozenset(
    "bring leave stay arrive run running start stop put help visit wait drive walk eat feel "
    "price cost charge fee rate rates policy policies information details hours options "
    "dad mom mother father wife husband friend husband's wife's uses friends".split()
)
# A sentence that opens so needs the one before it.
LEANS: Final = re.compile(
    r"(?:It|They|He|She|This|That|These|Those|Then|There it|Both|Otherwise|If not|After that|"
    r"[A-Z]\w+ing (?:later|earlier|sooner) than that)\b"
)
CASE: Final = re.compile(r"(?:if|when|unless|in case|once)\b([^,;]+)[,;]", re.IGNORECASE)
ENUMERATION: Final = re.compile(
    r"\w(?:, (?:[\w'&-]+ ?){1,4})+,? (?:and|or) \w|: (?:[\w'&-]+ ?){1,4} (?:and|or) \w"
)
PERMISSION: Final = re.compile(
    r"\b(?:welcome|allow|permit|can|cannot|can't|may|okay|safe|free to)\b",
    re.IGNORECASE,
)
NO: Final = r"\b(?:no|without|not have|don't have)\b"
