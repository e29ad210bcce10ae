"""`callsure demo`: a server, a carrier, a caller, one call, and a verdict."""

import asyncio
import contextlib
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agent.definition import AgentDefinition, load_definition
from core.clock import SystemClock
from server.backends import home_of, open_backends
from server.demo import report
from server.demo.checks import Check, Evidence, check_call
from server.demo.recording import check_recording
from server.demo.server_process import ServerProcess
from server.examples import FRONT_DESK
from server.settings import Settings
from server.terminal.view import CallView
from simulators.carrier.caller import ScriptedCaller
from simulators.carrier.dial import ACCOUNT_SID, Carrier, dial
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.rest import RestServer
from simulators.carrier.script import Script
from simulators.carrier.script import load as load_script
from storage.calls import CallQueries
from storage.database import Database
from storage.events import CallEnded, Event, RecordingStored
from storage.objects import ObjectStore

_WEBHOOK = "/twilio/voice"
_LOOK_AGAIN_S = 0.2
_RECORDING_S = 30.0
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Scene:
    """What is played, and where it is shown."""

    definition: AgentDefinition
    agent_folder: Path
    script: Script
    script_folder: Path
    console: Console


async def run_demo(
    settings: Settings, agent: Path | None, script: Path | None, *, as_json: bool
) -> int:
    """Make the call and show it; return the exit code."""
    began = time.monotonic()
    agent_folder = agent or FRONT_DESK
    script_folder = script or agent_folder / "script"
    scene = Scene(
        load_definition(agent_folder), agent_folder, load_script(script_folder), script_folder,
        _console(to_stderr=as_json),
    )  # fmt: skip
    log = home_of(settings) / "run" / "demo.log"
    call_id, events, checks = await _play(scene, settings, log)
    outcome = report.Outcome(call_id, events, checks, time.monotonic() - began, log)
    report.show(scene.console, outcome, _command())
    if as_json:
        print(report.as_json(outcome))
    return 0 if outcome.ok else 1


async def _play(
    scene: Scene, settings: Settings, log: Path
) -> tuple[str, tuple[Event, ...], list[Check]]:
    """Set everything up, make the call, judge it, and take everything down."""
    clock = SystemClock()
    token = secrets.token_hex(16)
    console = scene.console
    async with contextlib.AsyncExitStack() as stack:
        rest = await stack.enter_async_context(RestServer(ACCOUNT_SID, token, clock))
        carrier_settings = {
            "CALLSURE_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "CALLSURE_TWILIO_AUTH_TOKEN": token,
            "CALLSURE_TWILIO_API_URL": rest.url,
        }
        with console.status("starting the server") as status:

            def on_stage(stage: str) -> None:
                status.update(stage)
                if not console.is_terminal:
                    console.print(f"… {stage}", style="dim")

            server = await stack.enter_async_context(
                ServerProcess(scene.agent_folder, carrier_settings, log, on_stage)
            )
        backends = stack.enter_context(open_backends(settings))
        database = Database(backends.database_dsn)
        stack.push_async_callback(database.close)
        objects = ObjectStore(backends.objects, clock)
        stack.callback(objects.close)
        carrier = Carrier(token, rest=rest, clock=clock)
        return await _call(scene, carrier, server.url, CallQueries(database), objects)


async def _call(
    scene: Scene, carrier: Carrier, url: str, queries: CallQueries, objects: ObjectStore
) -> tuple[str, tuple[Event, ...], list[Check]]:
    """Dial, show the call as it happens, and judge it once its recording is stored."""
    script = scene.script
    caller = ScriptedCaller(script, scene.script_folder)
    follower = Follower(queries, scene.console, to_recording=scene.definition.recording)
    following: asyncio.Task[None] | None = None

    async def on_the_phone(stream: MediaStream) -> None:
        nonlocal following
        following = asyncio.create_task(follower.follow(stream.ids.call))
        await caller(stream)

    try:
        tape = await dial(
            url + _WEBHOOK,
            carrier,
            on_the_phone,
            from_number=script.caller,
            to_number=script.called,
        )
        if following is not None:
            await asyncio.wait([following], timeout=_RECORDING_S)
    finally:
        if following is not None:
            following.cancel()
    events = follower.events
    evidence = Evidence(caller.records, events, tape, scene.definition.phrases.offer_message)
    checks = check_call(evidence, script.steps)
    if caller.failure is not None:
        checks.append(Check("the caller was served", False, caller.failure.message))
    if scene.definition.recording:
        stored = [event.body for event in events if isinstance(event.body, RecordingStored)]
        recording = stored[-1] if stored else None
        checks += await check_recording(recording, tape, caller.records, objects)
    return follower.call_id, tuple(events), checks


class Follower:
    """Reads a call's events from the database as they arrive, shows them and keeps them."""

    def __init__(self, queries: CallQueries, console: Console, *, to_recording: bool) -> None:
        self._queries = queries
        self._console = console
        self._last = RecordingStored if to_recording else CallEnded
        self.call_id = ""
        self.events: list[Event] = []

    async def follow(self, carrier_call_id: str) -> None:
        """Follow the call that the carrier knows by this name, to its last event."""
        self.call_id = await self._find(carrier_call_id)
        with CallView(self._console) as view:
            async for event in self._queries.follow(self.call_id):
                self.events.append(event)
                view.show(event)
                if isinstance(event.body, self._last):
                    return

    async def _find(self, carrier_call_id: str) -> str:
        while True:
            for call in await self._queries.list(limit=10):
                if call.carrier_call_id == carrier_call_id:
                    return call.call_id
            await asyncio.sleep(_LOOK_AGAIN_S)


def _command() -> str:
    """How this program was called, for the reader to call it again."""
    return sys.argv[0] if Path(sys.argv[0]).name == "callsure" else "callsure"


def _console(*, to_stderr: bool) -> Console:
    console = Console(stderr=to_stderr, highlight=False)
    if console.is_terminal:
        return console
    return Console(stderr=to_stderr, highlight=False, width=_WIDTH)
