"""Backchannels: the sounds of a listener, which take no turn."""

import re
from enum import StrEnum

_WORDS = frozenset(
    "ah aha ahem alright cool er erm great hm hmm hmmm huh i m mhm mhmm mm mmhm mmhmm mmm nice "
    "oh ok okay right see sure uh uhhuh uhuh um umhum umm yeah yep yes yup".split()
)
_MAX_WORDS = 4
# Alone "i" and "see" (of "I see") begin a sentence; "the" and "you" are what a recogniser makes of
# a grunt or a crying child, often with confidence.
_NOT_ALONE = frozenset({"i", "see", "the", "you"})


class SoundKind(StrEnum):
    """What a sound made over the agent's speech is."""

    NOISE = "noise"
    BACKCHANNEL = "backchannel"
    WORDS = "words"


def classify(text: str, confidence: float | None, min_confidence: float) -> SoundKind:
    """Tell a turn from a listener's "mm-hm" and from a cough.

    Args:
        text: What the recogniser made of the sound.
        confidence: Its mean token probability, or None where the recogniser gives none.
        min_confidence: Below this the text is an artefact of noise; backchannels, which
            recognisers spell with little confidence, are exempt.
    """
    words = [w.replace("-", "").replace("'", "") for w in re.findall(r"[a-z'\-]+", text.lower())]
    words = [w for w in words if w]
    if not words:
        return SoundKind.NOISE if not re.search(r"\d", text) else SoundKind.WORDS
    if len(words) == 1 and words[0] in _NOT_ALONE:
        return SoundKind.NOISE
    if len(words) <= _MAX_WORDS and all(w in _WORDS for w in words):
        return SoundKind.BACKCHANNEL
    if confidence is not None and confidence < min_confidence:
        return SoundKind.NOISE
    return SoundKind.WORDS
