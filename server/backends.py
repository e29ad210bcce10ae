"""Where this process keeps what it keeps: its home, the database, the object store."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from server.settings import Settings
from storage.embedded import EmbeddedServers, start_embedded
from storage.home import prepare_home, resolve_home
from storage.objects import ObjectStoreAddress

# A short command may hold the embedded servers just now; a server that outlives it must own them.
_SHORT_COMMAND_S = 5.0


@dataclass(frozen=True, slots=True)
class Backends:
    """Addresses, whether configured or embedded."""

    home: Path
    database_dsn: str
    objects: ObjectStoreAddress
    embedded: bool


def home_of(settings: Settings) -> Path:
    """The home folder, made if it is missing.

    Raises:
        ConfigurationError: ``home_unusable``.
    """
    chosen = settings.home.expanduser().absolute() if settings.home else resolve_home()
    return prepare_home(chosen)


@contextlib.contextmanager
def open_backends(settings: Settings, *, to_serve: bool = False) -> Iterator[Backends]:
    """Start the embedded servers, or join running ones, where the settings name none (blocking).

    Args:
        settings: What is configured.
        to_serve: Wait for a short command to give the servers back rather than share its fate.
    """
    home = home_of(settings)
    if not settings.embeds_database and not settings.embeds_objects:
        yield _backends(settings, home, None)
        return
    servers = start_embedded(home)
    until = time.monotonic() + _SHORT_COMMAND_S
    while to_serve and not servers.owned and time.monotonic() < until:
        time.sleep(0.5)
        servers = start_embedded(home)
    try:
        yield _backends(settings, home, servers)
    finally:
        servers.stop()


def _backends(settings: Settings, home: Path, servers: EmbeddedServers | None) -> Backends:
    dsn = settings.database_url.get_secret_value()
    objects = ObjectStoreAddress(
        bucket=settings.s3_bucket,
        endpoint=settings.s3_endpoint_url,
        access_key=settings.s3_access_key_id,
        secret_key=settings.s3_secret_access_key.get_secret_value(),
        region=settings.s3_region,
    )
    if servers is not None and settings.embeds_database:
        dsn = servers.database_dsn
    if servers is not None and settings.embeds_objects:
        running = servers.addresses
        objects = ObjectStoreAddress(
            bucket=running.s3_bucket,
            endpoint=running.s3_endpoint,
            access_key=running.s3_access_key,
            secret_key=running.s3_secret_key,
        )
    return Backends(home, dsn, objects, embedded=servers is not None)
