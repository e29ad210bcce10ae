"""Barge-in, judged by the carrier's tape: pause, then go on or give the turn up."""

import asyncio
import itertools
from dataclasses import dataclass

import numpy as np
import pytest

from core import ulaw
from pipelines.text_to_speech.hibari import HibariVoice
from simulators.carrier.dial import Carrier
from simulators.carrier.media_stream import MediaStream
from simulators.carrier.playback import Clear
from simulators.carrier.speech import Frame
from simulators.carrier.tape import Tape
from storage.events import BackchannelHeard, Event, Interrupted, TurnEnded
from tests.e2e.evidence import bodies
from tests.e2e.house import House
from tests.e2e.phone import MS, Phone, Said, line
from tests.e2e.sounds import NOISES, grunt, hiss, noise
from tests.e2e.tape_reading import Played, read_tape, speech_of

_WITHIN = 700 * MS
_LOST_OR_REPEATED = 10 * MS
Sound = tuple[Frame, ...]


@dataclass(slots=True)
class Outcome:
    """What became of a sound that the caller made over the agent's long answer."""

    said: Said
    tape: Tape
    events: tuple[Event, ...]
    played: list[Played]

    @property
    def clears(self) -> list[Clear]:
        """Where the agent was made to stop, from the sound on."""
        return [c for c in self.tape.playback.clears if c.at >= self.said.start and c.dropped]


async def _over_the_answer(house: House, carrier: Carrier, sound: Sound) -> tuple[Said, Tape]:
    """Make a sound over the agent's long answer, listen for a while and hang up."""
    heard: list[Said] = []

    async def caller(stream: MediaStream) -> None:
        phone = Phone(stream)
        await phone.answered()
        await phone.say(line("tooth_pulled"))
        await phone.hears_agent(for_ms=2000)
        heard.append(await phone.murmur(sound))
        await phone.wait(3000)
        stream.hang_up()

    tape = await house.dial(carrier, caller)
    return heard[0], tape


async def _outcome(house: House, voice: HibariVoice, said: Said, tape: Tape) -> Outcome:
    """Read what became of it (blocks the loop while the voice speaks: when no call runs)."""
    call = await house.record_of(tape)
    return Outcome(said, tape, call.events, read_tape(tape, speech_of(call.events, voice)))


def _end_of(sound: Sound) -> int:
    """Samples up to the last one that is audible."""
    pcm = np.abs(ulaw.decode(b"".join(frame.ulaw for frame in sound)).astype(np.int32))
    return int(np.flatnonzero(pcm > 300)[-1])


def _assert_goes_on(outcome: Outcome, sound: Sound, *, pauses: bool) -> None:
    """The answer goes on from where it was, soon after the sound, and nobody took the turn."""
    assert not bodies(outcome.events, Interrupted)
    assert [turn.turn for turn in bodies(outcome.events, TurnEnded)] == [1]
    assert bool(outcome.clears) is pauses
    assert all(clear.at - outcome.said.start < _WITHIN for clear in outcome.clears)
    answer = [piece for piece in outcome.played if piece.turn == 1]
    for before, after in zip(answer, answer[1:], strict=False):
        assert abs(after.start - before.end) <= _LOST_OR_REPEATED
        sound_end = max(before.over_at, outcome.said.start + _end_of(sound))
        assert after.at - sound_end <= _WITHIN
    assert answer[-1].over_at >= outcome.said.end + 2000 * MS


async def test_a_sound_that_is_no_turn_takes_none(front_desk: House, voice: HibariVoice) -> None:
    """A backchannel and a grunt make the agent pause and go on; a hiss does not even do that."""
    sounds = [(line("mm_hm"), True), (grunt(), True), (hiss(), False)]

    async with front_desk.carrier() as carrier:

        async def call(number: int) -> tuple[Said, Tape]:
            await asyncio.sleep(number)
            return await _over_the_answer(front_desk, carrier, sounds[number][0])

        calls = await asyncio.gather(*map(call, range(len(sounds))))
    for (said, tape), (sound, pauses) in zip(calls, sounds, strict=True):
        outcome = await _outcome(front_desk, voice, said, tape)
        _assert_goes_on(outcome, sound, pauses=pauses)
        assert bool(bodies(outcome.events, BackchannelHeard)) is pauses


async def test_words_take_the_turn_and_nothing_of_the_old_answer_follows(
    front_desk: House, voice: HibariVoice
) -> None:
    async with front_desk.carrier() as carrier:
        call = await _over_the_answer(front_desk, carrier, line("parking"))
    outcome = await _outcome(front_desk, voice, *call)
    (interrupted,) = bodies(outcome.events, Interrupted)
    assert (interrupted.turn, interrupted.by_turn) == (1, 2)
    assert outcome.clears[0].at - outcome.said.start < _WITHIN
    after = [piece for piece in outcome.played if piece.at >= outcome.clears[0].at]
    assert after
    assert {piece.turn for piece in after} == {2}
    assert after[0].start == 0


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not NOISES.is_dir(), reason="there are no recorded noises on this machine")
async def test_recorded_noises_take_no_turn(front_desk: House, voice: HibariVoice) -> None:
    taken = []
    async with front_desk.carrier() as carrier:
        for path, from_s in itertools.product(sorted(NOISES.glob("*.wav")), range(4)):
            sound = noise(path, from_s, 0.6)
            call = await _over_the_answer(front_desk, carrier, sound)
            outcome = await _outcome(front_desk, voice, *call)
            if bodies(outcome.events, Interrupted):
                taken.append(f"{path.stem} from {from_s} s")
            else:
                _assert_goes_on(outcome, sound, pauses=bool(outcome.clears))
    print(f"taken for words: {taken or 'none'}")
    assert len(taken) <= 2
