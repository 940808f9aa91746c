# SPDX-License-Identifier: Apache-2.0
"""Notices and checks of one sighting, made without a database, and the timeline of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from haechi.notices import Check, CheckOutcome, Notice, NoticeText, clock_of, law_named
from haechi.workflows import Sighting, Timeline
from haechi.workflows._timeline import timeline_of

LAW = law_named("US-TIDA")
START = datetime(2026, 11, 1, 9, tzinfo=UTC)
PLACE = Sighting(url="https://example.com", id="sgt_1", recorded_at=START)


def hours(count: float) -> datetime:
    """So many hours after the place was recorded."""
    return START + timedelta(hours=count)


def made_notice(
    drafted: float,
    sent: float | None = None,
    received: float | None = None,
    *,
    sighting_id: str = "sgt_1",
) -> Notice:
    """A notice to a service called Forum, its times in hours after the start."""
    sent_at = None if sent is None else hours(sent)
    received_at = None if received is None else hours(received)
    return Notice(
        f"ntc_{drafted}",
        sighting_id,
        LAW.id,
        "Forum",
        "draft" if sent is None else "sent",
        NoticeText("text", "0", ()),
        hours(drafted),
        clock_of(LAW, sent_at=sent_at, received_at=received_at),
        sent_at,
        received_at,
    )


def made_check(
    outcome: str, at: float, country: str | None = None, *, sighting_id: str = "sgt_1"
) -> Check:
    """A look, its time in hours after the start."""
    return Check(f"chk_{at}", sighting_id, CheckOutcome(outcome), country, hours(at))


def made_timeline(
    notices: Iterable[Notice] = (),
    checks: Iterable[Check] = (),
    *,
    now: float = 1000,
    is_watched: bool = True,
) -> Timeline:
    """The timeline of the place as of so many hours after the start."""
    return timeline_of(PLACE, notices, checks, now=hours(now), is_watched=is_watched)
