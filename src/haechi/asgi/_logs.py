# SPDX-License-Identifier: Apache-2.0
"""Logs: one JSON line for an event, with a static name; no address, no header, no path, no value."""

from __future__ import annotations

import sys

import structlog


def quiet_logging() -> None:
    """Set up structlog: warnings and errors to standard error, tracebacks without local variables."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(30),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
