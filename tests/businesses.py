"""The example businesses, ready to answer: each is embedded once for all tests that ask it."""

from functools import cache
from pathlib import Path

from agent.answering import AgentService, Answered, Do, Retrieved, Say, UserTurn
from agent.conversation import Conversation
from agent.definition import AgentDefinition, load_definition
from core.clock import Clock, ManualClock
from core.model_host import ModelHost
from knowledge.embeddings import Embedder
from knowledge.index import MemoryIndex
from knowledge.ingest import load_folder
from knowledge.retriever import Retriever

EXAMPLES = Path(__file__).parent.parent / "examples"


@cache
def embedder() -> Embedder:
    """The encoder, shared by the whole session."""
    return Embedder(ModelHost())


@cache
def index_of(name: str) -> MemoryIndex:
    """The passages of an example business."""
    return MemoryIndex(load_folder(EXAMPLES / name / "documents", embedder().embed_now))


def definition_of(name: str) -> AgentDefinition:
    """The definition of an example business."""
    return load_definition(EXAMPLES / name)


def service_of(name: str, clock: Clock | None = None) -> AgentService:
    """An agent of an example business."""
    clock = clock or ManualClock()
    return AgentService(definition_of(name), Retriever(embedder(), index_of(name), clock), clock)


class Caller:
    """Talks to an agent as a call does, and remembers the latest answer's steps."""

    def __init__(self, name: str, clock: Clock | None = None) -> None:
        self.agent = service_of(name, clock)
        self.conversation = Conversation()
        self.retrieved: Retrieved | None = None
        self.answered: Answered | None = None
        self.done: list[Do] = []

    async def say(self, text: str, confidence: float | None = None) -> str:
        """Say a turn and return what the agent answers."""
        self.retrieved, self.answered, self.done = None, None, []
        said: list[str] = []
        turn = UserTurn(len(self.conversation.exchanges) + 1, text, confidence)
        async for step in self.agent.answer(turn, self.conversation):
            match step:
                case Retrieved():
                    self.retrieved = step
                case Say(sentence):
                    said.append(sentence)
                case Do():
                    self.done.append(step)
                case Answered():
                    self.answered = step
        self.conversation.add_caller(text)
        self.conversation.add_agent(" ".join(said))
        return " ".join(said)
