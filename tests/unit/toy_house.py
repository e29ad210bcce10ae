"""What calls are made of, without a database, a socket or a model: for tests of telephony."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from agent.definition import AgentDefinition, Limits
from agent.directory import AgentDirectory, KnownAgent
from core.clock import ManualClock
from core.errors import StorageError
from core.ids import SequentialIds
from knowledge.embeddings import Embedder
from knowledge.index import MemoryIndex
from knowledge.retriever import Retriever
from pipelines.line import LineAudio, LineMark
from simulators.carrier.messages import Audio, ClearRequest, MarkRequest, StreamIds
from simulators.carrier.twiml import Connect, Verb, read
from storage.call_log import CallLog, CallLogs
from storage.database import Database
from storage.events import Body
from storage.lease_keeper import LeaseKeeper
from storage.leases import Leases
from storage.recordings import RecordingStore
from telephony.calls import CallManager
from telephony.services import CallServices
from telephony.twilio.tokens import StreamTokens
from telephony.twilio.webhooks import IncomingCall
from tests.unit.phone_line import PhoneLine
from tests.unit.stage import settle
from tests.unit.stream_peer import StreamPeer
from tests.unit.toy_speech import ToyHost, Words, toy_speech

NUMBER = "+15550100100"
GREETING = "Hello, Oak Dental."


class ToyLeases(Leases):
    """The table of leases, kept in a dictionary; ``away`` is a database that is."""

    def __init__(self) -> None:
        super().__init__(cast(Database, None))
        self.rows: dict[str, tuple[int, str]] = {}
        self.away = False

    async def acquire(
        self,
        call_id: str,
        owner: str,
        ttl_s: float,
        *,
        after_leg: int = 0,
        account_id: str = "default",
    ) -> int | None:
        self._reach()
        leg, holder = self.rows.get(call_id, (0, ""))
        if holder and leg > after_leg:
            return None
        self.rows[call_id] = (max(leg, after_leg) + 1, owner)
        return self.rows[call_id][0]

    async def claim(
        self, call_id: str, leg: int, owner: str, ttl_s: float, *, account_id: str = "default"
    ) -> bool:
        self._reach()
        if self.rows.get(call_id, (0, ""))[0] > leg:
            return False
        self.rows[call_id] = (leg, owner)
        return True

    async def release(self, call_id: str, leg: int, owner: str) -> None:
        self._reach()
        self.rows[call_id] = (leg, "")

    def _reach(self) -> None:
        if self.away:
            raise StorageError("database_unavailable", "No connection", retryable=True)


@dataclass
class ToyControl:
    """The carrier's REST interface."""

    hung_up: list[str] = field(default_factory=list)

    async def hang_up(self, carrier_call_id: str) -> None:
        self.hung_up.append(carrier_call_id)


@dataclass
class House:
    """One worker."""

    clock: ManualClock
    words: Words
    host: ToyHost
    leases: ToyLeases
    control: ToyControl
    services: CallServices
    calls: CallManager
    legs: list[CallLog] = field(default_factory=list)
    phones: list["Phone"] = field(default_factory=list)

    async def ring(self, sid: str = "CA1", called: str = NUMBER) -> str:
        """Ask for instructions as the carrier does; the answer's text."""
        return await self.calls.voice(IncomingCall(sid, "AC1", "+15550100001", called))

    def dial(self, twiml: str, sid: str = "CA1") -> "Phone":
        """Open the media stream that an answer asks for."""
        (connect,) = verbs(twiml)
        assert isinstance(connect, Connect)
        peer = StreamPeer(StreamIds("AC1", sid, f"MZ{sid}"))
        peer.start(connect.parameters)
        serving = asyncio.create_task(self.calls.media_stream(peer.websocket))
        self.phones.append(Phone(peer, PhoneLine(self.clock), self.words, serving))
        return self.phones[-1]

    def bodies(self, *kinds: type[Body]) -> list[Body]:
        """What all legs have in their logs."""
        bodies = [event.body for log in self.legs for event in log.events]
        return [body for body in bodies if not kinds or isinstance(body, kinds)]


@dataclass
class Phone:
    """A caller behind a media stream."""

    peer: StreamPeer
    line: PhoneLine
    words: Words
    serving: asyncio.Task[None]
    _read: int = 0

    def say(self, text: str) -> None:
        self.line.say(self.words.ulaw(text))

    def hang_up(self) -> None:
        self.peer.send(self.peer.wording.stop())

    async def run(self, seconds: float) -> None:
        """Let time pass, with sound both ways."""
        for _ in range(round(seconds * 50)):
            await self._tick()

    async def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        for _ in range(round(seconds * 50)):
            if condition():
                return
            await self._tick()
        raise AssertionError(f"nothing of the kind within {seconds} s")

    async def served(self) -> None:
        """Let the stream come to its end, and what is kept of it be kept."""
        for _ in range(500):
            if self.serving.done():
                break
            await self._tick()
            await asyncio.sleep(0.002)  # recordings are assembled on a thread
        await self.serving

    @property
    def heard(self) -> str:
        return self.words.read(bytes(self.line.heard), least=1200)

    async def _tick(self) -> None:
        for message in self.peer.got[self._read :]:
            self._read += 1
            match message:
                case Audio(audio):
                    await self.line.send_audio(audio)
                case MarkRequest(name):
                    await self.line.send_mark(name)
                case ClearRequest():
                    await self.line.clear()
        await self.line.tick()
        while not self.line.arriving.empty():
            match self.line.arriving.get_nowait():
                case LineAudio(start, audio):
                    self.peer.speak(start // 8, audio)
                case LineMark(name):
                    self.peer.send(self.peer.wording.mark(name))
        await settle()


def definition(**changes: Any) -> AgentDefinition:
    """An agent without documents."""
    return AgentDefinition(
        id="front_desk", name="Oak Dental", greeting=GREETING, numbers=(NUMBER,)
    ).model_copy(update=changes)


def make_house(
    folder: Path,
    clock: ManualClock,
    agent: AgentDefinition | None = None,
    words: Words | None = None,
) -> House:
    """A worker over a home; ``words`` are those of another, where it takes over its calls."""
    words = words or Words()
    speech, host = toy_speech(clock, words)
    leases, control = ToyLeases(), ToyControl()
    agents = AgentDirectory()
    retriever = Retriever(Embedder(host), MemoryIndex([]), clock)
    known = KnownAgent(agent or definition(), 3, retriever)
    other = KnownAgent(definition(id="other", numbers=("+15550100999",)), 1, retriever)
    agents.replace([known, other], {NUMBER: known.id, "+15550100999": other.id})
    services = CallServices(
        account_id="default",
        agents=agents,
        logs=CallLogs(folder, None, clock),
        leases=LeaseKeeper(leases, "worker_1", clock),
        recordings=RecordingStore(folder, None, clock),
        speech=speech,
        control=control,
        tokens=StreamTokens(b"key", clock, SequentialIds()),
        stream_url="wss://voice.example/twilio/stream",
        clock=clock,
        ids=SequentialIds(),
        max_calls=2,
    )
    house = House(clock, words, host, leases, control, services, CallManager(services))
    _keep_legs(house)
    return house


@asynccontextmanager
async def open_house(
    folder: Path, clock: ManualClock, agent: AgentDefinition | None = None
) -> AsyncIterator[House]:
    """A worker while it is at work; callers who are still there at the end hang up."""
    house = make_house(folder, clock, agent)
    await house.services.leases.start()
    yield house
    for phone in house.phones:
        if not phone.serving.done():
            phone.hang_up()
            await phone.served()
    await house.services.leases.stop()


def limits(**changes: int) -> Limits:
    """Bounds on a call."""
    return Limits().model_copy(update=changes)


def verbs(twiml: str) -> tuple[Verb, ...]:
    """What an answer tells the carrier to do."""
    return read(twiml, "https://voice.example/twilio/voice")


def _keep_legs(house: House) -> None:
    """Let the test read the logs that the worker opens."""
    open_leg = house.services.logs.open

    def keep(call_id: str, leg: int, *, account_id: str = "default") -> CallLog:
        log = open_leg(call_id, leg, account_id=account_id)
        house.legs.append(log)
        return log

    house.services.logs.open = keep  # type: ignore[method-assign]
