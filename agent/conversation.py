"""What was really heard and said so far in a call."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from storage.events import AgentSpoke, Event, ModelAnswered, TurnEnded


@dataclass(frozen=True, slots=True)
class Utterance:
    """One side's contribution; the agent's ends at the last word that reached the caller."""

    who: Literal["caller", "agent"]
    text: str
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """A caller's turn and what the agent made of it; the fold of these is a dialogue's state."""

    caller: str
    intent: str
    answer: str


class Conversation:
    """The call as both sides experienced it."""

    def __init__(self) -> None:
        self._utterances: list[Utterance] = []
        self._exchanges: list[Exchange] = []

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """What was heard and said, in order."""
        return tuple(self._utterances)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The turns that the agent answered, in order, with the intent of each answer."""
        return tuple(self._exchanges)

    @property
    def last_intent(self) -> str:
        """What the agent's latest answer was about; empty before the first."""
        return self._exchanges[-1].intent if self._exchanges else ""

    @property
    def last_agent_text(self) -> str:
        """What the agent said last, as far as it was heard."""
        spoken = [entry.text for entry in self._utterances if entry.who == "agent" and entry.text]
        return spoken[-1] if spoken else ""

    @property
    def unanswered(self) -> str:
        """What the caller has said since the agent was last heard: a turn cut in two is whole."""
        said: list[str] = []
        for entry in reversed(self._utterances):
            if entry.who == "agent":
                break
            said.append(entry.text)
        return " ".join(reversed(said))

    def add_caller(self, text: str) -> None:
        """The caller finished a turn."""
        self._utterances.append(Utterance("caller", text))

    def add_agent(self, text: str, interrupted: bool = False) -> None:
        """The agent's turn ended; ``text`` is what was played of it."""
        self._utterances.append(Utterance("agent", text, interrupted))

    def add_answer(self, caller: str, intent: str, answer: str) -> None:
        """The agent decided on an answer, whether or not it was then played to the end."""
        self._exchanges.append(Exchange(caller, intent, answer))

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> Self:
        """Rebuild the conversation of a call from its log, for a worker that takes it over."""
        conversation = cls()
        heard: dict[int, str] = {}
        for event in events:
            match event.body:
                case TurnEnded(turn=turn, text=text):
                    heard[turn] = text
                    conversation.add_caller(text)
                case ModelAnswered(turn=turn, intent=intent, text=text):
                    conversation.add_answer(heard.get(turn, ""), intent, text)
                case AgentSpoke(text=text, interrupted=interrupted):
                    conversation.add_agent(text, interrupted)
        return conversation
