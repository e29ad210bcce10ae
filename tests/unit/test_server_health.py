"""Health: alive is not ready, and degraded still takes calls."""

import asyncio

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from server.routes.health import Probe, State, health_routes


def probe(state: State) -> Probe:
    async def answer() -> State:
        return state

    return answer


async def never() -> State:
    await asyncio.Event().wait()
    return "ok"


def client(needed: dict[str, Probe], wanted: dict[str, Probe]) -> AsyncClient:
    app = FastAPI()
    app.include_router(health_routes(needed, wanted))
    return AsyncClient(transport=ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize(
    ("agents", "database", "status", "code"),
    [
        ("ok", "ok", "ready", 200),
        ("ok", "away", "degraded", 200),
        ("missing", "ok", "not_ready", 503),
        ("draining", "away", "not_ready", 503),
    ],
)
async def test_only_what_is_needed_keeps_calls_away(
    agents: State, database: State, status: str, code: int
) -> None:
    async with client({"agents": probe(agents)}, {"database": probe(database)}) as http:
        response = await http.get("/readyz")

    assert response.status_code == code
    assert response.json() == {
        "status": status,
        "components": {"agents": agents, "database": database},
    }


async def test_a_probe_that_hangs_counts_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.routes.health._PATIENCE_S", 0.01)
    async with client({"agents": probe("ok")}, {"database": never}) as http:
        response = await http.get("/readyz")

    assert response.json()["components"]["database"] == "away"
    assert response.json()["status"] == "degraded"


async def test_alive_asks_nobody() -> None:
    async with client({"agents": never}, {}) as http:
        response = await http.get("/livez")

    assert response.json() == {"status": "ok"}
