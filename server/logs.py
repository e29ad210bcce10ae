"""Structured logs: one line an event, JSON or for a terminal, redacted on the way out."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

from core.redaction import redact, redact_fields

# Lines of libraries below this level say how they work, not what happened here.
_NOISY = {
    "twilio.http_client": "WARNING",
    "uvicorn.error": "WARNING",
    "uvicorn.access": "WARNING",
    "httpx": "WARNING",
    "botocore": "WARNING",
    "websockets": "WARNING",
    "alembic": "WARNING",
}


def configure_logs(level: str, style: str) -> None:
    """Route structlog, the standard library's logging and Pipecat's loguru into one stream.

    Args:
        level: The least severe level that is written.
        style: ``json``, ``console``, or ``auto``: console on a terminal, else JSON.
    """
    console = style == "console" or (style == "auto" and sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.format_exc_info,
                _redacted,
                structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
                if console
                else structlog.processors.JSONRenderer(),
            ],
        )
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _NOISY.items():
        logging.getLogger(name).setLevel(least)
    _route_loguru(level)


def _route_loguru(level: str) -> None:
    """Hand what Pipecat logs through loguru to the same stream."""
    from loguru import logger

    def forward(message: Any) -> None:
        record = message.record
        logging.getLogger(record["name"]).log(record["level"].no, record["message"])

    logger.remove()
    # Pipecat narrates each frame at debug and each connection at info.
    logger.add(forward, level="DEBUG" if level == "debug" else "WARNING", format="{message}")


def _redacted(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    exception = fields.pop("exception", None)
    clean = redact_fields(fields)
    if exception is not None:
        clean["exception"] = redact(str(exception))
    return clean
