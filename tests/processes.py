"""Who still works in a folder: what a stopped server must not leave behind."""

import os
import time
from pathlib import Path


def processes_of(home: Path) -> list[str]:
    """Command lines of all other processes that name this folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it has just ended
            if str(home).encode() in line:
                found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found


def are_gone(home: Path, within_s: float = 10.0) -> bool:
    """Whether they all end within a time."""
    until = time.monotonic() + within_s
    while processes_of(home):
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True
