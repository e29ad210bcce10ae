"""The example businesses are asked what people ask on the telephone."""

from typing import Any

import pytest
import yaml

from tests.businesses import EXAMPLES, Caller

QUESTIONS = EXAMPLES.parent / "tests" / "data"
BUSINESSES = ("front_desk", "harbor_inn")
# Longer answers are right only where a whole procedure was asked for.
PROCEDURE_WORDS, SHORT_WORDS = 110, 36
PROCEDURES = ("what should i do", "what do i do")


def _covered() -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name}: {case['ask']}")
        for name in BUSINESSES
        for case in _table(name)["covered"]
    ]


def _refused() -> list[Any]:
    return [
        pytest.param(name, question, id=f"{name}: {question}")
        for name in BUSINESSES
        for question in _table(name)["refused"]
    ]


def _table(name: str) -> Any:
    return yaml.safe_load((QUESTIONS / f"{name}_questions.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "case"), _covered())
async def test_a_covered_question_gets_the_sentence_that_answers_it(
    name: str, case: dict[str, Any]
) -> None:
    caller = Caller(name)

    answer = await caller.say(case["ask"])

    assert caller.retrieved is not None
    assert caller.retrieved.retrieval.covered, answer
    for needed in case.get("all", ()):
        assert needed.lower() in answer.lower()
    assert any(some.lower() in answer.lower() for some in case.get("any", [""]))
    for wrong in case.get("none", ()):
        assert wrong.lower() not in answer.lower()
    procedure = any(phrase in case["ask"].lower() for phrase in PROCEDURES)
    assert len(answer.split()) <= (PROCEDURE_WORDS if procedure else SHORT_WORDS)


@pytest.mark.parametrize(("name", "question"), _refused())
async def test_what_the_documents_do_not_hold_is_refused_with_an_offer(
    name: str, question: str
) -> None:
    caller = Caller(name)
    phrases = caller.agent.definition.phrases

    answer = await caller.say(question)

    assert caller.retrieved is not None
    assert not caller.retrieved.retrieval.covered
    assert answer == f"{phrases.not_covered} {phrases.offer_message}"


async def test_every_answer_is_made_of_sentences_of_the_documents() -> None:
    for name in BUSINESSES:
        for case in _table(name)["covered"]:
            caller = Caller(name)
            answer = await caller.say(case["ask"])
            assert caller.retrieved is not None
            written = {
                sentence.text
                for passage in caller.retrieved.retrieval.passages
                for sentence in passage.sentences
            }
            left = answer
            for sentence in sorted(written, key=len, reverse=True):
                left = left.replace(sentence, "")
            assert left.strip() == "", f"{case['ask']}: {left}"
