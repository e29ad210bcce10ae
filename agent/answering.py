"""One turn in, a stream of things to say and do out: the call and the API both use it."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
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
from core.errors import CallsureError
from knowledge.passages import Retrieval
from knowledge.retriever import Retriever

__all__ = ["AgentService", "Answered", "Do", "Retrieved", "Say", "Step", "UserTurn"]

# Under this confidence the recogniser invents words for noise.
_LEAST_CONFIDENCE = 0.55
_PREPARED = 8


@dataclass(frozen=True, slots=True)
class _Found:
    query: str
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
        self._lookups: OrderedDict[str, asyncio.Task[_Found]] = OrderedDict()

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
            found = await self._found(reading, conversation)
            covered = found.extract.covered
            yield Retrieved(replace(found.retrieval, covered=covered), found.query)
            ready = self._answer_from(found.extract)
        text = " ".join(ready.sentences)
        conversation.add_answer(turn.text, ready.intent, text)
        for sentence in ready.sentences:
            yield Say(sentence)
        for action in ready.actions:
            yield action
        yield Answered("embedded", ready.model, ready.intent, text)

    async def _found(self, reading: Reading, conversation: Conversation) -> _Found:
        found = await self._look_up(self._query(reading, conversation))
        if found.extract.covered or found.query == reading.question:
            return found
        # It was perhaps no follow-up after all: what was asked may stand by itself.
        alone = await self._look_up(self._query(reading, Conversation()))
        return alone if alone.extract.covered else found

    def _query(self, reading: Reading, conversation: Conversation) -> str:
        now = local_time(self._clock.now(), self.definition.timezone)
        return standalone(reading.question, conversation, now)

    async def _look_up(self, query: str) -> _Found:
        """Search once per question: the answer joins a search that was begun in advance."""
        key = normalise(query)
        if key not in self._lookups:
            self._lookups[key] = asyncio.create_task(self._search(query))
            while len(self._lookups) > _PREPARED:
                self._lookups.popitem(last=False)
        try:
            return await asyncio.shield(self._lookups[key])
        except CallsureError:
            self._lookups.pop(key, None)
            raise

    async def _search(self, query: str) -> _Found:
        retrieval = await self._retriever.retrieve(query, self.definition.knowledge.passages)
        return _Found(query, retrieval, await self._model.answer(query, retrieval))

    def _answer_from(self, extract: embedded.Extract) -> Reply:
        if extract.covered:
            return Reply("answer", extract.sentences, model=embedded.NAME)
        phrases = self.definition.phrases
        refusal = (phrases.not_covered, phrases.offer_message)
        return Reply(Asked.OFFER, refusal, model=embedded.NAME)
