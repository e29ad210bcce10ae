"""The call in the terminal: each thing that happened as one line, as it happens."""

from collections import defaultdict
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from server.terminal import waterfall
from storage import events as e


class CallView:
    """Prints a call's events; on a terminal, a last line says what is going on right now.

    A line of the agent is printed once it was played, because only then is it known what the
    caller heard of it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(Text(), console=console, transient=True, refresh_per_second=8)
        self._queued: defaultdict[int, list[str]] = defaultdict(list)
        self._latency: dict[int, e.LatencyMeasured] = {}
        self._found: dict[int, e.PassagesRetrieved] = {}

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live.is_started:
            self._live.stop()

    def show(self, event: e.Event) -> None:  # noqa: C901 - one flat case for each kind of event
        """Print what this event adds to the picture."""
        match event.body:
            case e.CallStarted() as b:
                who = f"{b.agent_id} (version {b.agent_version})"
                self._note(event.offset_ms, f"{b.caller} calls {b.called}, answered by {who}")
            case e.UserStartedSpeaking():
                self._now("caller is speaking …")
            case e.TranscriptUpdated(text=text):
                self._now(f"caller: {text} …")
            case e.TurnEnded() as b:
                self._line(b.start_ms, "caller", Text(b.text))
            case e.BackchannelHeard() as b:
                heard = f"“{b.text}”" if b.text else "a sound"
                self._note(b.start_ms, f"heard {heard}: a {b.kind}, not a turn")
            case e.PassagesRetrieved() as b:
                self._found[b.turn] = b
            case e.UtteranceQueued() as b:
                self._queued[b.turn].append(b.text)
                self._now(f"agent: {b.text}")
            case e.LatencyMeasured() as b:
                self._latency[b.turn] = b
            case e.PlaybackResumed() as b:
                self._note(event.offset_ms, f"paused for {b.paused_for_ms} ms, then went on")
            case e.AgentSpoke() as b:
                self._agent(b)
            case e.ToolCalled() as b:
                arguments = ", ".join(f"{k}: {v}" for k, v in b.arguments.items())
                self._note(event.offset_ms, f"does {b.tool} {arguments}")
            case e.ProviderFailed() as b:
                self._note(event.offset_ms, f"{b.stage} by {b.provider} failed: {b.message}", "red")
            case e.CallEnded() as b:
                self._note(event.offset_ms, f"call ended by {b.by} ({b.reason}) {b.detail}")

    def _agent(self, spoke: e.AgentSpoke) -> None:
        text = Text(spoke.text)
        if spoke.interrupted:
            unheard = " ".join(self._queued[spoke.turn]).removeprefix(spoke.text).strip()
            text.append(" ✂ ", "bold red").append(unheard, "dim strike")
        self._line(spoke.start_ms, "agent", text)
        found, measured = self._found.get(spoke.turn), self._latency.get(spoke.turn)
        if found is not None:
            self._line(None, "", _looked_up(found))
        if measured is not None:
            self._line(None, "", waterfall.bar(measured))
        self._now("")

    def _line(self, at_ms: int | None, who: str, text: Text) -> None:
        row = Table.grid(padding=(0, 1))
        row.add_column(width=7, justify="right", style="dim")
        row.add_column(width=6, style="bold cyan" if who == "agent" else "bold green")
        row.add_column()
        row.add_row(clock(at_ms), who, text)
        self._console.print(row)

    def _note(self, at_ms: int | None, text: str, style: str = "dim italic") -> None:
        self._line(at_ms, "", Text(text.strip(), style))

    def _now(self, text: str) -> None:
        if self._live.is_started:
            self._live.update(Text(f"         {text}", "dim", no_wrap=True, overflow="ellipsis"))


def clock(at_ms: int | None) -> str:
    """A position on the call's timeline as minutes and seconds."""
    if at_ms is None:
        return ""
    minutes, ms = divmod(at_ms, 60_000)
    return f"{minutes}:{ms / 1000:04.1f}"


def _looked_up(found: e.PassagesRetrieved) -> Text:
    if not found.passages:
        return Text("no passage found", "dim")
    best = found.passages[0]
    where = f"{best.document} › {best.heading}" if best.heading else best.document
    if not found.covered:
        return Text(f"not covered: nearest is {where} ({best.score:.2f})", "dim yellow")
    return Text(f"{where} ({best.score:.2f})", "dim")
