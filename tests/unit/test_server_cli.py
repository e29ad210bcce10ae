"""The command line: help without loading models, errors as one clear line."""

import subprocess
import sys
from pathlib import Path

import pytest

from server import cli

COMMANDS = [
    [], ["serve"], ["demo"], ["settings"], ["doctor"], ["ingest"], ["calls"], ["calls", "list"],
    ["calls", "show"], ["calls", "tail"], ["agents"], ["agents", "apply"], ["agents", "list"],
]  # fmt: skip


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["callsure", *arguments])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "callsure")
def test_every_command_explains_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert run(monkeypatch, *command, "--help") == 0
    assert "Usage" in capsys.readouterr().out


def test_help_loads_no_model_and_no_pipeline() -> None:
    code = (
        "import sys, server.cli; "
        "heavy = {'pipecat', 'onnxruntime', 'boto3', 'llama_index', 'numpy'} & set(sys.modules); "
        "sys.exit(', '.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_a_wrong_setting_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLSURE_PORT", "[none]")

    assert run(monkeypatch, "serve") == 1

    error = capsys.readouterr().err
    assert error.startswith("callsure: Settings are wrong: CALLSURE_PORT")
    assert error.rstrip().endswith("[settings_invalid]")
    assert len(error.splitlines()) == 1


def test_an_agent_that_is_not_there_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CALLSURE_HOME", str(tmp_path / "home"))

    assert run(monkeypatch, "demo", "--agent", str(tmp_path)) == 1

    assert "agent.yaml" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_an_unknown_option_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, "demo", "--agnet", "x") == 2


def test_settings_mask_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CALLSURE_TWILIO_AUTH_TOKEN", "swordfish")
    monkeypatch.setenv("CALLSURE_PORT", "1234")

    assert run(monkeypatch, "settings") == 0

    shown = capsys.readouterr().out
    assert "CALLSURE_PORT=1234" in shown
    assert "swordfish" not in shown
