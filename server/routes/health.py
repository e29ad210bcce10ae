"""Whether the process lives, and whether it should be given calls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

State = Literal["ok", "away", "missing", "draining"]
Probe = Callable[[], Awaitable[State]]

_PATIENCE_S = 1.0


class Health(BaseModel):
    """The state of the whole, and of each thing it stands on.

    ``degraded`` still takes calls: the database or the object store is away, and what they are to
    hold is kept on this machine until they are back.
    """

    status: Literal["ready", "degraded", "not_ready"]
    components: dict[str, State]


def health_routes(needed: Mapping[str, Probe], wanted: Mapping[str, Probe]) -> APIRouter:
    """``/livez`` and ``/readyz``.

    Args:
        needed: Without these no call can be taken.
        wanted: Without these calls go on, and what they leave is stored later.
    """
    router = APIRouter(tags=["health"])

    @router.get("/livez")
    async def livez() -> dict[str, str]:
        """Answer as long as the event loop turns."""
        return {"status": "ok"}

    @router.get("/readyz", responses={503: {"model": Health}})
    async def readyz(response: Response) -> Health:
        """Whether to send calls here; 503 means no."""
        probes = {**needed, **wanted}
        states = await asyncio.gather(*(_ask(probe) for probe in probes.values()))
        components = dict(zip(probes, states, strict=True))
        if any(components[name] != "ok" for name in needed):
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            return Health(status="not_ready", components=components)
        whole = all(components[name] == "ok" for name in wanted)
        return Health(status="ready" if whole else "degraded", components=components)

    return router


async def _ask(probe: Probe) -> State:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await probe()
    except TimeoutError:
        return "away"
