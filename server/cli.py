"""The command line. Each group of commands lives in its own file under ``server/commands``."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from core.errors import CallsureError
from server.commands import agents, calls, doctor
from server.logs import configure_logs
from server.settings import load_settings

app = typer.Typer(
    name="callsure",
    help="A self-hosted, real-time voice agent for the telephone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(calls.app, name="calls")
app.add_typer(agents.app, name="agents")
app.command("ingest")(agents.ingest)
app.command("doctor")(doctor.doctor)

_FAILED = 1
_INTERRUPTED = 130

# Commands import what they run inside themselves: `--help` must not load speech models.


@app.command()
def serve(
    agent: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of an agent to apply first; may be given several times."),
    ] = None,
    die_with: Annotated[
        int | None, typer.Option(hidden=True, help="End when this parent process ends.")
    ] = None,
) -> None:
    """Run the server: answer calls until told to stop.

    Without a database and a bucket in the settings it starts its own PostgreSQL and S3 server.
    With no agent in the database it applies the example front desk.
    """
    settings = load_settings()
    # Before the first import of a library that greets its user.
    configure_logs(settings.log_level, settings.log_format)
    from server.serve import serve as run

    run(settings, agent or [], die_with=die_with)


@app.command()
def demo(
    agent: Annotated[
        Path | None, typer.Option(help="Folder with agent.yaml and documents.")
    ] = None,
    script: Annotated[
        Path | None, typer.Option(help="Folder with script.yaml and the caller's recordings.")
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object as the last line of the output.")
    ] = False,
) -> None:
    """Make one real call on this machine and show it live.

    A simulated carrier dials the server, a scripted caller talks to the agent; the exit code is 0
    only if the call went as the script expects.
    """
    from server.demo.run import run_demo

    raise typer.Exit(asyncio.run(run_demo(load_settings(), agent, script, as_json=json)))


@app.command()
def settings(
    example: Annotated[
        bool, typer.Option("--example", help="Print `.env.example` instead.")
    ] = False,
) -> None:
    """Show the settings in force; secrets are masked."""
    from server.env_example import env_example, in_force

    typer.echo(env_example() if example else in_force(load_settings()), nl=False)


def main() -> None:
    """Run the command line; an error becomes one clear line and exit code 1."""
    try:
        app()
    except CallsureError as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"[bold red]callsure:[/] {_plain(error.message)} [dim]\\[{error.code}][/]"
        )
        sys.exit(_FAILED)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe, `head` say, has seen enough
        sys.exit(_FAILED)


def _plain(text: str) -> str:
    return text.replace("[", "\\[")


if __name__ == "__main__":
    main()
