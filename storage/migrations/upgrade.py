"""Runs Alembic over asyncpg."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from core.errors import StorageError

_LOCK = 0x63616C6C73757265  # any number that nobody else locks
_TIMEOUT_S = 120.0


async def upgrade(dsn: str, revision: str) -> None:
    """Bring the database to ``revision``.

    Raises:
        StorageError: ``database_unavailable`` or ``migration_failed``.
    """
    url = dsn.replace("postgres://", "postgresql://", 1)
    url = url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": 5})
    try:
        async with asyncio.timeout(_TIMEOUT_S), engine.begin() as connection:
            # Held to the end of the transaction: who comes second finds nothing left to do.
            await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            await connection.run_sync(_upgrade, revision)
    except (OSError, TimeoutError) as error:
        raise StorageError(
            "database_unavailable", f"PostgreSQL does not answer ({error})", retryable=True
        ) from error
    except DBAPIError as error:
        raise StorageError("migration_failed", str(error.orig)) from error
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
