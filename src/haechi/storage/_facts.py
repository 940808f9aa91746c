# SPDX-License-Identifier: Apache-2.0
"""Facts about the whole store, each made once."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from haechi.storage._tables import store_info


def stored_fact(tx: Connection, name: str) -> bytes | None:
    """The fact of that name; None if it was never made."""
    return tx.scalar(select(store_info.c.value).where(store_info.c.name == name))


def make_fact(tx: Connection, name: str, make: Callable[[], bytes]) -> bytes:
    """The fact of that name; made if there is none yet, and of two at once the first counts."""
    found = stored_fact(tx, name)
    if found is not None:
        return found
    try:
        with tx.begin_nested():
            tx.execute(insert(store_info).values(name=name, value=make()))
    except IntegrityError:
        pass  # another process made it at the same moment: that one counts
    return bytes(
        tx.execute(select(store_info.c.value).where(store_info.c.name == name)).scalar_one()
    )
