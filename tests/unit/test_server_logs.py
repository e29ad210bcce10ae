"""Logs: one redacted JSON object a line, whatever library wrote it."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from loguru import logger as loguru

from server.logs import configure_logs


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    loguru.remove()


def lines(captured: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in captured.splitlines()]


def test_a_line_has_its_time_level_and_fields_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")

    structlog.get_logger("a.module").info("call_started", caller="+15550100001", token="t0k3n", n=1)

    (line,) = lines(capsys.readouterr().err)
    assert line["event"] == "call_started"
    assert line["level"] == "info"
    assert line["logger"] == "a.module"
    assert str(line["timestamp"]).endswith("Z")
    assert (line["caller"], line["token"], line["n"]) == ("[phone]", "[secret]", 1)


def test_the_standard_library_and_loguru_join_in(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")

    logging.getLogger("some.library").warning("mail from %s", "jane@example.com")
    loguru.warning("stream of +15550100001 broke")
    loguru.info("a frame went by")

    events = [line["event"] for line in lines(capsys.readouterr().err)]
    assert events == ["mail from [email]", "stream of [phone] broke"]


def test_less_severe_lines_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("warning", "json")

    structlog.get_logger("a").info("quiet")
    structlog.get_logger("a").error("loud")

    assert [line["event"] for line in lines(capsys.readouterr().err)] == ["loud"]


def test_an_exceptions_text_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "json")

    try:
        raise ValueError("postgresql://me:hunter22@db/x")
    except ValueError:
        structlog.get_logger("a").exception("failed")

    (line,) = lines(capsys.readouterr().err)
    assert "hunter22" not in str(line["exception"])
    assert "ValueError" in str(line["exception"])


def test_a_terminal_gets_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("info", "console")

    structlog.get_logger("a").info("call_started", caller="+15550100001")

    text = capsys.readouterr().err
    assert "call_started" in text
    assert "caller=[phone]" in text.replace("'", "")
