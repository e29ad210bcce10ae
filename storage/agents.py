"""Agents: every version that ever answered a call, and the numbers they answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from core.errors import NotFoundError
from storage.database import Database

_COLUMNS = "v.account_id, v.agent_id, v.version, v.definition, v.created_at"


@dataclass(frozen=True, slots=True)
class AgentVersion:
    """One version of an agent's definition; a call keeps the one that it began with."""

    account_id: str
    agent_id: str
    version: int
    definition: dict[str, Any]
    created_at: datetime


class AgentRepository:
    """Agents of one account."""

    def __init__(self, database: Database, account_id: str = "default") -> None:
        self._database = database
        self._account = account_id

    async def apply(self, agent_id: str, definition: dict[str, Any]) -> int:
        """Make ``definition`` the agent's current version, a new one only if it differs."""
        async with self._database.acquire() as connection, connection.transaction():
            # Locks the agent, so that two owners who apply at once get two versions.
            await connection.execute(
                """
                INSERT INTO agents (account_id, agent_id, current_version) VALUES ($1, $2, 0)
                    ON CONFLICT (account_id, agent_id) DO UPDATE SET agent_id = excluded.agent_id
                """,
                self._account,
                agent_id,
            )
            version: int = await connection.fetchval(
                """
                WITH latest AS (
                    SELECT current_version AS version,
                           coalesce(v.definition = $3, false) AS same
                      FROM agents AS a
                      LEFT JOIN agent_versions AS v
                        ON v.account_id = a.account_id AND v.agent_id = a.agent_id
                       AND v.version = a.current_version
                     WHERE a.account_id = $1 AND a.agent_id = $2
                ), added AS (
                    INSERT INTO agent_versions (account_id, agent_id, version, definition)
                    SELECT $1, $2, version + 1, $3 FROM latest WHERE NOT same
                )
                SELECT CASE WHEN same THEN version ELSE version + 1 END FROM latest
                """,
                self._account,
                agent_id,
                definition,
            )
            await connection.execute(
                "UPDATE agents SET current_version = $3 WHERE account_id = $1 AND agent_id = $2",
                self._account,
                agent_id,
                version,
            )
        return version

    async def get(self, agent_id: str, version: int | None = None) -> AgentVersion:
        """One version, by default the current one.

        Raises:
            NotFoundError: ``agent_not_found``.
        """
        async with self._database.acquire() as connection:
            row = await connection.fetchrow(
                f"""
                SELECT {_COLUMNS}
                  FROM agent_versions AS v JOIN agents AS a USING (account_id, agent_id)
                 WHERE v.account_id = $1 AND v.agent_id = $2
                   AND v.version = coalesce($3, a.current_version)
                """,  # noqa: S608 - the columns are ours
                self._account,
                agent_id,
                version,
            )
        if row is None:
            raise NotFoundError("agent_not_found", f"there is no agent {agent_id} ({version=})")
        return _agent(row)

    async def all_current(self) -> list[AgentVersion]:
        """The current version of every agent, by name."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                f"""
                SELECT {_COLUMNS}
                  FROM agents AS a JOIN agent_versions AS v
                    ON v.account_id = a.account_id AND v.agent_id = a.agent_id
                   AND v.version = a.current_version
                 WHERE a.account_id = $1 ORDER BY agent_id
                """,  # noqa: S608 - the columns are ours
                self._account,
            )
        return [_agent(row) for row in rows]

    async def assign(self, number: str, agent_id: str) -> None:
        """Let the agent answer ``number``, whoever answered it before.

        Raises:
            NotFoundError: ``agent_not_found``.
        """
        try:
            async with self._database.acquire() as connection:
                await connection.execute(
                    """
                    INSERT INTO numbers (number, account_id, agent_id) VALUES ($1, $2, $3)
                        ON CONFLICT (number) DO UPDATE
                       SET account_id = excluded.account_id, agent_id = excluded.agent_id
                    """,
                    number,
                    self._account,
                    agent_id,
                )
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFoundError("agent_not_found", f"there is no agent {agent_id}") from error

    async def numbers(self) -> dict[str, str]:
        """Which agent answers each number."""
        async with self._database.acquire() as connection:
            rows = await connection.fetch(
                "SELECT number, agent_id FROM numbers WHERE account_id = $1 ORDER BY number",
                self._account,
            )
        return {row["number"]: row["agent_id"] for row in rows}


def _agent(row: asyncpg.Record) -> AgentVersion:
    return AgentVersion(
        account_id=row["account_id"],
        agent_id=row["agent_id"],
        version=row["version"],
        definition=row["definition"],
        created_at=row["created_at"],
    )
