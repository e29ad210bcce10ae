"""The demo's outcome, for a person and for a program."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from server.demo import report
from server.demo.checks import Check
from storage import events as e

RECORDING = e.RecordingStored("s3://recordings/a.wav", "/data/a.wav", 2, 8000, 6000, "ab" * 32)
BODIES: list[e.Body] = [
    e.TurnEnded(1, "When do you open?", 1000, 2000),
    e.LatencyMeasured(1, 200, 250, 260, 270, 330),
    e.AgentSpoke(1, "At nine.", 2330, 3000, False),
    e.CallEnded("agent", "goodbye"),
    RECORDING,
]
PASSED = Check("1 hours: answer has “nine”", True, "“At nine.”")
FAILED = Check("2 bye: the agent hangs up", False, "the call was ended by caller")


def outcome(*checks: Check, bodies: list[e.Body] = BODIES) -> report.Outcome:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    events = [e.Event("call_1", 1, seq, 1, at, None, body) for seq, body in enumerate(bodies)]
    return report.Outcome("call_1", events, checks, 51.2, Path("/data/run/demo.log"))


def shown(of: report.Outcome) -> str:
    out = io.StringIO()
    report.show(Console(file=out, width=100), of, ".venv/bin/callsure")
    return out.getvalue()


def test_the_json_is_one_line_with_every_promised_key() -> None:
    line = report.as_json(outcome(PASSED))
    found = json.loads(line)

    assert "\n" not in line
    assert list(found) == ["ok", "call_id", "turns", "recording", "events", "checks"]
    assert found["ok"] is True
    caller, agent = found["turns"]
    assert (caller["text"], caller["start_ms"]) == ("When do you open?", 1000)
    assert agent["who"] == "agent"
    assert agent["interrupted"] is False
    assert agent["latency_ms"]["first_audio_ms"] == 330
    assert found["recording"] == {
        "uri": "s3://recordings/a.wav",
        "path": "/data/a.wav",
        "channels": 2,
        "sample_rate": 8000,
        "duration_ms": 6000,
    }
    assert [event["type"] for event in found["events"]][-1] == "RecordingStored"
    assert found["checks"] == [{"name": PASSED.name, "passed": True, "detail": PASSED.detail}]


def test_without_a_recording_the_json_says_null() -> None:
    assert json.loads(report.as_json(outcome(PASSED, bodies=BODIES[:-1])))["recording"] is None


@pytest.mark.parametrize(
    ("checks", "ok"), [([PASSED], True), ([PASSED, FAILED], False), ([], False)]
)
def test_only_a_call_that_passed_every_check_is_ok(checks: list[Check], ok: bool) -> None:
    assert outcome(*checks).ok is ok


def test_a_person_sees_latencies_checks_places_and_what_to_type() -> None:
    text = shown(outcome(PASSED))

    for part in ("When do you open?", "330", "✓", "s3://recordings/a.wav", "/data/a.wav"):
        assert part in text
    assert ".venv/bin/callsure calls show call_1" in text
    assert "as expected" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_a_failed_check_is_shown_in_full() -> None:
    long = Check("3 long", False, "“" + "many words " * 30 + "”")
    text = shown(outcome(PASSED, long))

    assert "✗" in text
    assert text.count("many") == 30
    assert "1 of the checks failed" in text
