import asyncio
import contextlib
import hashlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import asyncpg
import psutil
import pytest

from core.clock import SystemClock
from storage.embedded import EmbeddedServers, start_embedded
from storage.embedded.binaries import account_for, postgres_programs
from storage.embedded.postgres import EmbeddedPostgres
from storage.home import prepare_home
from storage.objects import ObjectStore
from tests.conftest import store_address
from tests.waiting import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as nobody")


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


def started_by(program: str, home: Path) -> tuple[subprocess.Popen[bytes], list[psutil.Process]]:
    """A process that runs ``program`` and then waits, and everything that it started."""
    owner = subprocess.Popen(
        [sys.executable, "-c", program + "\nprint('ready', flush=True)\nwait()", home],
        stdout=subprocess.PIPE,
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == b"ready\n"
    return owner, psutil.Process(owner.pid).children(recursive=True)


START = """
import sys, time
from pathlib import Path
from storage.embedded import start_embedded
def wait(): time.sleep(120)
servers = start_embedded(Path(sys.argv[1]), durable=False)
"""
# What is to be there after a kill was committed for good.
START_DURABLE = START.replace(", durable=False", "")


def alive(processes: list[psutil.Process]) -> list[str]:
    names = []
    for process in processes:
        # One may end between two questions about it.
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                names.append(process.name())
    return names


def sockets(home: Path) -> list[str]:
    """What the S3 server of ``home`` has put into ``/tmp``."""
    ports = json.loads((home / "servers" / "s3" / "ports.json").read_text())
    numbers = {str(port + offset) for port in ports for offset in (0, 10_000)}
    found = Path("/tmp").glob("seaweedfs-*.sock")  # noqa: S108 - where the server puts them
    return [str(path) for path in found if path.stem.rpartition("-")[2] in numbers]


async def test_servers_keep_their_data_and_leave_nothing_else_behind(
    server_home: Path,
) -> None:
    others = psutil.Process().children(recursive=True)
    servers = start_embedded(server_home, durable=False)
    await ask(servers.database_dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    children = [child for child in psutil.Process().children(True) if child not in others]
    left = sockets(server_home)
    assert left
    servers.stop()
    assert alive(children) == []
    assert not any(map(os.path.exists, left))
    assert list((server_home / "run").glob("*.json")) == []
    servers = start_embedded(server_home, durable=False)
    assert await ask(servers.database_dsn, "SELECT answer FROM kept") == 42
    servers.stop()


async def test_servers_that_are_started_again_keep_their_addresses(server_home: Path) -> None:
    servers = start_embedded(server_home, durable=False)
    assert servers.postgres is not None
    assert servers.s3 is not None
    for server in (servers.postgres, servers.s3):
        server.stop()
        server.start()
    assert servers.postgres.dsn == servers.addresses.database_dsn
    assert servers.s3.endpoint == servers.addresses.s3_endpoint
    assert await ask(servers.database_dsn, "SELECT 1") == 1
    servers.stop()


async def test_a_second_process_joins_and_leaves_without_ending_anything(
    embedded_servers: EmbeddedServers,
) -> None:
    assert embedded_servers.postgres is not None
    home = Path(embedded_servers.home)
    joined = await asyncio.to_thread(start_embedded, home)
    assert joined.addresses == embedded_servers.addresses
    assert embedded_servers.owned
    assert not joined.owned
    joined.stop()
    assert await ask(embedded_servers.database_dsn, "SELECT 1") == 1


async def test_no_server_outlives_a_killed_owner(server_home: Path) -> None:
    owner, children = started_by(START, server_home)
    assert {"postgres", "weed"} <= {child.name() for child in children}
    addresses = json.loads((server_home / "run" / "servers.json").read_text())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    await until(lambda: alive(children) == [], timeout=10)
    with pytest.raises(OSError, match="refused|failed"):
        await ask(addresses["database_dsn"], "SELECT 1")
    # The next process takes everything over: lock, data, and the sockets left in /tmp.
    left = sockets(server_home)
    assert left
    servers = await asyncio.to_thread(start_embedded, server_home, durable=False)
    assert servers.owned
    assert await ask(servers.database_dsn, "SELECT 1") == 1
    servers.stop()
    assert not any(map(os.path.exists, left))


async def test_a_killed_database_that_nobody_has_reaped_is_no_living_one(
    server_home: Path,
) -> None:
    servers = prepare_home(server_home) / "servers"
    first, second = EmbeddedPostgres(servers, durable=False), EmbeddedPostgres(servers)
    await asyncio.to_thread(first.start)
    assert first.pid is not None
    family = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    os.kill(first.pid, signal.SIGKILL)
    await until(lambda: alive(family) == [])
    assert family[0].status() == psutil.STATUS_ZOMBIE
    await asyncio.to_thread(second.start)
    assert await ask(second.dsn, "SELECT 1") == 1
    second.stop()
    first.stop()


async def test_a_joined_process_starts_the_servers_again_where_they_were(
    server_home: Path,
) -> None:
    owner, _ = started_by(START_DURABLE, server_home)
    joined = await asyncio.to_thread(start_embedded, server_home)
    assert not joined.owned
    addresses = joined.addresses
    await ask(joined.database_dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    store = ObjectStore(store_address(joined), SystemClock())
    await store.put("kept", b"sound", hashlib.sha256(b"sound").hexdigest())
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    await until(lambda: joined.owned)
    assert joined.addresses == addresses
    assert await ask(joined.database_dsn, "SELECT answer FROM kept") == 42
    assert await store.get("kept") == b"sound"
    store.close()
    joined.stop()


async def test_servers_outlive_the_thread_that_asked_for_them(server_home: Path) -> None:
    started: list[EmbeddedPostgres] = []

    def start() -> None:
        postgres = EmbeddedPostgres(prepare_home(server_home) / "servers", durable=False)
        postgres.start()
        started.append(postgres)

    thread = threading.Thread(target=start)
    thread.start()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0.3)
    assert await ask(started[0].dsn, "SELECT 1") == 1
    started[0].stop()


async def test_strangers_on_the_machine_need_the_password(
    embedded_servers: EmbeddedServers,
) -> None:
    assert embedded_servers.postgres is not None
    password = embedded_servers.postgres.password
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(embedded_servers.database_dsn.replace(password, "guess"), "SELECT 1")


def test_secrets_are_closed_to_others(embedded_servers: EmbeddedServers) -> None:
    home = Path(embedded_servers.home)
    for name in ("run/servers.json", "servers/postgres.password", "servers/s3.secret"):
        assert (home / name).stat().st_mode & 0o077 == 0


@pytest.fixture
def root_only(tmp_path: Path) -> Path:
    """The package as it lies in a checkout that only root can enter."""
    closed = tmp_path / "checkout"
    closed.mkdir(mode=0o700)
    package = postgres_programs().parent.parent
    for name in (package.name, f"{package.name}.libs"):
        (closed / name).symlink_to(package.with_name(name))
    return closed / package.name / "pginstall" / "bin"


@as_root
def test_programs_that_nobody_can_reach_are_copied_once(server_home: Path, root_only: Path) -> None:
    servers = prepare_home(server_home) / "servers"
    programs, account = account_for(root_only, servers)
    assert programs.is_relative_to(servers)
    assert account.user == pwd.getpwnam("nobody").pw_uid
    made = programs.stat().st_ino
    again, _ = account_for(root_only, servers)
    assert again.stat().st_ino == made


def namespaces() -> bool:
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(["unshare", "--user", "--map-user=1000", "true"], capture_output=True)
    return done.returncode == 0


@as_root
@pytest.mark.skipif(not namespaces(), reason="this machine allows no user namespaces")
async def test_a_home_that_only_root_can_enter_works_in_a_user_namespace(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    owner, children = started_by(START, closed / "home")
    addresses = json.loads((closed / "home" / "run" / "servers.json").read_text())
    assert await ask(addresses["database_dsn"], "SELECT 1") == 1
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    await until(lambda: alive(children) == [], timeout=10)
    for path in sockets(closed / "home"):  # nobody starts again here who would clear them away
        os.unlink(path)
