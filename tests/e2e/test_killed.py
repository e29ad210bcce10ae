"""`kill -9` of the server in mid-call: after a restart nothing that the tape shows is missing."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from pipelines.speech_to_text.moonshine import Moonshine
from pipelines.text_to_speech.hibari import HibariVoice
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.tape import HungUpBy, Tape
from storage.calls import CallDetail
from storage.events import AgentSpoke, CallEnded, TurnEnded
from tests.e2e.evidence import assert_no_gap, bodies, recording_of, shifts_ms
from tests.e2e.house import House
from tests.e2e.phone import MS, Phone, Said, line
from tests.e2e.tape_reading import read_tape, speech_of
from tests.e2e.words_played import words_played
from tests.processes import are_gone

_SECOND = 1000 * MS
_JUST_NOW = 250 * MS  # what ended so shortly before the kill may lack its last word
_LINES = {"hours": "saturday", "parking": "parking", "tooth_pulled": "tooth"}


class Talker:
    """Asks one thing after the other until the line is dead."""

    def __init__(self, seed: int, hang_up_after_s: float = 60.0) -> None:
        self._random = random.Random(seed)
        self._hang_up_after = round(hang_up_after_s * _SECOND)
        self.said: list[tuple[str, Said]] = []
        self.speaking = asyncio.Event()

    async def __call__(self, stream: MediaStream) -> None:
        phone = Phone(stream)
        self.speaking.set()
        await phone.answered()
        while not stream.ended.is_set() and phone.now < self._hang_up_after:
            name = self._random.choice(list(_LINES))
            self.said.append((name, await phone.say(line(name))))
            # Now and then the answer is cut short.
            await phone.hears_agent(for_ms=self._random.choice([2500, 4000]))
            if self._random.random() < 0.5:
                await phone.answered()
        stream.hang_up()


async def _killed_call(
    house: House, talker: Talker, after_s: float, *, without_database_s: float = 0.0
) -> Tape:
    """Make a call and kill the server in its middle; with its database gone before, if wanted."""
    async with house.carrier() as carrier:
        call = asyncio.create_task(house.dial(carrier, talker))
        await talker.speaking.wait()
        await asyncio.sleep(max(0.0, after_s - without_database_s))
        if without_database_s:
            for child in house.children():
                if child.name() == "postgres":
                    with contextlib.suppress(ProcessLookupError):
                        child.kill()
            await asyncio.sleep(without_database_s)
        house.kill()
        return await call


async def _assert_whole(
    house: House, tape: Tape, talker: Talker, voice: HibariVoice, ear: Moonshine
) -> None:
    call = await house.record_of(tape)
    killed_at = tape.ended_at
    assert_no_gap(call.events)
    (end,) = bodies(call.events, CallEnded)
    if tape.hung_up_by is not HungUpBy.CALLER:
        assert (end.by, end.reason) == ("us", "worker_lost")
        assert (call.summary.ended_by, call.summary.end_reason) == ("us", "worker_lost")
    _assert_caller_is_quoted(call, talker, killed_at)
    _assert_agent_is_quoted(call, tape, voice, ear)
    recording = await recording_of(house, call)
    kept = killed_at - _SECOND
    assert len(recording.caller) >= kept
    assert np.array_equal(recording.caller[:kept], tape.sent[:kept])
    said = [said for _, said in talker.said if said.end < kept]
    shifts = shifts_ms(recording, tape, said, until=kept)
    assert max(map(abs, shifts), default=0) <= 20, shifts


def _assert_caller_is_quoted(call: CallDetail, talker: Talker, killed_at: int) -> None:
    turns = bodies(call.events, TurnEnded)
    for name, said in talker.said:
        if said.end > killed_at - _JUST_NOW:
            continue
        at_the_time = [
            turn.text.lower()
            for turn in turns
            if turn.start_ms < said.end / MS and turn.end_ms > said.start / MS
        ]
        assert _LINES[name] in " ".join(at_the_time), f"{name} at {said.start / MS:.0f} ms"


def _assert_agent_is_quoted(
    call: CallDetail, tape: Tape, voice: HibariVoice, ear: Moonshine
) -> None:
    speech = speech_of(call.events, voice)
    spoke = {body.turn: body.text for body in bodies(call.events, AgentSpoke)}
    for piece in read_tape(tape, speech):
        whole = speech[piece.turn]
        text = spoke.get(piece.turn, "")
        assert whole.text.startswith(text)
        if piece.end == len(whole.ulaw) and piece.over_at <= tape.ended_at - _JUST_NOW:
            assert text == whole.text
        elif piece.over_at > tape.ended_at - _SECOND:
            # The tape goes up to the kill, the log and the recording up to a second before it.
            words = words_played(whole, piece.end, ear)
            assert -5 <= len(text.split()) - words <= 1, (text, words)


@contextlib.asynccontextmanager
async def _house(home: Path) -> AsyncIterator[House]:
    house = House(home)
    try:
        house.start()
        yield house
    finally:
        house.stop()


async def test_a_server_that_is_killed_loses_nothing_of_its_call(
    server_home: Path, voice: HibariVoice, recogniser: Moonshine
) -> None:
    chance = random.Random(20)
    async with _house(server_home) as house:
        for without_database_s in (0.0, 1.5):
            talker = Talker(chance.randrange(1000))
            tape = await _killed_call(
                house, talker, chance.uniform(5, 12), without_database_s=without_database_s
            )
            assert are_gone(server_home)
            house.start()
            await _assert_whole(house, tape, talker, voice, recogniser)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("round_", range(3))
async def test_thirty_kills(
    server_home: Path, voice: HibariVoice, recogniser: Moonshine, round_: int
) -> None:
    chance = random.Random(round_)
    async with _house(server_home) as house:
        for kill in range(10):
            talker = Talker(chance.randrange(1000), hang_up_after_s=chance.uniform(10, 40))
            away = chance.uniform(0.2, 3.0) if kill % 3 == 2 else 0.0
            tape = await _killed_call(house, talker, chance.uniform(1, 30), without_database_s=away)
            assert are_gone(server_home)
            house.start()
            await _assert_whole(house, tape, talker, voice, recogniser)
