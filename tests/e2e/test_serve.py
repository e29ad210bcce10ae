"""`callsure serve` from outside: its health, its locked doors, its ways of ending."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from server.demo.server_process import free_port
from tests.processes import are_gone, processes_of


@contextmanager
def server(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """A server on an empty home, ready; killed if the test leaves it running."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "serve"],
        env={**os.environ, "CALLSURE_HOME": str(home), "CALLSURE_PORT": str(port)},
        stderr=(home / "serve.log").open("wb"),
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        try:
            for _ in range(900):
                try:
                    if http.get("/readyz").is_success:
                        break
                except httpx.TransportError:
                    pass
                assert process.poll() is None, (home / "serve.log").read_text()
                time.sleep(0.1)
            yield process, http
        finally:
            process.kill()
            process.wait()


def test_a_fresh_server_is_ready_locked_and_stops_cleanly(server_home: Path) -> None:
    with server(server_home) as (process, http):
        health = http.get("/readyz").json()
        assert health["status"] == "ready"
        assert set(health["components"]) == {"agents", "database", "objects"}
        assert http.get("/livez").json() == {"status": "ok"}

        refused = http.post("/twilio/voice", data={"CallSid": "CA1", "To": "+15550100100"})
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "bad_signature"
        assert http.get("/nothing").json()["code"] == "not_found"

        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert are_gone(server_home)
        assert not (server_home / "run" / "servers.json").exists()
        log = (server_home / "serve.log").read_text()
        assert "stopped" in log
        assert "Traceback" not in log


@pytest.mark.parametrize("moment", [0.3, 2.5])
def test_a_server_told_to_stop_while_it_starts_leaves_nothing(
    server_home: Path, moment: float
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "serve"],
        env={**os.environ, "CALLSURE_HOME": str(server_home), "CALLSURE_PORT": str(free_port())},
        stderr=subprocess.PIPE,
    )
    time.sleep(moment)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)

    assert process.returncode in (0, -signal.SIGTERM), errors.decode()
    assert b"Traceback" not in errors
    assert are_gone(server_home)


def test_a_killed_server_takes_its_servers_with_it(server_home: Path) -> None:
    with server(server_home) as (process, _):
        assert processes_of(server_home)
        process.kill()
        process.wait()
        assert are_gone(server_home)
