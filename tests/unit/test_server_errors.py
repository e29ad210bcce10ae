"""Every error becomes a problem document with the right status and no inside knowledge."""

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient

from core.errors import (
    CallsureError,
    ConfigurationError,
    NotFoundError,
    OverloadedError,
    ProtocolError,
    ProviderError,
    RefusedError,
    StorageError,
)
from server.errors import install_error_handlers


def client(error: Exception) -> AsyncClient:
    app = FastAPI()
    install_error_handlers(app)

    @app.get("/fails")
    async def fails(count: int = 0) -> None:
        raise error

    transport = ASGITransport(app, raise_app_exceptions=False)
    return AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (NotFoundError, 404),
        (RefusedError, 403),
        (ProtocolError, 400),
        (StorageError, 503),
        (ProviderError, 502),
        (OverloadedError, 503),
        (ConfigurationError, 500),
        (CallsureError, 500),
    ],
)
async def test_each_kind_has_its_status_and_keeps_its_code(
    kind: type[CallsureError], status: int
) -> None:
    async with client(kind("some_code", "What to do.")) as http:
        response = await http.get("/fails")

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["status"], body["code"], body["detail"]) == (status, "some_code", "What to do.")
    assert body["retryable"] is False


async def test_a_retryable_error_says_when_to_come_back() -> None:
    async with client(StorageError("database_unavailable", "Away.", retryable=True)) as http:
        response = await http.get("/fails")

    assert response.json()["retryable"] is True
    assert response.headers["retry-after"].isdigit()


async def test_an_unexpected_error_shows_nothing_of_itself() -> None:
    async with client(RuntimeError("the password is swordfish")) as http:
        response = await http.get("/fails")

    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "swordfish" not in response.text


async def test_an_invalid_request_is_explained_without_its_values() -> None:
    async with client(RuntimeError()) as http:
        response = await http.get("/fails", params={"count": "secret words"})

    assert response.status_code == 422
    assert response.json()["code"] == "request_invalid"
    assert response.json()["errors"][0]["loc"] == ["query", "count"]
    assert "secret words" not in response.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/no", 404), ("PUT", "/fails", 405)]
)
async def test_the_frameworks_own_errors_are_problems_too(
    method: str, path: str, status: int
) -> None:
    async with client(RuntimeError()) as http:
        response = await http.request(method, path)

    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
