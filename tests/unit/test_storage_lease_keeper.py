from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from core.clock import ManualClock
from storage.lease_keeper import TTL_S, LeaseKeeper
from tests.unit.stage import settle
from tests.unit.toy_house import ToyLeases


@dataclass
class Keeping:
    keeper: LeaseKeeper
    leases: ToyLeases
    clock: ManualClock
    lost: list[str]

    async def passes(self, seconds: float) -> None:
        await settle()
        await self.clock.advance(seconds)
        await settle()


@pytest.fixture
async def keeping(clock: ManualClock) -> AsyncIterator[Keeping]:
    leases, lost = ToyLeases(), list[str]()
    keeper = LeaseKeeper(leases, "a", clock, on_lost=lost.append)
    await keeper.start()
    yield Keeping(keeper, leases, clock, lost)
    await keeper.stop()


async def test_a_lease_is_entered_at_once_and_well_before_it_ends(keeping: Keeping) -> None:
    keeping.keeper.hold("call_1")
    await settle()
    assert keeping.leases.rows == {"call_1": (1, "a")}
    for _ in range(4):
        keeping.leases.rows.clear()
        await keeping.passes(TTL_S / 3)
        assert keeping.leases.rows == {"call_1": (1, "a")}


async def test_a_call_that_another_won_is_told_once(keeping: Keeping) -> None:
    keeping.keeper.hold("call_1")
    keeping.keeper.hold("call_2")
    await settle()
    keeping.leases.rows["call_1"] = (2, "b")
    await keeping.passes(TTL_S)
    assert keeping.lost == ["call_1"]
    assert keeping.keeper.held == {"call_2": 1}
    assert keeping.leases.rows["call_1"] == (2, "b")


async def test_without_the_database_a_call_goes_on_and_is_entered_later(keeping: Keeping) -> None:
    keeping.leases.away = True
    keeping.keeper.hold("call_1")
    await keeping.passes(5 * TTL_S)
    assert keeping.lost == []
    assert await keeping.keeper.take_over("call_2", 3) == 4
    keeping.leases.away = False
    await keeping.passes(TTL_S / 3)
    assert keeping.leases.rows == {"call_1": (1, "a"), "call_2": (4, "a")}


async def test_a_lease_is_given_back_and_not_taken_again(keeping: Keeping) -> None:
    keeping.keeper.hold("call_1")
    await settle()
    await keeping.keeper.release("call_1")
    await keeping.passes(TTL_S)
    assert keeping.leases.rows == {"call_1": (1, "")}
    await keeping.keeper.release("call_1")  # harmless


async def test_giving_back_without_the_database_is_no_error(keeping: Keeping) -> None:
    keeping.keeper.hold("call_1")
    await settle()
    keeping.leases.away = True
    await keeping.keeper.release("call_1")
    assert keeping.keeper.held == {}


async def test_a_call_that_is_held_elsewhere_is_not_taken_over(keeping: Keeping) -> None:
    keeping.leases.rows["call_1"] = (5, "b")
    assert await keeping.keeper.take_over("call_1", 1) is None
    assert keeping.keeper.held == {}


async def test_what_was_given_back_in_the_middle_of_a_round_is_not_renewed(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = keeping.leases.claim

    async def claim_slowly(
        call_id: str, leg: int, owner: str, ttl_s: float, *, account_id: str = "default"
    ) -> bool:
        await keeping.clock.sleep(0.5)
        return await claim(call_id, leg, owner, ttl_s, account_id=account_id)

    for call_id in ("call_1", "call_2"):
        keeping.keeper.hold(call_id)
    await settle()
    monkeypatch.setattr(keeping.leases, "claim", claim_slowly)
    await keeping.passes(TTL_S / 3)
    await keeping.keeper.release("call_2")
    await keeping.passes(2)
    assert keeping.leases.rows == {"call_1": (1, "a"), "call_2": (1, "")}
