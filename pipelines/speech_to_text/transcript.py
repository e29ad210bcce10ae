"""What a recogniser made of an utterance."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transcript:
    """Text with the mean probability of its tokens, 0 … 1."""

    text: str
    confidence: float
