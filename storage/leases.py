"""Which process runs a call: a lease in the database, its leg number the fence."""

from storage.database import Database


class Leases:
    """The table of leases."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(
        self,
        call_id: str,
        owner: str,
        ttl_s: float,
        *,
        after_leg: int = 0,
        account_id: str = "default",
    ) -> int | None:
        """Try to become the one that runs the call.

        Args:
            call_id: The call.
            owner: Who asks; unique to the process.
            ttl_s: For how long, unless renewed.
            after_leg: A leg known to be over: a lease on it or an earlier one need not expire.
            account_id: Whose call it is.

        Returns:
            The leg to write under, higher than every one before; None where another holds the call.
        """
        async with self._database.acquire() as connection:
            leg: int | None = await connection.fetchval(
                """
                INSERT INTO leases (call_id, account_id, leg, owner, expires_at)
                VALUES ($1, $2, $5 + 1, $3, now() + make_interval(secs => $4))
                    ON CONFLICT (call_id) DO UPDATE
                   SET leg = greatest(leases.leg + 1, excluded.leg),
                       owner = excluded.owner, expires_at = excluded.expires_at
                 WHERE leases.expires_at < now() OR leases.leg <= $5
                RETURNING leg
                """,
                call_id,
                account_id,
                owner,
                ttl_s,
                after_leg,
            )
        return leg

    async def claim(
        self, call_id: str, leg: int, owner: str, ttl_s: float, *, account_id: str = "default"
    ) -> bool:
        """Hold a leg for longer, or enter one that began while the database was away.

        Returns:
            False where another process holds the call under this leg or a later one.
        """
        async with self._database.acquire() as connection:
            entered: str | None = await connection.fetchval(
                """
                INSERT INTO leases (call_id, account_id, leg, owner, expires_at)
                VALUES ($1, $2, $5, $3, now() + make_interval(secs => $4))
                    ON CONFLICT (call_id) DO UPDATE
                   SET leg = excluded.leg, owner = excluded.owner, expires_at = excluded.expires_at
                 WHERE leases.leg < excluded.leg
                    OR (leases.leg = excluded.leg AND leases.owner = excluded.owner)
                RETURNING owner
                """,
                call_id,
                account_id,
                owner,
                ttl_s,
                leg,
            )
        return entered is not None

    async def release(self, call_id: str, leg: int, owner: str) -> None:
        """Let the next one take the call at once. The row stays: it is the fence."""
        async with self._database.acquire() as connection:
            await connection.execute(
                "UPDATE leases SET expires_at = '-infinity'"
                " WHERE call_id = $1 AND leg = $2 AND owner = $3",
                call_id,
                leg,
                owner,
            )
