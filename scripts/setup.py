"""Make `.venv` and install what the lock files pin.

Usage: python3 scripts/setup.py [runtime|dev]

`runtime` is what the server and the demo need; `dev` adds what tests and checks need. A finished
setup is stamped with a hash of its lock, so that the next run returns at once and needs no network.
pip keeps the machine's own configuration (mirrors, certificates, wheel folders).

Standard library only. Runs under any Python from 3.7 on and looks for one that Callsure supports.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "callsure-setup.json"
SUPPORTED = ((3, 11), (3, 12), (3, 13))
NAMES_OF_PYTHON = ("python3.13", "python3.12", "python3.11", "python3", "python")
# Two installers at once: unpacking one wheel and fetching the next keep two cores busy.
INSTALLERS = 2
# Settings that would send the packages somewhere else than into the environment.
MISLEADING = ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER")


class SetupError(Exception):
    """What went wrong and what to do about it."""


class Pip:
    """One run of the environment's pip, its output gathered as it comes."""

    def __init__(self, *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=clean_environment(),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        if self.process.stdout is not None:
            self.lines.extend(self.process.stdout)

    def finish(self, problem: str) -> None:
        """Wait for the end and turn a failure into advice."""
        self.process.wait()
        self._reader.join()
        if self.process.returncode == 0:
            return
        errors = [line for line in self.lines if line.startswith("ERROR")] or self.lines[-8:]
        raise SetupError(
            f"{problem}:\n{''.join(errors)}"
            "The first setup needs a network, or a folder of wheels named in pip's configuration\n"
            "(PIP_FIND_LINKS). Run `make setup` again afterwards: what is installed already stays."
        )


def main(kind: str) -> None:
    """Bring `.venv` to the state that the lock of this kind describes."""
    wanted = fingerprint(kind)
    if stamps().get(kind) == wanted and PYTHON.exists():
        return
    started = time.monotonic()
    make_environment()
    missing = missing_from_environment(ROOT / "requirements" / f"{kind}.lock")
    if missing:
        install(missing)
        compile_all()
    say("Installing callsure itself …")
    editable = Pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    editable.finish("callsure could not be installed into .venv")
    STAMP.write_text(json.dumps({**stamps(), kind: wanted, "root": str(ROOT)}, indent=1))
    say(f"Set up in {time.monotonic() - started:.0f} s.")


def fingerprint(kind: str) -> str:
    """A hash of all that decides what an environment of this kind holds, and where it lies."""
    digest = hashlib.sha256(str(ROOT).encode())
    for path in (ROOT / "requirements" / f"{kind}.lock", ROOT / "pyproject.toml"):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def stamps() -> dict[str, str]:
    """What earlier runs finished: the fingerprint by kind, and where the checkout lay."""
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def make_environment() -> None:
    """Make `.venv`, unless one is there that works and belongs to this place."""
    here = stamps().get("root", str(ROOT)) == str(ROOT)
    if here and version_of(str(PYTHON)) in SUPPORTED and runs(str(PYTHON), "import pip"):
        return
    interpreter = find_python()
    say(f"Making .venv with {interpreter} …")
    shutil.rmtree(VENV, ignore_errors=True)
    made = run([interpreter, "-m", "venv", str(VENV)])
    if made.returncode != 0:
        raise SetupError(
            f"{interpreter} -m venv failed: {(made.stderr or made.stdout).strip()[-400:]}\n"
            "On Debian or Ubuntu: apt install python3-venv. Or name another Python: "
            "make setup CALLSURE_PYTHON=/path/to/python3"
        )


def find_python() -> str:
    """The first interpreter of a supported version that runs and can make environments."""
    named = os.environ.get("CALLSURE_PYTHON")
    candidates = [named] if named else [sys.executable, *NAMES_OF_PYTHON]
    found = [name for name in candidates if version_of(name) in SUPPORTED]
    for candidate in found:
        if runs(candidate, "import venv, ensurepip"):
            return candidate
    if found:
        raise SetupError(
            f"{found[0]} cannot make environments. On Debian or Ubuntu: apt install python3-venv"
        )
    raise SetupError(
        f"Python 3.11, 3.12 or 3.13 is needed; none was found as {', '.join(candidates)}.\n"
        "Install one, or name it: make setup CALLSURE_PYTHON=/path/to/python3.12"
    )


def version_of(interpreter: str) -> tuple[int, int] | None:
    """(major, minor) of an interpreter, or None where it does not run (a dead shim, say)."""
    try:
        answer = run([interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])
    except OSError:
        return None
    numbers = re.fullmatch(r"(\d+)\.(\d+)", answer.stdout.strip())
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def runs(interpreter: str, code: str) -> bool:
    """Whether this interpreter runs this code without an error."""
    return run([interpreter, "-c", code]).returncode == 0


def missing_from_environment(lock: Path) -> dict[str, list[str]]:
    """The lock's entries that are not installed: lines by normalised "name==version"."""
    entries: dict[str, list[str]] = {}
    current = ""
    for line in lock.read_text().splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            current = normalised(line.split(";")[0].split()[0])
        if current and line.strip() and not line.lstrip().startswith("#"):
            entries.setdefault(current, []).append(line)
    present = installed()
    return {name: lines for name, lines in entries.items() if name not in present}


def installed() -> set[str]:
    """Normalised "name==version" of every package in the environment."""
    folders = VENV.glob("lib/python*/site-packages/*.dist-info")
    parts = (folder.name[: -len(".dist-info")].rpartition("-") for folder in folders)
    return {normalised(f"{name}=={version}") for name, _, version in parts}


def normalised(requirement: str) -> str:
    """A requirement's name as package indexes compare it."""
    name, _, version = requirement.partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def install(missing: dict[str, list[str]]) -> None:
    """Install these entries, several installers at once, and show how far they are."""
    say("Installing the locked packages, hashes checked …")
    # Dealt out by the number of files on offer: a fair stand-in for a package's size.
    by_size = sorted(missing.values(), key=len)
    options = ("--no-deps", "--require-hashes", "--no-compile", "--progress-bar=off")
    with tempfile.TemporaryDirectory() as folder:
        running = []
        for number in range(min(INSTALLERS, len(by_size))):
            part = Path(folder) / f"part{number}.txt"
            part.write_text("\n".join(sum(by_size[number::INSTALLERS], [])) + "\n")
            running.append(Pip("install", *options, "--requirement", str(part)))
        show_progress(running, set(missing))
        for pip in running:
            pip.finish("pip could not install the locked packages")


def show_progress(running: list[Pip], wanted: set[str]) -> None:
    """Report fetched and installed packages until every installer has ended."""
    live, last = sys.stdout.isatty(), time.monotonic()
    while any(pip.process.poll() is None for pip in running):
        time.sleep(0.3)
        lines = [line for pip in running for line in pip.lines]
        total = len(wanted) - sum(line.startswith("Ignoring ") for line in lines)
        # pip says "Processing" of what it takes from a folder.
        fetched = sum(line.startswith(("Collecting ", "Processing ")) for line in lines)
        done = len(wanted & installed())
        text = f"  fetched {min(fetched, total)}/{total}, installed {done}/{total}"
        if live:
            sys.stdout.write("\r" + text)
            sys.stdout.flush()
        elif time.monotonic() - last > 10:
            say(text)
            last = time.monotonic()
    if live:
        sys.stdout.write("\n")


def compile_all() -> None:
    """Compile the packages on all cores, so that no start-up pays for it."""
    say("Compiling …")
    packages = [str(folder) for folder in VENV.glob("lib/python*/site-packages")]
    # Some packages carry files for other Pythons that never compile: they are never imported.
    run([str(PYTHON), "-m", "compileall", "-q", "-q", "-j", "0", "-x", "/tests?/", *packages])


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run to the end and keep the output."""
    environment = clean_environment()
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def clean_environment() -> dict[str, str]:
    """This process's environment without what would mislead pip."""
    return {name: value for name, value in os.environ.items() if name not in MISLEADING}


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1] if len(sys.argv) > 1 else "runtime")
    except SetupError as error:
        sys.exit(f"setup: {error}")
    except KeyboardInterrupt:
        sys.exit("setup: interrupted; run `make setup` again to go on")
