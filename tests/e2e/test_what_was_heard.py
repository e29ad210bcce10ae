"""What a caller heard of a turn that they cut short, by the carrier's tape."""

import asyncio
import random

import pytest

from pipelines.speech_to_text.moonshine import Moonshine
from pipelines.text_to_speech.hibari import HibariVoice
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.tape import Tape
from storage.events import AgentSpoke, Interrupted
from tests.e2e.evidence import assert_no_gap, bodies, recording_of, shifts_ms
from tests.e2e.house import House
from tests.e2e.phone import Phone, Said, line
from tests.e2e.tape_reading import read_tape, speech_of
from tests.e2e.words_played import words_played


class Impatient:
    """Asks for a long answer and cuts it short by asking again, at random moments."""

    def __init__(self, seed: int, times: int) -> None:
        self._random = random.Random(seed)
        self._times = times
        self.said: list[Said] = []

    async def __call__(self, stream: MediaStream) -> None:
        phone = Phone(stream)
        await phone.answered()
        question = line("tooth_pulled")
        await phone.say(question)
        for _ in range(self._times):
            await phone.hears_agent(for_ms=self._random.randrange(700, 9000))
            await phone.say(question)
        await phone.hears_agent(for_ms=self._random.randrange(700, 9000))
        stream.hang_up()
        self.said = phone.said


async def _calls(house: House, times: int, *seeds: int) -> list[tuple[Tape, list[Said]]]:
    """Calls at once, one for each seed."""
    callers = [Impatient(seed, times) for seed in seeds]
    async with house.carrier() as carrier:
        tapes = await asyncio.gather(*(house.dial(carrier, caller) for caller in callers))
    return [(tape, caller.said) for tape, caller in zip(tapes, callers, strict=True)]


async def _judge(
    house: House, tape: Tape, said: list[Said], voice: HibariVoice, ear: Moonshine
) -> list[int]:
    """By how many words the log of each turn that was cut short is wrong."""
    call = await house.record_of(tape)
    assert_no_gap(call.events)
    recording = await recording_of(house, call)
    shifts = shifts_ms(recording, tape, said)
    assert max(map(abs, shifts)) <= 20, shifts
    speech = speech_of(call.events, voice)
    played = {piece.turn: piece.end for piece in read_tape(tape, speech)}
    spoke = {body.turn: body for body in bodies(call.events, AgentSpoke)}
    assert set(played) == set(spoke)
    heard = {body.turn: body.heard for body in bodies(call.events, Interrupted)}
    assert all(spoke[turn].text == text for turn, text in heard.items() if turn in spoke)
    wrong = []
    for turn, position in played.items():
        text = spoke[turn].text
        assert speech[turn].text.startswith(text)
        if not spoke[turn].interrupted:
            assert text == speech[turn].text
            continue
        wrong.append(len(text.split()) - words_played(speech[turn], position, ear))
    return wrong


async def test_a_turn_that_was_cut_short_is_logged_as_far_as_it_was_played(
    front_desk: House, voice: HibariVoice, recogniser: Moonshine
) -> None:
    wrong: list[int] = []
    for tape, said in await _calls(front_desk, 4, 3, 4):
        wrong += await _judge(front_desk, tape, said, voice, recogniser)
    assert len(wrong) == 10
    assert sum(abs(words) > 1 for words in wrong) <= 1, wrong


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_a_hundred_turns_that_were_cut_short(
    front_desk: House, voice: HibariVoice, recogniser: Moonshine
) -> None:
    wrong: list[int] = []
    for pair in range(5):
        for tape, said in await _calls(front_desk, 10, 100 + pair, 200 + pair):
            wrong += await _judge(front_desk, tape, said, voice, recogniser)
    off = sum(abs(words) > 1 for words in wrong)
    print(f"{len(wrong)} turns cut short, {off} of them logged more than a word off: {wrong}")
    assert len(wrong) >= 100
    assert off <= len(wrong) // 10
