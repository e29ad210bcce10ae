"""Written text to the words that a person would say."""

from agent.spoken.text import spoken, spoken_by_word

__all__ = ["spoken", "spoken_by_word"]
