"""`callsure calls …`: what the event log says, in the terminal."""

import asyncio
import json
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer(help="List calls, show one, follow them as they happen.", no_args_is_help=True)

_AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


@app.command("list")
def list_calls(
    limit: Annotated[int, typer.Option(min=1, help="How many calls at most.")] = 20,
    as_json: _AsJson = False,
) -> None:
    """List the latest calls."""
    from server.commands.stores import open_stores
    from storage.calls import CallQueries, CallSummary

    async def run() -> list[CallSummary]:
        async with stores.database() as database:
            return list(await CallQueries(database).list(limit=limit))

    with open_stores() as stores:
        found = asyncio.run(run())
    if as_json:
        for call in found:
            typer.echo(_json(call))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("call", no_wrap=True, min_width=len(found[0].call_id) if found else 0)
    for name in ("began", "length", "caller", "agent", "ended"):
        table.add_column(name)
    for call in found:
        length = _length(call.started_at, call.ended_at)
        ended = f"{call.end_reason} by {call.ended_by}" if call.ended_at else "running"
        began = f"{call.started_at.astimezone():%m-%d %H:%M:%S}" if call.started_at else ""
        agent = f"{call.agent_id} v{call.agent_version}"
        table.add_row(call.call_id, began, length, call.caller, agent, ended)
    _console().print(table if found else "No calls yet: `callsure demo` makes one.")


@app.command()
def show(
    call_id: Annotated[str, typer.Argument(help="As `callsure calls list` prints it.")],
    as_json: _AsJson = False,
) -> None:
    """Show a call: its transcript, the waterfall of each answer, its recording."""
    from server.commands.stores import open_stores
    from server.terminal.view import CallView
    from storage.calls import CallDetail, CallQueries
    from storage.codec import encode

    async def run() -> CallDetail:
        async with stores.database() as database:
            return await CallQueries(database).get(call_id)

    with open_stores() as stores:
        call = asyncio.run(run())
    if as_json:
        for event in call.events:
            typer.echo(encode(event))
        return
    console = _console()
    with CallView(console) as view:
        for event in call.events:
            view.show(event)
    if call.summary.recording_uri:
        console.print(f"recording  {call.summary.recording_uri}", soft_wrap=True)
        console.print(f"           {call.summary.recording_path}", soft_wrap=True)


@app.command()
def tail(
    call_id: Annotated[str | None, typer.Argument(help="Only this call.")] = None,
    as_json: _AsJson = False,
) -> None:
    """Follow calls as they happen, until Ctrl-C or, for one call, until its end."""
    from server.commands.stores import open_stores
    from server.terminal.view import CallView
    from storage.calls import CallQueries
    from storage.codec import encode
    from storage.events import CallEnded

    async def run() -> None:
        views: dict[str, CallView] = {}
        async with stores.database() as database:
            async for event in CallQueries(database).follow(call_id):
                if as_json:
                    typer.echo(encode(event))
                    continue
                if event.call_id not in views:
                    console.rule(event.call_id, style="dim")
                views.setdefault(event.call_id, CallView(console)).show(event)
                if call_id is not None and isinstance(event.body, CallEnded):
                    return

    console = _console()
    with open_stores() as stores:
        asyncio.run(run())


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=100)


def _length(started: datetime | None, ended: datetime | None) -> str:
    if started is None or ended is None:
        return ""
    minutes, seconds = divmod(round((ended - started).total_seconds()), 60)
    return f"{minutes}:{seconds:02d}"


def _json(value: object) -> str:
    from pydantic_core import to_json

    return json.dumps(json.loads(to_json(value)), ensure_ascii=False)
