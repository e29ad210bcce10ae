"""The database's schema, version by version (Alembic through asyncpg)."""

import asyncio

import asyncpg

from core.errors import StorageError

HEAD = "0002"
"""The newest version of the schema."""


async def migrate(dsn: str, revision: str = "head") -> None:
    """Bring the database to ``revision``; several processes may ask at once.

    Raises:
        StorageError: ``database_unavailable`` or ``migration_failed``.
    """
    if revision in ("head", HEAD) and await _version(dsn) == HEAD:
        return
    # Imported here: Alembic costs a second, and most starts find the schema up to date.
    from storage.migrations.upgrade import upgrade

    await upgrade(dsn, revision)


async def _version(dsn: str) -> str | None:
    """The version of the schema that the database has; None for an empty one."""
    try:
        connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StorageError(
            "database_unavailable", f"PostgreSQL does not answer ({error})", retryable=True
        ) from error
    try:
        async with asyncio.timeout(5):
            version: str | None = await connection.fetchval(
                "SELECT version_num FROM alembic_version"
            )
    except asyncpg.UndefinedTableError:
        return None
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StorageError(
            "database_unavailable", f"PostgreSQL does not answer ({error})", retryable=True
        ) from error
    finally:
        await connection.close(timeout=5)
    return version
