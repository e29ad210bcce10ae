"""Keeps a call's lease with this worker while it runs the call."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from core.clock import Clock
from core.errors import StorageError
from storage.leases import Leases

TTL_S = 30.0
_RENEW_S = 10.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LeaseKeeper:
    """Holds one leg. A call goes on while the database is away: nobody can take it over then."""

    leases: Leases
    clock: Clock
    owner: str

    async def hold(
        self, call_id: str, leg: int, account_id: str, on_lost: Callable[[], None]
    ) -> None:
        """Claim the lease and renew it until cancelled; ``on_lost`` where another holds it."""
        while True:
            try:
                held = await self.leases.claim(
                    call_id, leg, self.owner, TTL_S, account_id=account_id
                )
            except StorageError as error:
                _log.debug("lease_not_renewed", call_id=call_id, code=error.code)
            else:
                if not held:
                    _log.warning("lease_lost", call_id=call_id, leg=leg)
                    on_lost()
                    return
            await self.clock.sleep(_RENEW_S)

    async def let_go(self, call_id: str, leg: int) -> None:
        """Release the lease of a call that is over."""
        try:
            await self.leases.release(call_id, leg, self.owner)
        except StorageError as error:
            _log.debug("lease_not_released", call_id=call_id, code=error.code)
