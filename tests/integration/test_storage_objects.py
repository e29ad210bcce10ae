import dataclasses
import hashlib
from pathlib import Path

import httpx
import pytest

from core.clock import SystemClock
from core.errors import NotFoundError, StorageError
from storage.embedded import EmbeddedServers
from storage.objects import ObjectStore
from tests.conftest import store_address


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("as_file", [False, True])
async def test_an_object_comes_back(
    object_store: ObjectStore, tmp_path: Path, as_file: bool
) -> None:
    data = b"sound" * 1000
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    key = f"objects/{as_file}"
    uri = await object_store.put(key, path if as_file else data, sha256(data))
    assert uri == f"s3://recordings/{key}"
    assert await object_store.get(key) == data
    assert await object_store.exists(key)
    await object_store.delete(key)
    assert not await object_store.exists(key)
    with pytest.raises(NotFoundError) as caught:
        await object_store.get(key)
    assert caught.value.code == "object_not_found"


async def test_an_object_that_arrives_damaged_is_refused(object_store: ObjectStore) -> None:
    with pytest.raises(StorageError) as caught:
        await object_store.put("objects/damaged", b"sound", sha256(b"other"))
    assert caught.value.code == "object_refused"
    assert not await object_store.exists("objects/damaged")


async def test_a_link_lets_anyone_read_one_object(object_store: ObjectStore) -> None:
    await object_store.put("objects/linked", b"sound", sha256(b"sound"))
    link = await object_store.presign("objects/linked", 60)
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(link)).content == b"sound"
        assert (await client.get(link.partition("?")[0])).status_code == 403


async def test_a_wrong_key_is_refused_and_no_outage(embedded_servers: EmbeddedServers) -> None:
    address = dataclasses.replace(store_address(embedded_servers), secret_key="wrong")
    store = ObjectStore(address, SystemClock())
    with pytest.raises(StorageError) as caught:
        await store.get("objects/any")
    assert caught.value.code == "object_refused"
    assert not caught.value.retryable
    assert not await store.reachable()
    store.close()


async def test_a_store_that_is_away_says_so(embedded_servers: EmbeddedServers) -> None:
    address = dataclasses.replace(store_address(embedded_servers), endpoint="http://127.0.0.1:9")
    store = ObjectStore(address, SystemClock())
    with pytest.raises(StorageError) as caught:
        await store.put("objects/any", b"x", sha256(b"x"))
    assert caught.value.code == "object_store_unavailable"
    assert caught.value.retryable
    assert not await store.reachable()
    store.close()


async def test_a_store_that_answers_is_reachable(object_store: ObjectStore) -> None:
    assert await object_store.reachable()
