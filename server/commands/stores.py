"""What the commands share: settings, running backends, and an open database."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from core.clock import Clock, SystemClock
from server.backends import Backends, open_backends
from server.settings import Settings, load_settings
from storage.database import Database
from storage.migrations import migrate


@dataclass(frozen=True, slots=True)
class Stores:
    """A command's view of the machine."""

    settings: Settings
    backends: Backends
    clock: Clock

    @contextlib.asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """The database with its schema up to date."""
        await migrate(self.backends.database_dsn)
        database = Database(self.backends.database_dsn)
        try:
            yield database
        finally:
            await database.close()


@contextlib.contextmanager
def open_stores() -> Iterator[Stores]:
    """Read the settings and start or join what they name (blocking)."""
    settings = load_settings()
    with open_backends(settings) as backends:
        yield Stores(settings, backends, SystemClock())
