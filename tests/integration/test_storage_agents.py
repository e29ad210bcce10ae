import asyncio

import pytest

from core.errors import NotFoundError
from storage.agents import AgentRepository
from storage.database import Database


@pytest.fixture
def agents(database: Database) -> AgentRepository:
    return AgentRepository(database)


async def test_a_changed_definition_becomes_a_new_version(agents: AgentRepository) -> None:
    first = {"name": "Front desk", "voice": {"speed": 1.0}}
    assert await agents.apply("front_desk", first) == 1
    assert await agents.apply("front_desk", {"voice": {"speed": 1.0}, "name": "Front desk"}) == 1
    assert await agents.apply("front_desk", {**first, "name": "Reception"}) == 2
    assert (await agents.get("front_desk")).definition["name"] == "Reception"
    assert (await agents.get("front_desk", 1)).definition == first


async def test_going_back_is_a_version_too(agents: AgentRepository) -> None:
    for version, name in enumerate(["a", "b", "a"], start=1):
        assert await agents.apply("front_desk", {"name": name}) == version


async def test_owners_who_apply_at_once_get_versions_of_their_own(agents: AgentRepository) -> None:
    versions = await asyncio.gather(*(agents.apply("desk", {"n": n}) for n in range(5)))
    assert sorted(versions) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("version", [None, 7])
async def test_an_unknown_agent_is_not_found(agents: AgentRepository, version: int | None) -> None:
    await agents.apply("front_desk", {})
    with pytest.raises(NotFoundError) as caught:
        await agents.get("front_desk" if version else "nobody", version)
    assert caught.value.code == "agent_not_found"


async def test_each_number_has_one_agent(agents: AgentRepository) -> None:
    await agents.apply("front_desk", {})
    await agents.apply("garage", {})
    await agents.assign("+15550100100", "front_desk")
    await agents.assign("+15550100200", "front_desk")
    await agents.assign("+15550100100", "garage")
    assert await agents.numbers() == {"+15550100100": "garage", "+15550100200": "front_desk"}
    with pytest.raises(NotFoundError):
        await agents.assign("+15550100300", "nobody")


async def test_all_current_shows_each_agent_once(agents: AgentRepository) -> None:
    await agents.apply("garage", {"n": 1})
    await agents.apply("garage", {"n": 2})
    await agents.apply("front_desk", {"n": 1})
    found = [(agent.agent_id, agent.version) for agent in await agents.all_current()]
    assert found == [("front_desk", 1), ("garage", 2)]
