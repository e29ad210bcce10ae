"""From the owner's folder through the database into memory, and only what changed each time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.directory import AgentDirectory
from core.clock import SystemClock
from core.errors import ConfigurationError, NotFoundError
from core.model_host import ModelHost
from knowledge.embeddings import Embedder
from server.agents import AgentStore
from storage.agents import AgentRepository
from storage.database import Database
from storage.passages import PassageRepository

AGENT = """
id: bakery
name: Corner Bakery
greeting: Corner Bakery, hello!
numbers: ["+15550100300"]
"""


@pytest.fixture(scope="module")
def host() -> Iterator[ModelHost]:
    host = ModelHost()
    yield host
    host.close()


@pytest.fixture
def store(database: Database, host: ModelHost) -> AgentStore:
    repositories = AgentRepository(database), PassageRepository(database)
    return AgentStore(*repositories, host, Embedder(host), SystemClock())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agent.yaml").write_text(AGENT)
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "hours.md").write_text("# Hours\n\nWe open at seven every day but Monday.\n")
    (documents / "bread.md").write_text("# Bread\n\nOur rye loaf costs six dollars.\n")
    return tmp_path


async def test_an_applied_agent_answers_its_number_from_its_documents(
    store: AgentStore, folder: Path
) -> None:
    directory = AgentDirectory()
    assert await store.is_empty()

    applied = await store.apply(folder)
    await store.load(directory)

    assert (applied.agent_id, applied.version, applied.ingested) == ("bakery", 1, 2)
    assert not await store.is_empty()
    agent = directory.for_number("+15550100300")
    found = await agent.retriever.retrieve("When do you open?", 1)
    assert found.covered
    assert found.passages[0].document == "hours.md"


async def test_applying_again_ingests_only_what_changed(store: AgentStore, folder: Path) -> None:
    await store.apply(folder)
    (folder / "documents" / "hours.md").write_text("# Hours\n\nWe open at eight.\n")
    (folder / "documents" / "bread.md").unlink()
    seen: list[tuple[str, int, int]] = []

    again = await store.apply(folder, lambda *progress: seen.append(progress))

    assert (again.version, again.ingested, again.removed) == (1, 1, ("bread.md",))
    assert seen == [("hours.md", 1, 1)]
    assert (await store.apply(folder)).ingested == 0


async def test_loading_again_keeps_what_is_the_same_and_takes_up_the_rest(
    store: AgentStore, folder: Path
) -> None:
    directory = AgentDirectory()
    await store.apply(folder)
    await store.load(directory)
    first = directory.get("bakery")

    await store.load(directory)
    assert directory.get("bakery") is first

    (folder / "agent.yaml").write_text(AGENT.replace("hello", "good morning"))
    await store.apply(folder)
    await store.load(directory)
    second = directory.get("bakery")
    assert second is not None
    assert (second.version, second.definition.greeting) == (2, "Corner Bakery, good morning!")


async def test_an_agent_that_this_version_cannot_read_does_not_take_the_others_down(
    store: AgentStore, folder: Path, database: Database
) -> None:
    await store.apply(folder)
    await AgentRepository(database).apply("future", {"id": "future", "telepathy": True})
    directory = AgentDirectory()

    await store.load(directory)

    assert [agent.id for agent in directory.all] == ["bakery"]


async def test_a_missing_folder_or_agent_is_named(store: AgentStore, folder: Path) -> None:
    with pytest.raises(NotFoundError) as unknown:
        await store.ingest("nobody", folder / "documents")
    with pytest.raises(ConfigurationError) as missing:
        await store.ingest("nobody", folder / "nothing")

    assert unknown.value.code == "agent_not_found"
    assert missing.value.code == "documents_missing"


async def test_beyond_the_bound_passages_are_searched_in_the_database(
    database: Database, host: ModelHost, folder: Path
) -> None:
    repositories = AgentRepository(database), PassageRepository(database)
    store = AgentStore(*repositories, host, Embedder(host), SystemClock(), memory_passages=1)
    await store.apply(folder)
    directory = AgentDirectory()
    await store.load(directory)
    retriever = directory.for_number("+15550100300").retriever

    for question, document in (("When do you open?", "hours.md"), ("How much is rye?", "bread.md")):
        found = await retriever.retrieve(question, 1)
        assert found.covered
        assert found.passages[0].document == document

    await database.close()
    in_memory = await retriever.retrieve("How much is rye?", 1)
    assert in_memory.passages[0].document == "bread.md"


async def test_the_database_finds_what_memory_finds(
    database: Database, host: ModelHost, folder: Path
) -> None:
    repositories = AgentRepository(database), PassageRepository(database)
    found = []
    for bound in (100, 0):
        store = AgentStore(*repositories, host, Embedder(host), SystemClock(), bound)
        await store.apply(folder)
        directory = AgentDirectory()
        await store.load(directory)
        retrieval = await directory.all[0].retriever.retrieve("What does the rye loaf cost?", 1)
        found.append([(p.id, round(p.score, 4), p.sentences) for p in retrieval.passages[:1]])
    assert found[0] == found[1]
