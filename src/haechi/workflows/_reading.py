# SPDX-License-Identifier: Apache-2.0
"""Reading while the database may be away: whoever asks is told to try again, not that we failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection

from haechi.errors import Unavailable
from haechi.storage import DATABASE_AWAY, Database

_log = structlog.get_logger(__name__)


@contextmanager
def reading(database: Database) -> Iterator[Connection]:
    """As `Database.read`, for what a partner waits for.

    Raises:
        Unavailable: the database does not answer.
    """
    try:
        with database.read() as tx:
            yield tx
    except DATABASE_AWAY as error:
        # Of which class, but not its text: that may hold the address of the database.
        _log.warning("database_away", error_class=type(error).__name__)
        raise Unavailable from error
