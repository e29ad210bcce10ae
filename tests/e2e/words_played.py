"""How many words of a sentence were played, told by listening to the rest of it.

Nothing here knows how the product times words: a recogniser hears what was *not* played, and what
it makes of that is laid along the end of the sentence. (Of a beginning that breaks off it makes a
plausible whole, and hears words that are not there.)
"""

import re
from difflib import SequenceMatcher
from statistics import median

import numpy as np

from agent.spoken import spoken
from core import ulaw
from pipelines.speech_to_text.moonshine import Moonshine
from tests.e2e.tape_reading import Speech

_CUTS = (-400, 0, 400)  # samples: of a stump at the cut a recogniser may make a word, or none
_ROOM = np.zeros(1600, np.int16)
_LEAST = 1200  # samples: less than this is no word


def words_played(speech: Speech, played: int, recogniser: Moonshine) -> int:
    """How many words of the agent's turn lie in the first ``played`` samples of its speech."""
    words = 0
    for sentence in speech.sentences:
        if played < sentence.end:
            rest = [
                _words_at_end(sentence.text, speech.ulaw[played + cut : sentence.end], recogniser)
                for cut in _CUTS
                if played > sentence.start
            ]
            return words + len(sentence.text.split()) - round(median(rest)) if rest else words
        words += len(sentence.text.split())
    return words


def _words_at_end(text: str, audio: bytes, recogniser: Moonshine) -> int:
    """How many written words of the end of ``text`` the audio holds."""
    if len(audio) < _LEAST:
        return 0
    heard = recogniser.transcribe(np.concatenate((_ROOM, ulaw.decode(audio)))).text
    reach = _reach(_words(heard)[::-1], _words(text)[::-1])
    words = text.split()
    # "$120" is four words when it is said.
    said = [len(_words(" ".join(words[len(words) - n :]))) for n in range(len(words) + 1)]
    return min(range(len(said)), key=lambda count: (abs(said[count] - reach), count))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", spoken(text).lower().replace("-", " "))


def _reach(heard: list[str], said: list[str]) -> int:
    """How far along ``said`` its beginning that is most like ``heard`` reaches."""
    costs = [float(count) for count in range(len(said) + 1)]
    for row, word in enumerate(heard, start=1):
        before, costs = costs, [float(row)]
        for column, other in enumerate(said, start=1):
            differs = 1 - SequenceMatcher(None, word, other).ratio()
            cost = min(before[column - 1] + differs, before[column] + 1, costs[-1] + 1)
            costs.append(cost)
    return min(range(len(costs)), key=lambda column: (costs[column], column))
