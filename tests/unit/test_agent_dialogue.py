import pytest

from agent.conversation import Conversation
from agent.definition import AgentDefinition
from agent.dialogue import Reply, reply
from agent.intents import read
from agent.steps import Do

DEFINITION = AgentDefinition(id="shop", name="The Shop", greeting="Welcome to The Shop.")
PHRASES = DEFINITION.phrases


class Talk:
    """A conversation of rules alone."""

    def __init__(self, *exchanges: tuple[str, str, str]) -> None:
        self.conversation = Conversation()
        for exchange in exchanges:
            self.conversation.add_answer(*exchange)

    def say(self, text: str) -> Reply:
        answer = reply(DEFINITION, read(text), text, self.conversation)
        assert answer is not None
        self.conversation.add_answer(text, answer.intent, " ".join(answer.sentences))
        return answer


REFUSED = ("Do you sell gift cards?", "not_covered", "I don't know.")


def test_a_question_is_left_to_the_documents() -> None:
    text = "When do you open?"

    assert reply(DEFINITION, read(text), text, Conversation()) is None


def test_goodbye_is_answered_and_then_hung_up() -> None:
    answer = Talk().say("Thanks, goodbye.")

    assert answer == Reply("goodbye", (PHRASES.goodbye,), (Do("hang_up", {}),))


def test_nothing_else_ends_the_call() -> None:
    talk = Talk()

    assert talk.say("Thank you.").intent == "anything_else"
    assert talk.say("No.").actions == (Do("hang_up", {}),)


def test_no_to_an_offer_does_not_end_the_call() -> None:
    assert Talk(REFUSED).say("No, thank you.").sentences == ("No problem.", PHRASES.anything_else)


def test_a_message_about_a_refused_question_is_taken() -> None:
    talk = Talk(REFUSED)

    assert talk.say("Yes, please.").sentences[1] == "May I have your name, please?"
    assert talk.say("My name is ann lee.").sentences[0] == "Thanks, Ann."
    assert talk.say("503 555").intent == "message_number"
    assert "Ann Lee at 503-555-0142" in talk.say("503 555 0142").sentences[0]
    answer = talk.say("Yes.")

    sent = {"name": "Ann Lee", "number": "503-555-0142", "text": "Do you sell gift cards?"}
    assert answer.actions == (Do("take_message", sent),)


def test_a_wrong_number_is_taken_again() -> None:
    talk = Talk(REFUSED)
    for text in ("Yes.", "Ann", "503 555 0142"):
        talk.say(text)

    assert talk.say("No.").intent == "message_number"
    assert "503-555-0143" in talk.say("503 555 0143").sentences[0]


def test_a_correction_in_place_of_a_yes_is_confirmed_again() -> None:
    talk = Talk(REFUSED)
    for text in ("Yes.", "Ann", "503 555 0142"):
        talk.say(text)

    answer = talk.say("No, it's 503 555 0199.")

    assert (answer.intent, answer.actions) == ("message_confirm", ())
    assert "503-555-0199" in answer.sentences[0]


def test_a_name_that_was_not_heard_is_asked_for_again() -> None:
    assert Talk(REFUSED, ("Yes.", "message_name", "Name?")).say("My name is").intent == (
        "message_name"
    )


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Can I talk to a person?", "message_text"),
        ("I want to speak to someone about my bill.", "message_name"),
        ("Can I leave a message?", "message_text"),
        ("I'd like to book an appointment.", "message_name"),
    ],
)
def test_who_wants_a_person_leaves_a_message(text: str, intent: str) -> None:
    assert Talk().say(text).intent == intent


def test_what_a_person_is_wanted_for_is_in_the_message() -> None:
    talk = Talk()
    for text in ("I want to speak to someone about my bill.", "Ann", "503 555 0142"):
        talk.say(text)

    (action,) = talk.say("Yes.").actions

    assert action.arguments["text"] == "I want to speak to someone about my bill."


def test_the_whole_of_a_cut_answer_is_repeated_and_the_dialogue_goes_on() -> None:
    talk = Talk(("Hours?", "answer", "We open at nine every day."))
    talk.conversation.add_agent("We open", interrupted=True)

    answer = talk.say("Sorry?")

    assert (answer.intent, answer.sentences) == ("answer", ("We open at nine every day.",))


def test_before_the_first_answer_the_greeting_is_repeated() -> None:
    assert Talk().say("Pardon?").sentences == (DEFINITION.greeting,)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Hello?", "How can I help"),
        ("Are you a robot?", "automated assistant at The Shop"),
        ("Hold on a second.", "take your time"),
        ("", PHRASES.repeat),
    ],
)
def test_courtesies_are_returned(text: str, part: str) -> None:
    assert part in " ".join(Talk().say(text).sentences)
