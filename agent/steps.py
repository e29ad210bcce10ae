"""What an answer consists of: a stream of these, in the order in which they take effect."""

from dataclasses import dataclass

from knowledge.passages import Retrieval


@dataclass(frozen=True, slots=True)
class UserTurn:
    """A finished turn of the caller."""

    number: int
    text: str
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What the documents hold; ``retrieval.covered`` says whether they answer the question."""

    retrieval: Retrieval
    query: str


@dataclass(frozen=True, slots=True)
class Say:
    """One sentence to speak, as it is written in the transcript."""

    text: str


@dataclass(frozen=True, slots=True)
class Do:
    """An effect outside the conversation: ``take_message`` or ``hang_up``.

    ``hang_up`` takes effect once everything said before it was played.
    """

    tool: str
    arguments: dict[str, str]


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is complete."""

    provider: str
    model: str
    intent: str
    text: str


Step = Retrieved | Say | Do | Answered
