# SPDX-License-Identifier: Apache-2.0
"""Clocks: when something is due, and what starts the counting.

A statutory clock comes from a law's data and nothing configures it. A policy clock is our own practice,
says so, and never stands in for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from haechi.notices._laws import Law

_ACKNOWLEDGED_AFTER: Final = timedelta(hours=6)


class ClockKind(StrEnum):
    """Where the time comes from: a statute, or our own practice. Never mixed up."""

    STATUTORY = "statutory"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Clock:
    """A due time and what starts it.

    `length` is elapsed time. `started_at` and `due_at` are None while the clock has not started. `is_confirmed` says that the
    service itself acknowledged the receipt; otherwise the time of sending stands in for it. `law_id`
    is empty for a policy clock: no law is behind it.
    """

    kind: ClockKind
    law_id: str
    starts_with: str
    length: timedelta
    started_at: datetime | None
    due_at: datetime | None
    is_confirmed: bool


def clock_of(
    law: Law, *, sent_at: datetime | None = None, received_at: datetime | None = None
) -> Clock:
    """The statutory clock of a notice under `law`, counted in elapsed time, in UTC.

    A draft's clock has not started. A sent notice without acknowledgement counts from the sending
    and says that this is unconfirmed.

    Raises:
        ValueError: a time without a zone.
    """
    started_at = _in_utc(received_at or sent_at)
    return Clock(
        kind=ClockKind.STATUTORY,
        law_id=law.id,
        starts_with=law.starts_with,
        length=law.length,
        started_at=started_at,
        due_at=None if started_at is None else started_at + law.length,
        is_confirmed=received_at is not None,
    )


def acknowledgement_clock(
    *, sent_at: datetime | None = None, received_at: datetime | None = None
) -> Clock:
    """By when we expect to hear that a notice came: six hours after the sending. Our practice, no law.

    Raises:
        ValueError: a time without a zone.
    """
    started_at = _in_utc(sent_at)
    return Clock(
        kind=ClockKind.POLICY,
        law_id="",
        starts_with="the request is sent",
        length=_ACKNOWLEDGED_AFTER,
        started_at=started_at,
        due_at=None if started_at is None else started_at + _ACKNOWLEDGED_AFTER,
        is_confirmed=received_at is not None,
    )


def _in_utc(at: datetime | None) -> datetime | None:
    if at is None:
        return None
    if at.tzinfo is None:
        raise ValueError("a clock needs a time with a zone")
    # In UTC first: adding to a local time would count a daylight-saving hour.
    return at.astimezone(UTC)
