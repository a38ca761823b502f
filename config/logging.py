"""Logging: one JSON line an event on standard error, ids bound once at the edge."""

import logging
import sys

import structlog


def set_up_logging(level: str) -> None:
    """Send structlog's events, and the standard library's warnings, to standard error as JSON lines.

    A line is one write, so that those of several processes on one pipe do not mix.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
