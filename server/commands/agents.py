"""`callsure agents …` and `callsure ingest`: what the owner writes goes into the database."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

app = typer.Typer(help="Apply agents and list them.", no_args_is_help=True)

_Folder = Annotated[Path, typer.Argument(exists=True, help="Folder with agent.yaml, or the file.")]


@app.command()
def apply(folder: _Folder) -> None:
    """Make this agent, its numbers and its documents the current ones.

    A running server takes them up within seconds; calls in progress keep the version that they
    began with.
    """
    from server.agents import AgentStore

    async def run(store: AgentStore) -> None:
        with _progress() as progress:
            applied = await store.apply(folder, _reporter(progress))
        Console().print(
            f"{applied.agent_id} version {applied.version}: {applied.documents} documents, "
            f"{applied.ingested} new or changed, {len(applied.removed)} removed"
        )

    _with_store(run)


def ingest(
    agent: Annotated[str, typer.Argument(help="The agent's id.")],
    folder: Annotated[Path, typer.Argument(exists=True, help="Folder of documents.")],
) -> None:
    """Bring an agent's knowledge up to date with a folder of documents (Markdown, text)."""
    from server.agents import AgentStore

    async def run(store: AgentStore) -> None:
        with _progress() as progress:
            changed, count, removed = await store.ingest(agent, folder, _reporter(progress))
        Console().print(
            f"{agent}: {count} documents, {changed} new or changed, {len(removed)} removed"
        )

    _with_store(run)


@app.command("list")
def list_agents() -> None:
    """List the current version of every agent."""
    from server.commands.stores import open_stores
    from storage.agents import AgentRepository
    from storage.passages import PassageRepository

    async def run() -> None:
        table = Table("agent", "version", "name", "numbers", "passages", box=None, pad_edge=False)
        async with stores.database() as database:
            agents, passages = AgentRepository(database), PassageRepository(database)
            numbers = await agents.numbers()
            for agent in await agents.all_current():
                own = [number for number, name in numbers.items() if name == agent.agent_id]
                table.add_row(
                    agent.agent_id,
                    str(agent.version),
                    str(agent.definition.get("name", "")),
                    ", ".join(own),
                    str(await passages.count(agent.agent_id)),
                )
        Console().print(table if table.rows else "No agent yet: `callsure agents apply DIR`.")

    with open_stores() as stores:
        asyncio.run(run())


def _with_store(work: Callable[..., Awaitable[None]]) -> None:
    from core.model_host import ModelHost
    from knowledge.embeddings import Embedder
    from server.agents import AgentStore
    from server.commands.stores import open_stores
    from storage.agents import AgentRepository
    from storage.passages import PassageRepository

    async def run() -> None:
        host = ModelHost()
        try:
            async with stores.database() as database:
                repositories = AgentRepository(database), PassageRepository(database)
                await work(AgentStore(*repositories, host, Embedder(host), stores.clock))
        finally:
            host.close()

    with open_stores() as stores:
        asyncio.run(run())


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _reporter(progress: Progress) -> Callable[[str, int, int], None]:
    task = progress.add_task("documents", total=None)
    return lambda name, number, total: progress.update(
        task, description=name, completed=number, total=total
    )
