# SPDX-License-Identifier: Apache-2.0
"""Checks: one look at a sighting, and what was found there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Final

from babel import Locale
from sqlalchemy import Connection, delete, insert, select

from haechi.errors import MalformedField
from haechi.notices._tables import notice, sighting_check
from haechi.storage import new_id
from haechi.values import utc_now

_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
# Of two letters in the CLDR, and no country of ISO 3166: unions, test codes, user-assigned ones.
_NO_COUNTRY: Final = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ")
)


class CheckOutcome(StrEnum):
    """What a look at a sighting found; the order is from good to bad.

    `blocked_in` is one country's: it is still there for people elsewhere, and never `removed`.
    `deindexed`: a search leads there no longer; it is still there. `refused` and `no_answer` are of
    the service that was asked.
    """

    REMOVED = "removed"
    DEINDEXED = "deindexed"
    BLOCKED_IN = "blocked_in"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UP = "up"
    REAPPEARED = "reappeared"


_ORDER: Final = list(CheckOutcome)


@dataclass(frozen=True, slots=True)
class Check:
    """One look; `recorded_at` is when it was told here, None where it was not yet. `country` (ISO 3166 alpha-2) says where it is blocked, and is None otherwise."""

    id: str
    sighting_id: str
    outcome: CheckOutcome
    country: str | None
    looked_at: datetime
    recorded_at: datetime | None = None


def by_time(check: Check) -> tuple[datetime, int, str]:
    """What checks are sorted by: time, and at the same moment the worse outcome comes last and counts."""
    return check.looked_at, _ORDER.index(check.outcome), check.country or ""


def add_check(
    tx: Connection,
    *,
    case_id: str,
    sighting_id: str,
    outcome: CheckOutcome,
    country: str | None,
    looked_at: datetime,
) -> Check:
    """Keep what one look found. The country may be written in small letters.

    Does not check that the sighting is of the case; the workflows do.

    Raises:
        MalformedField: `blocked_in` without a country, another outcome with one, no country of ISO
            3166, or a look in the future or before the year 2000.
        ValueError: a time without a zone.
    """
    if looked_at.tzinfo is None:
        raise ValueError("a check needs a time with a zone")
    if not _EARLIEST <= looked_at <= utc_now():
        raise MalformedField(
            field="looked_at", reason="A look has been made already, and not before the year 2000."
        )
    check = Check(
        new_id("chk"),
        sighting_id,
        outcome,
        _country(outcome, country),
        looked_at.astimezone(UTC),
        utc_now(),
    )
    tx.execute(
        insert(sighting_check).values(
            id=check.id,
            case_id=case_id,
            sighting_id=sighting_id,
            outcome=outcome.value,
            country=check.country,
            looked_at=check.looked_at,
            recorded_at=check.recorded_at,
        )
    )
    return check


def checks_of(tx: Connection, case_id: str) -> list[Check]:
    """Every look at a sighting of the case, by time."""
    rows = tx.execute(select(sighting_check).where(sighting_check.c.case_id == case_id))
    found = (
        Check(
            row.id,
            row.sighting_id,
            CheckOutcome(row.outcome),
            row.country,
            row.looked_at,
            row.recorded_at,
        )
        for row in rows
    )
    return sorted(found, key=by_time)


def forget_case(tx: Connection, case_id: str) -> None:
    """Erase every notice and check of the case; again is no change."""
    for table in (notice, sighting_check):
        tx.execute(delete(table).where(table.c.case_id == case_id))


def _country(outcome: CheckOutcome, typed: str | None) -> str | None:
    country = (typed or "").strip().upper()
    if outcome is not CheckOutcome.BLOCKED_IN:
        if country:
            raise MalformedField(
                field="country", reason="A country belongs to the outcome blocked_in only."
            )
        return None
    if country not in _countries():
        raise MalformedField(
            field="country",
            reason="Say in which country it is blocked, with its two letters, such as KR.",
        )
    return country


@cache
def _countries() -> frozenset[str]:
    """The codes of ISO 3166-1 alpha-2, as the CLDR knows them."""
    codes = {str(code) for code in Locale("en").territories}
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha()) - _NO_COUNTRY
