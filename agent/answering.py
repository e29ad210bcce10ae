"""One turn in, a stream of things to say and do out: the call and the API both use it."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from agent.context import local_time, standalone
from agent.conversation import Conversation
from agent.definition import AgentDefinition
from agent.dialogue import Reply, reply
from agent.intents import Intent, Reading, normalise, read
from agent.messages import Asked
from agent.models import embedded
from agent.steps import Answered, Do, Retrieved, Say, Step, UserTurn
from core.clock import Clock
from knowledge.passages import Retrieval
from knowledge.retriever import Retriever

__all__ = ["AgentService", "Answered", "Do", "Retrieved", "Say", "Step", "UserTurn"]

# Under this confidence the recogniser invents words for noise.
_LEAST_CONFIDENCE = 0.55
_PREPARED = 8


@dataclass(frozen=True, slots=True)
class _Prepared:
    retrieval: Retrieval
    extract: embedded.Extract


class AgentService:
    """Answers the turns of a call for one version of an agent."""

    def __init__(self, definition: AgentDefinition, retriever: Retriever, clock: Clock) -> None:
        self.definition = definition
        self._retriever = retriever
        self._clock = clock
        self._model = embedded.ExtractiveModel(
            retriever.embedder,
            threshold=definition.knowledge.threshold,
            business=definition.name,
        )
        self._prepared: OrderedDict[str, _Prepared] = OrderedDict()

    async def prepare(self, interim_text: str, conversation: Conversation | None = None) -> None:
        """Look up what the caller seems to be asking, before the turn has ended.

        Args:
            interim_text: What was heard so far. Where the final text says the same, ``answer``
                uses this work; otherwise it was in vain and nothing is lost.
            conversation: What was said before, as it will be given to ``answer``.
        """
        reading = read(interim_text)
        if reading.intent is Intent.QUESTION:
            await self._look_up(self._query(reading, conversation or Conversation()))

    async def answer(self, turn: UserTurn, conversation: Conversation) -> AsyncIterator[Step]:
        """Answer a turn; ``conversation`` holds what was said before it.

        The conversation learns the answer's intent, so that the next turn can refer to it.
        """
        reading = read(turn.text)
        if turn.confidence is not None and turn.confidence < _LEAST_CONFIDENCE:
            reading = Reading(Intent.NOTHING, "")
        ready = reply(self.definition, reading, turn.text, conversation)
        if ready is None:
            query = self._query(reading, conversation)
            found = await self._look_up(query)
            yield Retrieved(replace(found.retrieval, covered=found.extract.covered), query)
            ready = self._answer_from(found.extract)
        text = " ".join(ready.sentences)
        conversation.add_answer(turn.text, ready.intent, text)
        for sentence in ready.sentences:
            yield Say(sentence)
        for action in ready.actions:
            yield action
        yield Answered("embedded", ready.model, ready.intent, text)

    def _query(self, reading: Reading, conversation: Conversation) -> str:
        now = local_time(self._clock.now(), self.definition.timezone)
        return standalone(reading.question, conversation, now)

    async def _look_up(self, query: str) -> _Prepared:
        key = normalise(query)
        if key not in self._prepared:
            retrieval = await self._retriever.retrieve(query, self.definition.knowledge.passages)
            extract = await self._model.answer(query, retrieval)
            self._prepared[key] = _Prepared(retrieval, extract)
            while len(self._prepared) > _PREPARED:
                self._prepared.popitem(last=False)
        return self._prepared[key]

    def _answer_from(self, extract: embedded.Extract) -> Reply:
        if extract.covered:
            return Reply("answer", extract.sentences, model=embedded.NAME)
        phrases = self.definition.phrases
        sentences: Sequence[str] = (phrases.not_covered, phrases.offer_message)
        return Reply(Asked.OFFER, tuple(sentences), model=embedded.NAME)
