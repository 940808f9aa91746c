# SPDX-License-Identifier: Apache-2.0
"""What she wants for her case: may the centre act for her, how often is there news, is it watched."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update

from haechi.cases._tables import case
from haechi.errors import NotFound
from haechi.values import utc_now


class Agency(StrEnum):
    """May the centre act for her: she has not said, yes, or no."""

    UNSET = "unset"
    YES = "yes"
    NO = "no"


class NewsEvery(StrEnum):
    """How often her page shows what is new."""

    ALWAYS = "always"
    WEEK = "week"
    MONTH = "month"
    NEVER = "never"


_PAUSES: Final = {NewsEvery.WEEK: timedelta(days=7), NewsEvery.MONTH: timedelta(days=30)}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What she chose; `is_watched` says whether anybody should look whether it came back."""

    agency: Agency
    news_every: NewsEvery
    news_set_at: datetime | None
    is_watched: bool

    def news_until(self, now: datetime) -> datetime:
        """The moment up to which her page shows what happened; later news waits.

        Weeks and months are counted from when she chose them, so nothing but her choice decides.
        """
        if self.news_every is NewsEvery.ALWAYS or self.news_set_at is None:
            return now
        if self.news_every is NewsEvery.NEVER:
            return self.news_set_at
        pause = _PAUSES[self.news_every]
        return self.news_set_at + pause * max((now - self.news_set_at) // pause, 0)


def wishes_of(tx: Connection, case_id: str) -> Wishes:
    """What was chosen for this case.

    Raises:
        NotFound: no such case.
    """
    row = tx.execute(
        select(case.c.agency, case.c.news_every, case.c.news_set_at, case.c.is_watched).where(
            case.c.id == case_id
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    return Wishes(Agency(row.agency), NewsEvery(row.news_every), row.news_set_at, row.is_watched)


def set_agency(tx: Connection, case_id: str, agency: Agency) -> None:
    """From now on the centre may act for her, or may not.

    Raises:
        NotFound: no such case.
    """
    wishes_of(tx, case_id)
    tx.execute(
        update(case).where(case.c.id == case_id).values(agency=agency.value, changed_at=utc_now())
    )


def set_quiet(tx: Connection, case_id: str, *, news_every: NewsEvery, is_watched: bool) -> None:
    """How often there is news, from now on, and whether anybody looks again; the same is no change."""
    wishes = wishes_of(tx, case_id)
    now = utc_now()
    values: dict[str, object] = {"is_watched": is_watched, "changed_at": now}
    if wishes.news_every is not news_every:
        values |= {"news_every": news_every.value, "news_set_at": now}
    tx.execute(update(case).where(case.c.id == case_id).values(**values))
