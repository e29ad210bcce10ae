import numpy as np
import pytest

from storage.database import Database
from storage.passages import DIMENSIONS, Embedding, NewPassage, PassageRepository


def direction(*weights: float) -> Embedding:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    vector[: len(weights)] = weights
    return vector / np.float32(np.linalg.norm(vector))


def passage(text: str, embedding: Embedding) -> NewPassage:
    return NewPassage("Hours", text, (text, "And so on."), embedding)


@pytest.fixture
def passages(database: Database) -> PassageRepository:
    return PassageRepository(database)


async def test_passages_come_back_as_they_were(passages: PassageRepository) -> None:
    await passages.replace("desk", "hours.md", "h1", [passage("We open at nine.", direction(1, 2))])
    (stored,) = await passages.all("desk")
    assert (stored.document, stored.position, stored.heading) == ("hours.md", 0, "Hours")
    assert stored.sentences == ("We open at nine.", "And so on.")
    assert stored.embedding.dtype == np.float32
    assert (stored.embedding == direction(1, 2)).all()


async def test_a_new_content_takes_the_place_of_the_old(passages: PassageRepository) -> None:
    await passages.replace("desk", "hours.md", "h1", [passage(t, direction(1)) for t in "ab"])
    before = await passages.all("desk")
    await passages.replace("desk", "hours.md", "h1", [passage(t, direction(1)) for t in "ab"])
    assert [p.passage_id for p in await passages.all("desk")] == [p.passage_id for p in before]
    await passages.replace("desk", "hours.md", "h2", [passage("c", direction(1))])
    assert [p.text for p in await passages.all("desk")] == ["c"]
    assert await passages.documents("desk") == {"hours.md": "h2"}


async def test_documents_that_are_gone_take_their_passages_along(
    passages: PassageRepository,
) -> None:
    for document in ("a.md", "b.md"):
        await passages.replace("desk", document, "h", [passage(document, direction(1))])
    await passages.replace("garage", "b.md", "h", [passage("other", direction(1))])
    assert await passages.keep_only("desk", {"a.md"}) == ["b.md"]
    assert [p.text for p in await passages.all("desk")] == ["a.md"]
    assert await passages.count("garage") == 1


async def test_the_nearest_come_first_with_their_similarity(passages: PassageRepository) -> None:
    await passages.replace(
        "desk",
        "hours.md",
        "h",
        [
            passage("far", direction(0, 1)),
            passage("near", direction(1, 0.1)),
            passage("here", direction(1)),
        ],
    )
    found = await passages.search("desk", direction(1), 2)
    assert [p.text for p, _ in found] == ["here", "near"]
    assert found[0][1] == pytest.approx(1.0, abs=1e-6)
    assert found[1][1] == pytest.approx(1 / np.hypot(1, 0.1), abs=1e-6)


async def test_other_agents_passages_never_crowd_an_agent_out(passages: PassageRepository) -> None:
    many = [passage(f"p{n}", direction(1, n / 1000)) for n in range(300)]
    await passages.replace("garage", "a.md", "h", many)
    await passages.replace("desk", "a.md", "h", [passage("mine", direction(0.1, 0, 1))])
    assert [p.text for p, _ in await passages.search("desk", direction(1), 4)] == ["mine"]
