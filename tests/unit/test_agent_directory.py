"""Who answers a number: its agent, or the only one there is."""

import pytest

from agent.definition import AgentDefinition
from agent.directory import AgentDirectory, KnownAgent
from core.clock import ManualClock
from core.errors import NotFoundError
from core.model_host import ModelHost
from knowledge.embeddings import Embedder
from knowledge.index import MemoryIndex
from knowledge.retriever import Retriever


def known(agent_id: str) -> KnownAgent:
    definition = AgentDefinition(id=agent_id, name=agent_id, greeting="Hello.")
    retriever = Retriever(Embedder(ModelHost({})), MemoryIndex([]), ManualClock())
    return KnownAgent(definition, 1, retriever)


@pytest.fixture
def directory() -> AgentDirectory:
    return AgentDirectory()


def test_a_number_belongs_to_its_agent(directory: AgentDirectory) -> None:
    directory.replace([known("desk"), known("garage")], {"+1555010": "garage", "+1555020": "desk"})

    assert directory.for_number("+1555010").id == "garage"
    assert directory.for_number("+1555020").id == "desk"
    assert [agent.id for agent in directory.all] == ["desk", "garage"]


def test_an_only_agent_answers_every_number(directory: AgentDirectory) -> None:
    directory.replace([known("desk")], {})

    assert directory.for_number("+1999").id == "desk"


@pytest.mark.parametrize("agents", [[], ["desk", "garage"]])
def test_a_number_that_nobody_answers_says_how_to_mend_it(
    directory: AgentDirectory, agents: list[str]
) -> None:
    directory.replace([known(name) for name in agents], {"+1555010": "gone"})

    with pytest.raises(NotFoundError, match="agents apply") as caught:
        directory.for_number("+1555010")

    assert caught.value.code == "number_unknown"


def test_replacing_forgets_who_was_there(directory: AgentDirectory) -> None:
    directory.replace([known("desk"), known("garage")], {"+1555010": "garage"})
    directory.replace([known("desk"), known("clinic")], {"+1555010": "clinic"})

    assert directory.get("garage") is None
    assert directory.for_number("+1555010").id == "clinic"
