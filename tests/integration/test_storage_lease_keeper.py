from core.clock import ManualClock, SystemClock
from storage.database import Database
from storage.lease_keeper import LeaseKeeper
from storage.leases import Leases
from tests.relay import Relay
from tests.waiting import until


async def lease_of(database: Database, call_id: str) -> tuple[int, str] | None:
    async with database.acquire() as connection:
        row = await connection.fetchrow(
            "SELECT leg, owner FROM leases WHERE call_id = $1 AND expires_at > now()", call_id
        )
    return (row["leg"], row["owner"]) if row else None


async def test_a_call_is_held_until_it_is_released(database: Database) -> None:
    keeper = LeaseKeeper(Leases(database), "a", SystemClock(), ttl_s=0.6)
    await keeper.start()
    keeper.hold("call_1")
    await until(lambda: has(database, "call_1", (1, "a")))
    await SystemClock().sleep(1.0)  # longer than one lease lasts
    assert await lease_of(database, "call_1") == (1, "a")
    await keeper.release("call_1")
    assert await lease_of(database, "call_1") is None
    assert keeper.held == {}
    await keeper.stop()


async def has(database: Database, call_id: str, expected: tuple[int, str]) -> bool:
    return await lease_of(database, call_id) == expected


async def test_a_call_that_begins_without_the_database_is_entered_later(
    database: Database, database_relay: Relay, distant_database: Database
) -> None:
    keeper = LeaseKeeper(Leases(distant_database), "a", SystemClock(), ttl_s=0.6)
    await keeper.start()
    await database_relay.down()
    keeper.hold("call_new")
    assert await keeper.take_over("call_old", 1) == 2
    await SystemClock().sleep(0.3)
    assert await lease_of(database, "call_new") is None
    await database_relay.up()
    await until(lambda: has(database, "call_new", (1, "a")))
    await until(lambda: has(database, "call_old", (2, "a")))
    assert keeper.held == {"call_new": 1, "call_old": 2}
    await keeper.stop()


async def test_a_dead_processs_call_is_taken_over_once(database: Database) -> None:
    await Leases(database).acquire("call_1", "dead", 30)
    heir, late = (LeaseKeeper(Leases(database), name, ManualClock()) for name in ("b", "c"))
    assert await heir.take_over("call_1", 1) == 2
    assert await late.take_over("call_1", 1) is None
    assert (heir.held, late.held) == ({"call_1": 2}, {})


async def test_a_process_hears_that_its_call_was_won_by_another(database: Database) -> None:
    lost: list[str] = []
    keeper = LeaseKeeper(Leases(database), "slow", SystemClock(), ttl_s=0.3, on_lost=lost.append)
    keeper.hold("call_1")
    assert await Leases(database).acquire("call_1", "fast", 30, after_leg=1) == 2
    await keeper.start()
    await until(lambda: lost == ["call_1"])
    assert keeper.held == {}
    await keeper.stop()
