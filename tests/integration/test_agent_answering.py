import asyncio

import pytest

from agent.answering import AgentService, Answered, Retrieved, Say, UserTurn
from agent.conversation import Conversation
from core.clock import ManualClock
from core.errors import ProviderError
from knowledge.passages import Retrieval
from knowledge.retriever import Retriever
from tests.businesses import Caller, definition_of, embedder, index_of, service_of


class CountingRetriever(Retriever):
    """Counts the searches; fails while told to."""

    def __init__(self) -> None:
        super().__init__(embedder(), index_of("front_desk"), ManualClock())
        self.searched: list[str] = []
        self.failing = False

    async def retrieve(self, query: str, k: int = 4) -> Retrieval:
        self.searched.append(query)
        if self.failing:
            raise ProviderError("embed_failed", "no", retryable=True)
        return await super().retrieve(query, k)


def counted() -> tuple[CountingRetriever, AgentService]:
    retriever = CountingRetriever()
    return retriever, AgentService(definition_of("front_desk"), retriever, ManualClock())


async def answer(service: AgentService, text: str) -> str:
    steps = [step async for step in service.answer(UserTurn(1, text), Conversation())]
    return " ".join(step.text for step in steps if isinstance(step, Say))


async def test_the_steps_come_in_order() -> None:
    service = service_of("front_desk")

    turn = UserTurn(1, "How much is a crown?")
    steps = [step async for step in service.answer(turn, Conversation())]

    assert [type(step) for step in steps] == [Retrieved, Say, Answered]
    assert steps[-1] == Answered("embedded", "extractive", "answer", "A crown is $1,150.")


async def test_what_was_prepared_is_not_searched_again() -> None:
    retriever, service = counted()

    await service.prepare("how much is a crown")
    said = await answer(service, "How much is a crown?")

    assert said == "A crown is $1,150."
    assert retriever.searched == ["how much is a crown"]


async def test_an_answer_joins_a_search_that_is_under_way() -> None:
    retriever, service = counted()

    early = asyncio.create_task(service.prepare("how much is a crown"))
    await asyncio.sleep(0)
    said = await answer(service, "How much is a crown?")
    await early

    assert said == "A crown is $1,150."
    assert len(retriever.searched) == 1


async def test_a_preparation_that_is_cancelled_spoils_no_answer() -> None:
    retriever, service = counted()

    early = asyncio.create_task(service.prepare("how much is a crown"))
    await asyncio.sleep(0)
    early.cancel()

    assert await answer(service, "How much is a crown?") == "A crown is $1,150."
    assert len(retriever.searched) == 1


async def test_a_failed_search_is_tried_again() -> None:
    retriever, service = counted()
    retriever.failing = True
    with pytest.raises(ProviderError):
        await answer(service, "How much is a crown?")
    retriever.failing = False

    assert await answer(service, "How much is a crown?") == "A crown is $1,150."


async def test_courtesies_are_not_searched_for() -> None:
    retriever, service = counted()

    await service.prepare("Thank you, goodbye.")

    assert "Goodbye" in await answer(service, "Thank you, goodbye.")
    assert retriever.searched == []


async def test_what_was_hardly_heard_is_asked_for_again() -> None:
    caller = Caller("front_desk")

    said = await caller.say("You", confidence=0.4)

    assert said == caller.agent.definition.phrases.repeat


async def test_follow_up_questions_are_understood() -> None:
    caller = Caller("front_desk")

    assert "9:00 am" in await caller.say("What time do you open on Saturday?")
    assert "closed" in await caller.say("And on Sunday?")
    assert "$1,150" in await caller.say("How much is a crown?")
    assert "two visits" in await caller.say("How long does it take?")
    assert "$800" in await caller.say("And a root canal?")
    assert "free parking" in await caller.say("What about parking?")


async def test_a_conversation_taken_over_goes_on_with_the_message() -> None:
    first, second = Caller("front_desk"), Caller("front_desk")
    for text in ("Do you sell gift cards?", "Yes, please.", "Ann Lee."):
        await first.say(text)
    for exchange in first.conversation.exchanges:
        second.conversation.add_answer(exchange.caller, exchange.intent, exchange.answer)

    await second.say("503 555 0142")
    await second.say("Yes.")

    assert [done.arguments["name"] for done in second.done] == ["Ann Lee"]


async def test_the_loop_is_never_held_up() -> None:
    service = service_of("front_desk")
    await answer(service, "Is parking free?")
    loop = asyncio.get_running_loop()
    lags: list[float] = []

    async def tick() -> None:
        while True:
            before = loop.time()
            await asyncio.sleep(0.001)
            lags.append(loop.time() - before - 0.001)

    ticking = asyncio.create_task(tick())
    for text in ("How much is botox?", "What should I do after having a tooth pulled?"):
        await answer(service, text)
    ticking.cancel()

    assert sorted(lags)[len(lags) // 2] < 0.02
