"""The turns that need no documents: courtesies, repeating, goodbye, and taking a message."""

from dataclasses import dataclass

from agent import messages
from agent.conversation import Conversation
from agent.definition import AgentDefinition
from agent.intents import Intent, Reading
from agent.messages import Asked
from agent.steps import Do

_ASK_NAME = "May I have your name, please?"
_ASK_TEXT = "Of course. What would you like me to pass on?"
_ANYTHING_ELSE = "anything_else"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is known as a whole."""

    intent: str
    sentences: tuple[str, ...]
    actions: tuple[Do, ...] = ()
    model: str = "rules"


def reply(
    definition: AgentDefinition, reading: Reading, text: str, conversation: Conversation
) -> Reply | None:
    """Answer by rule, or return None where the documents have to answer."""
    asked = conversation.last_intent
    if asked in set(Asked) and messages.is_reply(asked, reading, text):
        return _go_on(definition, asked, reading, text, conversation)
    return _by_intent(definition, reading, asked, conversation)


def _by_intent(
    definition: AgentDefinition, reading: Reading, asked: str, conversation: Conversation
) -> Reply | None:
    phrases = definition.phrases
    match reading.intent:
        case Intent.QUESTION:
            return None
        case Intent.GOODBYE:
            return _goodbye(definition)
        case Intent.NEGATIVE if asked == _ANYTHING_ELSE:
            return _goodbye(definition)
        case Intent.MESSAGE | Intent.PERSON | Intent.BOOKING:
            return _start_message(reading)
        case Intent.REPEAT:
            return Reply(asked or "repeat", (_last_said(definition, conversation),))
        case Intent.IDENTITY:
            who = f"I'm the automated assistant at {definition.name}."
            return Reply("identity", (who, "I can answer questions or take a message for you."))
        case Intent.NOTHING:
            return Reply(asked or "unclear", (phrases.repeat,))
    return _courtesy(definition, reading.intent, asked)


def _courtesy(definition: AgentDefinition, intent: Intent, asked: str) -> Reply:
    anything_else = definition.phrases.anything_else
    match intent:
        case Intent.THANKS:
            return Reply(_ANYTHING_ELSE, ("You're welcome.", anything_else))
        case Intent.NEGATIVE | Intent.CANCEL:
            return Reply(_ANYTHING_ELSE, ("No problem.", anything_else))
        case Intent.WAIT:
            return Reply(asked or "wait", ("Sure, take your time.",))
        case _:
            return Reply("greeting", ("How can I help you?",))


def _start_message(reading: Reading) -> Reply:
    if reading.intent is Intent.BOOKING:
        callback = "I can take your name and number, and we'll call you back to book a time."
        return Reply(Asked.NAME, (callback, _ASK_NAME))
    if reading.question:
        return Reply(Asked.NAME, ("I'll take a message and have someone call you back.", _ASK_NAME))
    if reading.intent is Intent.PERSON:
        start = "I'll take a message and have someone call you back."
        return Reply(Asked.TEXT, (start, "What is it about?"))
    return Reply(Asked.TEXT, (_ASK_TEXT,))


def _go_on(
    definition: AgentDefinition,
    asked: str,
    reading: Reading,
    text: str,
    conversation: Conversation,
) -> Reply:
    found = messages.draft(conversation.exchanges, text)
    if asked in (Asked.OFFER, Asked.TEXT):
        return Reply(Asked.NAME, ("Sure." if asked == Asked.OFFER else "Thank you.", _ASK_NAME))
    if asked == Asked.NAME and not found.name:
        return Reply(Asked.NAME, ("Sorry, I didn't get your name.", "Could you repeat it?"))
    if asked == Asked.NAME:
        first_name = found.name.split()[0]
        return Reply(
            Asked.NUMBER, (f"Thanks, {first_name}.", "What's the best number to reach you on?")
        )
    if asked == Asked.CONFIRM and reading.intent is Intent.AFFIRMATIVE:
        done = ("Thank you, I've passed that on.", definition.phrases.anything_else)
        return Reply(_ANYTHING_ELSE, done, (Do("take_message", found.arguments()),))
    if asked == Asked.CONFIRM and not messages.spoken_number(text):
        return Reply(Asked.NUMBER, ("Let me take that again.", "What's the best number for you?"))
    number = messages.spoken_number(text) or found.number
    if not number:
        return Reply(
            Asked.NUMBER, ("Sorry, I didn't get the whole number.", "Could you repeat it?")
        )
    return Reply(Asked.CONFIRM, (f"I have {found.name} at {number}, is that right?",))


def _goodbye(definition: AgentDefinition) -> Reply:
    return Reply("goodbye", (definition.phrases.goodbye,), (Do("hang_up", {}),))


def _last_said(definition: AgentDefinition, conversation: Conversation) -> str:
    """The whole of the last answer, of which an interruption may have cut the end."""
    if conversation.exchanges:
        return conversation.exchanges[-1].answer
    return conversation.last_agent_text or definition.greeting
