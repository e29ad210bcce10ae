"""The folder that holds everything Callsure keeps on this machine."""

import os
from collections.abc import Mapping
from pathlib import Path

from core.errors import ConfigurationError

FOLDERS = ("recordings", "run", "servers", "spool")


def resolve_home(environment: Mapping[str, str] | None = None) -> Path:
    """Where the home lies: ``CALLSURE_HOME``, else the user's data folder.

    Root's own folder cannot be entered by the account that PostgreSQL runs as, so root uses
    ``/var/lib/callsure``.
    """
    values = os.environ if environment is None else environment
    if chosen := values.get("CALLSURE_HOME"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/callsure")
    data = values.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "callsure"


def prepare_home(home: Path) -> Path:
    """Make the folder and those within it, closed to every other account.

    As root, other accounts may pass through the home itself and ``servers`` (PostgreSQL runs as
    ``nobody`` on data of its own within), but list or read nothing.

    Raises:
        ConfigurationError: ``home_unusable``.
    """
    passable = 0o711 if os.geteuid() == 0 else 0o700
    try:
        for folder in (home, *(home / name for name in FOLDERS)):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(passable if folder in (home, home / "servers") else 0o700)
    except OSError as error:
        raise ConfigurationError(
            "home_unusable",
            f"{error.filename} cannot be used ({error.strerror}): set CALLSURE_HOME elsewhere",
        ) from error
    return home


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    new = path.with_name(f".{path.name}.new")
    fd = os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        os.fchmod(fd, 0o600)
        file.write(text)
    new.replace(path)
