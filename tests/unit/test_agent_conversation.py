from dataclasses import replace
from datetime import UTC, datetime

from agent.conversation import Conversation, Exchange, Utterance
from storage.events import AgentSpoke, Body, Event, Interrupted, ModelAnswered, TurnEnded

EVENT = Event("call_1", 1, 0, 1, datetime(2026, 1, 1, tzinfo=UTC), None, TurnEnded(0, "", 0, 0))


def events(*bodies: Body) -> list[Event]:
    return [replace(EVENT, seq=seq, body=body) for seq, body in enumerate(bodies)]


def test_a_new_conversation_is_empty() -> None:
    conversation = Conversation()

    assert (conversation.utterances, conversation.exchanges) == ((), ())
    assert (conversation.last_intent, conversation.last_agent_text) == ("", "")


def test_it_holds_what_was_heard_and_what_was_played() -> None:
    conversation = Conversation()
    conversation.add_agent("Hello, how can I")
    conversation.add_caller("When do you open?")
    conversation.add_answer("When do you open?", "answer", "At nine every day.")
    conversation.add_agent("At nine", interrupted=True)
    conversation.add_agent("", interrupted=True)

    assert conversation.utterances == (
        Utterance("agent", "Hello, how can I"),
        Utterance("caller", "When do you open?"),
        Utterance("agent", "At nine", interrupted=True),
        Utterance("agent", "", interrupted=True),
    )
    assert conversation.last_agent_text == "At nine"
    assert conversation.last_intent == "answer"


def test_it_is_rebuilt_from_the_log_of_a_call() -> None:
    conversation = Conversation.from_events(
        events(
            AgentSpoke(0, "Hello.", 0, 900, False),
            TurnEnded(1, "When do you open?", 1000, 2000),
            ModelAnswered(1, "embedded", "extractive", "answer", "At nine every day."),
            Interrupted(1, 2, "At nine"),
            AgentSpoke(1, "At nine", 2100, 2600, True),
            TurnEnded(2, "Bye.", 2500, 3000),
            ModelAnswered(2, "embedded", "rules", "goodbye", "Goodbye."),
        )
    )

    assert conversation.utterances == (
        Utterance("agent", "Hello."),
        Utterance("caller", "When do you open?"),
        Utterance("agent", "At nine", interrupted=True),
        Utterance("caller", "Bye."),
    )
    assert conversation.exchanges == (
        Exchange("When do you open?", "answer", "At nine every day."),
        Exchange("Bye.", "goodbye", "Goodbye."),
    )
