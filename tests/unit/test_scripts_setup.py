"""Setup: which Python it takes, what it finds missing, and when it has nothing to do."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "setup.py"
LOCK = """\
# a comment
alpha-one==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:ab
    # via callsure
beta.two==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:bb
"""


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, at work in an empty checkout."""
    spec = importlib.util.spec_from_file_location("callsure_setup", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "callsure_setup", module)
    spec.loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "runtime.lock").write_text(LOCK)
    (tmp_path / "pyproject.toml").write_text("")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "callsure-setup.json")
    monkeypatch.delenv("CALLSURE_PYTHON", raising=False)
    return module


def program(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_what_is_installed_is_not_missing(setup: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements" / "runtime.lock"
    assert list(setup.missing_from_environment(lock)) == ["alpha-one==1.0", "beta-two==2.0"]

    packages = tmp_path / ".venv" / "lib" / "python3.12" / "site-packages"
    (packages / "Alpha_One-1.0.dist-info").mkdir(parents=True)

    missing = setup.missing_from_environment(lock)
    assert list(missing) == ["beta-two==2.0"]
    assert missing["beta-two==2.0"] == [
        "beta.two==2.0 ; sys_platform == 'win32' \\",
        "    --hash=sha256:bb",
    ]


def test_a_dead_shim_is_passed_over(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = program(tmp_path / "python3.13", "echo 'command not found' >&2; exit 127")
    old = program(tmp_path / "python3", "echo 3.9")
    good = program(tmp_path / "python3.12", "echo 3.12")
    monkeypatch.setattr(setup.sys, "executable", old)
    monkeypatch.setattr(setup, "NAMES_OF_PYTHON", (dead, "no-such-python", good))

    assert setup.find_python() == good


def test_without_a_fitting_python_it_says_what_to_do(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLSURE_PYTHON", program(tmp_path / "python3", "echo 3.14"))

    with pytest.raises(setup.SetupError, match="CALLSURE_PYTHON=/path"):
        setup.find_python()


def test_a_python_without_venv_names_the_package(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partial = program(tmp_path / "python3", 'case "$2" in *ensurepip*) exit 1;; esac; echo 3.12')
    monkeypatch.setenv("CALLSURE_PYTHON", partial)

    with pytest.raises(setup.SetupError, match="python3-venv"):
        setup.find_python()


def test_a_stamped_environment_is_left_alone(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "make_environment", lambda: pytest.fail("it began to work"))
    setup.PYTHON.parent.mkdir(parents=True)
    setup.PYTHON.touch()
    setup.STAMP.write_text(f'{{"runtime": "{setup.fingerprint("runtime")}"}}')

    setup.main("runtime")

    (tmp_path / "requirements" / "runtime.lock").write_text(LOCK + "gamma==3\n")
    with pytest.raises(pytest.fail.Exception, match="began to work"):
        setup.main("runtime")


def test_settings_that_would_lead_pip_elsewhere_are_left_out(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels")

    kept = setup.clean_environment()

    assert "PIP_TARGET" not in kept
    assert kept["PIP_FIND_LINKS"] == "/wheels"
