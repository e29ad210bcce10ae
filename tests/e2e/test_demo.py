"""`callsure demo` as its user runs it: a whole call on an empty home, for each example business."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from tests.processes import are_gone

EXAMPLES = Path(__file__).parents[2] / "examples"


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.cli", "demo", "--json", *arguments],
        env={**os.environ, "CALLSURE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize("business", ["front_desk", "harbor_inn"])
def test_a_whole_call_goes_as_its_script_expects(server_home: Path, business: str) -> None:
    folder = EXAMPLES / business
    done = demo(server_home, "--agent", str(folder), "--script", str(folder / "script"))

    assert done.stdout, done.stderr
    call: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    failed = [check for check in call["checks"] if not check["passed"]]
    assert not failed, done.stderr
    assert call["ok"] is True
    assert done.returncode == 0
    assert {"answer to", "median"} <= set(done.stderr.replace("  ", "\n").split("\n"))
    with wave.open(call["recording"]["path"]) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)
    interrupted = [turn for turn in call["turns"] if turn["interrupted"]]
    assert [turn["who"] for turn in interrupted][:1] == ["agent"]
    assert are_gone(server_home)


@pytest.mark.timeout(300)
def test_a_script_that_expects_something_else_fails_the_demo(
    server_home: Path, tmp_path: Path
) -> None:
    source = EXAMPLES / "front_desk" / "script"
    (tmp_path / "hours.wav").write_bytes((source / "hours.wav").read_bytes())
    (tmp_path / "script.yaml").write_text(
        "steps:\n"
        "  - say: hours.wav\n"
        "    text: What time do you open on Saturday?\n"
        "    after: greeting\n"
        "    expect: {answer_contains_all: [midnight]}\n"
        "  - say: hours.wav\n"
        "    text: What time do you open on Saturday?\n"
        "    hang_up: true\n"
    )

    done = demo(server_home, "--script", str(tmp_path))

    call = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1
    assert call["ok"] is False
    assert [check["name"] for check in call["checks"] if not check["passed"]] == [
        "1 hours: answer has “midnight”"
    ]
