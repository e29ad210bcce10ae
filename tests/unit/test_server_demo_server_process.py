"""The server as a child process: a failed start says why."""

from pathlib import Path

import pytest

from server.demo.server_process import ServerFailedError, ServerProcess


async def test_a_server_that_ends_at_once_is_quoted(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    settings = {"CALLSURE_HOME": str(tmp_path / "home"), "CALLSURE_MAX_CALLS": "0"}

    with pytest.raises(ServerFailedError) as caught:
        async with ServerProcess(tmp_path, settings, log, lambda stage: None):
            pytest.fail("it cannot have started")

    assert "exit code 1" in caught.value.message
    assert "CALLSURE_MAX_CALLS" in caught.value.message
    assert "CALLSURE_MAX_CALLS" in log.read_text()
