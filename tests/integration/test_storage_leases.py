import asyncio

import pytest

from storage.database import Database
from storage.leases import Leases


@pytest.fixture
def leases(database: Database) -> Leases:
    return Leases(database)


async def test_one_of_many_wins(leases: Leases) -> None:
    won = await asyncio.gather(*(leases.acquire("call_1", f"w{n}", 30) for n in range(8)))
    assert sorted(won, key=str) == [1, *[None] * 7]


async def test_each_win_is_a_later_leg(leases: Leases) -> None:
    assert await leases.acquire("call_1", "a", 30) == 1
    await leases.release("call_1", 1, "a")
    assert await leases.acquire("call_1", "b", 30) == 2
    assert await leases.acquire("call_1", "c", 30) is None


async def test_an_expired_lease_can_be_won_and_no_longer_renewed(leases: Leases) -> None:
    assert await leases.acquire("call_1", "a", 0.05) == 1
    assert await leases.claim("call_1", 1, "a", 0.05)
    await asyncio.sleep(0.1)
    assert await leases.acquire("call_1", "b", 30) == 2
    assert not await leases.claim("call_1", 1, "a", 30)
    assert await leases.claim("call_1", 2, "b", 30)


async def test_a_late_release_does_not_free_the_successors_lease(leases: Leases) -> None:
    await leases.acquire("call_1", "a", 0)
    await asyncio.sleep(0.01)
    await leases.acquire("call_1", "b", 30)
    await leases.release("call_1", 1, "a")
    assert await leases.acquire("call_1", "c", 30) is None


async def test_a_leg_known_to_be_over_need_not_expire(leases: Leases) -> None:
    await leases.acquire("call_1", "dead", 30)
    assert await leases.acquire("call_1", "heir", 30, after_leg=1) == 2
    assert await leases.acquire("call_1", "late heir", 30, after_leg=1) is None


async def test_a_call_that_never_had_a_lease_goes_on_after_its_leg(leases: Leases) -> None:
    assert await leases.acquire("call_1", "heir", 30, after_leg=3) == 4


async def test_a_leg_that_began_without_the_database_is_entered_later(leases: Leases) -> None:
    assert await leases.claim("call_1", 1, "a", 30)
    assert await leases.claim("call_1", 1, "a", 30)
    assert not await leases.claim("call_1", 1, "b", 30)
    assert await leases.claim("call_1", 2, "b", 30)
    assert not await leases.claim("call_1", 1, "a", 30)
