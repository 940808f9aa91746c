# SPDX-License-Identifier: Apache-2.0
"""Clocks: when something is due, and what starts the counting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from haechi.notices._laws import Law


class ClockKind(StrEnum):
    """Where the time comes from: a statute, or our own practice. Never mixed up."""

    STATUTORY = "statutory"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Clock:
    """A due time and what starts it.

    `length` is elapsed time. `started_at` and `due_at` are None while the clock has not started. `is_confirmed` says that the
    service itself acknowledged the receipt; otherwise the time of sending stands in for it.
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
    started_at = received_at or sent_at
    if started_at is not None:
        if started_at.tzinfo is None:
            raise ValueError("a clock needs a time with a zone")
        # In UTC first: adding to a local time would count a daylight-saving hour.
        started_at = started_at.astimezone(UTC)
    return Clock(
        kind=ClockKind.STATUTORY,
        law_id=law.id,
        starts_with=law.starts_with,
        length=law.length,
        started_at=started_at,
        due_at=None if started_at is None else started_at + law.length,
        is_confirmed=received_at is not None,
    )
