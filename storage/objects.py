"""The object store: S3 through boto3, in threads of its own, with short waits and our retries."""

import asyncio
import base64
import binascii
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.clock import Clock
from core.errors import NotFoundError, StorageError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

_ATTEMPTS = 3
_FIRST_RETRY_S = 0.2
_THREADS = 4
_REGION = "us-east-1"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ObjectStoreAddress:
    """Where objects go. An empty endpoint is Amazon's own; empty keys are the machine's role."""

    bucket: str
    endpoint: str = ""
    access_key: str = ""
    secret_key: str = ""
    region: str = _REGION


class ObjectStore:
    """One bucket.

    Args:
        address: Where it is.
        clock: What the waits between attempts are measured with.
    """

    def __init__(self, address: ObjectStoreAddress, clock: Clock) -> None:
        self._address = address
        self._clock = clock
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="objects")
        self._client: S3Client | None = None
        self._connecting = asyncio.Lock()

    def uri(self, key: str) -> str:
        """The object's address, as ``s3://bucket/key``."""
        return f"s3://{self._address.bucket}/{key}"

    async def put(self, key: str, data: bytes | Path, sha256: str) -> str:
        """Store an object, verified by the server against ``sha256`` (hexadecimal).

        Returns:
            Its ``s3://`` address.

        Raises:
            StorageError: ``object_store_unavailable`` or ``object_refused``.
        """
        checksum = base64.b64encode(binascii.unhexlify(sha256)).decode()

        def upload(client: "S3Client") -> None:
            if isinstance(data, bytes):
                self._put(client, key, data, checksum, sha256)
            else:
                with data.open("rb") as file:
                    self._put(client, key, file, checksum, sha256)

        await self._run(upload)
        return self.uri(key)

    async def get(self, key: str) -> bytes:
        """The whole object.

        Raises:
            NotFoundError: ``object_not_found``.
            StorageError: ``object_store_unavailable`` or ``object_refused``.
        """
        bucket = self._address.bucket
        return await self._run(lambda s3: s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    async def exists(self, key: str) -> bool:
        """Whether the object is there."""
        try:
            await self._run(lambda s3: s3.head_object(Bucket=self._address.bucket, Key=key))
        except NotFoundError:
            return False
        return True

    async def delete(self, key: str) -> None:
        """Remove the object, if it is there."""
        await self._run(lambda s3: s3.delete_object(Bucket=self._address.bucket, Key=key))

    async def presign(self, key: str, expires_s: int = 3600) -> str:
        """A link that anyone may read the object with until it expires."""
        return await self._run(
            lambda s3: s3.generate_presigned_url(
                "get_object",
                Params={"Bucket": self._address.bucket, "Key": key},
                ExpiresIn=expires_s,
            )
        )

    async def reachable(self) -> bool:
        """Whether the bucket answers."""
        try:
            await self._run(lambda s3: s3.head_bucket(Bucket=self._address.bucket), attempts=1)
        except (StorageError, NotFoundError):
            return False
        return True

    def close(self) -> None:
        """End the threads once their current requests are done."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _put(
        self, client: "S3Client", key: str, body: "bytes | object", checksum: str, sha256: str
    ) -> None:
        client.put_object(
            Bucket=self._address.bucket,
            Key=key,
            Body=body,  # type: ignore[arg-type]
            ChecksumSHA256=checksum,
            Metadata={"sha256": sha256},
        )

    async def _run(self, request: Callable[["S3Client"], T], *, attempts: int = _ATTEMPTS) -> T:
        loop = asyncio.get_running_loop()
        for attempt in range(attempts):
            try:
                client = await self._connected()
                return await loop.run_in_executor(self._pool, request, client)
            except ClientError as error:
                away = _judge(error)
                cause: Exception = error
            except BotoCoreError as error:
                away = StorageError("object_store_unavailable", str(error), retryable=True)
                cause = error
            if attempt + 1 == attempts:
                raise away from cause
            await self._clock.sleep(_FIRST_RETRY_S * 2**attempt)
        raise AssertionError("unreachable")

    async def _connected(self) -> "S3Client":
        async with self._connecting:
            if self._client is None:
                loop = asyncio.get_running_loop()
                self._client = await loop.run_in_executor(self._pool, _connect, self._address)
            return self._client


def _judge(error: ClientError) -> StorageError:
    """The error that a later attempt may cure; every other is raised at once."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status == 404 and error.response.get("Error", {}).get("Code") != "NoSuchBucket":
        raise NotFoundError("object_not_found", str(error)) from error
    if status >= 500 or status == 429:
        return StorageError("object_store_unavailable", str(error), retryable=True)
    raise StorageError("object_refused", str(error)) from error


def _connect(address: ObjectStoreAddress) -> "S3Client":
    return boto3.client(
        "s3",
        endpoint_url=address.endpoint or None,
        aws_access_key_id=address.access_key or None,
        aws_secret_access_key=address.secret_key or None,
        region_name=address.region,
        config=Config(
            connect_timeout=2,
            read_timeout=10,
            retries={"total_max_attempts": 1},
            max_pool_connections=_THREADS,
            # A proxy of the machine's environment leads away from loopback.
            proxies={} if urlsplit(address.endpoint).hostname in _LOOPBACK else None,
            # An endpoint of one's own has no bucket names in its certificate or DNS.
            s3={"addressing_style": "path" if address.endpoint else "auto"},
        ),
    )
