"""The scripted caller against an agent that listens only to how loud the line is."""

import asyncio
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulators.carrier.caller import ScriptedCaller
from simulators.carrier.dial import Carrier, dial
from simulators.carrier.script import Script
from simulators.carrier.steps import StepRecord
from simulators.carrier.tape import HungUpBy, Tape
from tests.integration.fake_agent import AUTH_TOKEN, MS, Behaviour, Leg, fake_agent

LINE_MS = 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tone = (8000 * np.sin(np.arange(LINE_MS * MS) / 3)).astype("<i2")
    with wave.open(str(tmp_path / "line.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(tone.tobytes())
    return tmp_path


def line(**fields: Any) -> dict[str, Any]:
    return {"say": "line.wav", "text": "A line.", "settle_ms": 200} | fields


async def play_script(
    folder: Path, behave: Behaviour, *steps: dict[str, Any], patience: float = 3.0
) -> tuple[ScriptedCaller, Tape]:
    script = Script.model_validate({"steps": steps})
    caller = ScriptedCaller(script, folder, timeout=20, patience=patience)
    async with fake_agent(behave) as agent, asyncio.timeout(30):
        tape = await dial(
            agent.voice_url,
            Carrier(AUTH_TOKEN),
            caller,
            from_number=script.caller,
            to_number=script.called,
        )
    return caller, tape


async def said_by_caller(leg: Leg, lines: int) -> None:
    """Wait until the caller has said so many lines, and is silent again."""
    total = lines * LINE_MS // 20
    await leg.until(lambda: leg.voiced() >= total and set(leg.heard[-1][1].payload) == {0xFF})


async def say(leg: Leg, milliseconds: int, name: str) -> None:
    await leg.play(milliseconds)
    await leg.mark(name)
    await leg.returned(name)


def positions(record: StepRecord) -> tuple[int, int]:
    assert record.started is not None
    assert record.ended is not None
    return record.started, record.ended


async def test_questions_wait_for_the_greeting_and_for_each_answer(folder: Path) -> None:
    async def answers(leg: Leg) -> None:
        await say(leg, 300, "greeting")
        await said_by_caller(leg, 1)
        # A pause within the answer, shorter than the caller's patience, is no end of it.
        await leg.play(100)
        await leg.play(120, b"\xff")
        await say(leg, 100, "answer")
        await said_by_caller(leg, 2)
        await say(leg, 200, "goodbye")
        await leg.close()

    caller, tape = await play_script(folder, answers, line(after="greeting"), line())

    assert caller.failure is None
    assert tape.hung_up_by is HungUpBy.SOCKET
    first, second = caller.records
    greeting, answer, goodbye = tape.stretches
    started, ended = positions(first)
    assert ended - started == LINE_MS * MS
    assert 200 * MS <= started - greeting.end_sample < 320 * MS
    assert 200 * MS <= positions(second)[0] - answer.end_sample < 320 * MS
    assert (first.answered, first.settled) == (answer.start_sample, answer.end_sample)
    assert (second.answered, second.settled) == (goodbye.start_sample, goodbye.end_sample)
    assert np.abs(tape.sent[started:ended]).max() > 7000
    assert not tape.sent[ended : ended + 100].any()


async def test_a_backchannel_falls_into_speech_and_the_turn_goes_on(folder: Path) -> None:
    async def resumes(leg: Leg) -> None:
        await leg.play(3000)
        await leg.until(lambda: leg.voiced() >= 5)
        await leg.clear()
        await said_by_caller(leg, 1)
        await asyncio.sleep(0.3)
        await say(leg, 800, "rest")
        await said_by_caller(leg, 2)
        await say(leg, 100, "goodbye")
        await leg.close()

    backchannel = line(**{"while": "speaking", "after_ms": 400, "expect": {"resumes": True}})
    caller, tape = await play_script(folder, resumes, backchannel, line())

    assert caller.failure is None
    mm_hm, question = caller.records
    paused, rest, _ = tape.stretches
    assert mm_hm.agent_started == paused.start_sample
    assert 400 * MS <= positions(mm_hm)[0] - paused.start_sample < 520 * MS
    assert mm_hm.cut == paused.end_sample == tape.playback.clears[0].at
    assert mm_hm.answered == rest.start_sample
    # The pause was longer than the caller waits after an answer: it was not taken for the end.
    assert rest.start_sample - paused.end_sample > 200 * MS
    assert positions(question)[0] >= rest.end_sample + 200 * MS


async def test_an_interruption_is_timed_from_the_turn_it_falls_into(folder: Path) -> None:
    async def yields(leg: Leg) -> None:
        await say(leg, 200, "greeting")
        await said_by_caller(leg, 1)
        await leg.play(5000)
        await leg.until(lambda: leg.voiced() >= LINE_MS // 20 + 5)
        await leg.clear()
        await said_by_caller(leg, 2)
        await say(leg, 300, "answer")
        await leg.close()

    interruption = line(**{"while": "speaking", "after_ms": 600, "expect": {"interrupts": True}})
    caller, tape = await play_script(folder, yields, line(after="greeting"), interruption)

    assert caller.failure is None
    _, record = caller.records
    _, long, answer = tape.stretches
    assert record.agent_started == long.start_sample
    assert 600 * MS <= positions(record)[0] - long.start_sample < 720 * MS
    assert long.cut
    assert record.cut == long.end_sample
    assert record.answered == answer.start_sample


async def test_a_turn_that_is_over_too_soon_cannot_be_interrupted(folder: Path) -> None:
    async def short(leg: Leg) -> None:
        await say(leg, 200, "greeting")
        await said_by_caller(leg, 1)
        await leg.close()

    interruption = line(**{"while": "speaking", "after_ms": 2000})
    caller, tape = await play_script(folder, short, interruption, line())

    assert caller.failure is None
    missed, said = caller.records
    assert missed.missed == "the agent's turn was over after 200 ms"
    assert (missed.started, missed.answered) == (None, None)
    assert said.started is not None
    assert tape.hung_up_by is HungUpBy.SOCKET


async def test_a_step_can_hang_up(folder: Path) -> None:
    async def greets(leg: Leg) -> None:
        await say(leg, 200, "greeting")

    caller, tape = await play_script(folder, greets, line(hang_up=True), line())

    hung_up, missed = caller.records
    assert caller.failure is None
    assert tape.hung_up_by is HungUpBy.CALLER
    assert tape.ended_at >= positions(hung_up)[1]
    assert missed.missed == "the call was over"


async def silent(leg: Leg) -> None:
    """Never speak."""


async def greets_and_forgets(leg: Leg) -> None:
    """Greet, then neither answer nor hang up."""
    await say(leg, 200, "greeting")


@pytest.mark.parametrize(
    ("behave", "steps", "said", "reason"),
    [
        (silent, [line()], 0, "before 'line.wav' the agent was not heard"),
        (silent, [line(**{"while": "speaking"})], 0, "for 'line.wav' the agent did not speak"),
        (greets_and_forgets, [line(), line()], 1, "before 'line.wav' the agent was not heard"),
        (greets_and_forgets, [line()], 1, "after the last line the agent did not hang up"),
    ],
    ids=["no greeting", "nothing to interrupt", "no answer", "no hang-up"],
)
async def test_a_caller_gives_up_and_says_why(
    behave: Behaviour, steps: list[dict[str, Any]], said: int, reason: str, folder: Path
) -> None:
    caller, tape = await play_script(folder, behave, *steps, patience=0.6)

    assert caller.failure is not None
    assert caller.failure.code == "caller_gave_up"
    assert reason in caller.failure.message
    assert tape.hung_up_by is HungUpBy.CALLER
    missed = ["" if n < said else caller.failure.message for n in range(len(steps))]
    assert [record.missed for record in caller.records] == missed


async def test_an_agent_that_never_stops_runs_into_the_timeout(folder: Path) -> None:
    async def talks(leg: Leg) -> None:
        await leg.play(30_000)

    script = Script.model_validate({"steps": [line()]})
    caller = ScriptedCaller(script, folder, timeout=1.0)
    async with fake_agent(talks) as agent, asyncio.timeout(30):
        await dial(agent.voice_url, Carrier(AUTH_TOKEN), caller, from_number="+1", to_number="+2")

    assert caller.failure is not None
    assert "too long" in caller.failure.message
