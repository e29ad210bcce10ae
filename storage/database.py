"""The connection pool, and the one place that knows when PostgreSQL is away."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pgvector.asyncpg import register_vector

from core.errors import StorageError

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"

# What asyncpg raises while the server is gone, starting, stopping, stalled or full.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
_CONNECT_S = 3.0
_STATEMENT_S = 10.0


class Database:
    """A pool that connects when it is first used and again after each outage.

    Args:
        dsn: The address, as ``postgresql://user:password@host:port/name``.
        size: How many connections at most.
    """

    def __init__(self, dsn: str, *, size: int = 8) -> None:
        self._dsn = dsn
        self._size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    async def connect(self) -> None:
        """Fail now rather than at the first query.

        Raises:
            StorageError: ``database_unavailable``.
        """
        async with self.acquire() as connection:
            await connection.execute("SELECT 1")

    async def close(self) -> None:
        """Give every connection back."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await asyncio.wait_for(pool.close(), _CONNECT_S)
        except AWAY:
            pool.terminate()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """Lend a connection.

        Raises:
            StorageError: ``database_unavailable``, from here or from within the block, where the
                server does not answer.
        """
        try:
            pool = await self._opened()
            async with pool.acquire(timeout=_CONNECT_S) as connection:
                yield connection
        except AWAY as error:
            raise _unavailable(error) from error

    @asynccontextmanager
    async def listen(
        self, channel: str, heard: Callable[[str | None], None]
    ) -> AsyncIterator[None]:
        """Call ``heard`` with the payload of each notification, and with None at the loss of it.

        It takes a connection of its own: a notification does not pass through a pool.

        Raises:
            StorageError: ``database_unavailable``.
        """
        try:
            connection = await asyncpg.connect(self._dsn, timeout=_CONNECT_S)
            connection.add_termination_listener(lambda _: heard(None))
            await connection.add_listener(channel, lambda *told: heard(str(told[-1])))
        except AWAY as error:
            raise _unavailable(error) from error
        try:
            yield
        finally:
            connection.terminate()

    async def reachable(self) -> bool:
        """Whether the server answers within three seconds."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self.connect()
        except (StorageError, TimeoutError):
            return False
        return True

    async def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._size,
                    timeout=_CONNECT_S,
                    command_timeout=_STATEMENT_S,
                    init=_prepare,
                )
            return self._pool


def _unavailable(error: BaseException) -> StorageError:
    return StorageError(
        "database_unavailable",
        f"PostgreSQL does not answer ({type(error).__name__}: {error})",
        retryable=True,
    )


async def _prepare(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads
    )
    await register_vector(connection)
