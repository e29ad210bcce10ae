"""What the unit tests of the pipeline share: a clock that stands still and a call to write on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from loguru import logger

from core.clock import ManualClock
from pipelines.context import CallContext
from storage.call_log import CallLogs

pytest.register_assert_rewrite("tests.unit.snapshot")


@pytest.fixture(autouse=True, scope="session")
def _quiet_pipecat() -> Iterator[None]:
    """Pipecat words every frame for its log, wanted or not."""
    logger.disable("pipecat")
    yield
    logger.enable("pipecat")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def context(tmp_path: Path, clock: ManualClock) -> AsyncIterator[CallContext]:
    """A leg of a call whose events nobody but the test reads."""
    log = CallLogs(tmp_path, None, clock).open("call_1", 1)
    yield CallContext(log, clock)
    await log.close()
