# SPDX-License-Identifier: Apache-2.0
"""Opinions: the latest that each giver said of a content, or of one match with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.review._tables import opinion
from haechi.storage import new_id
from haechi.values import ActorKind, Opinion, utc_now


@dataclass(frozen=True, slots=True)
class GivenOpinion:
    """What somebody said, and when; `match_id` is empty where it is of the content as a whole."""

    content_id: str
    match_id: str
    giver_id: str
    giver_kind: ActorKind
    value: Opinion
    given_at: datetime


def give_opinion(
    tx: Connection,
    *,
    content_id: str,
    giver_id: str,
    giver_kind: ActorKind,
    value: Opinion,
    match_id: str = "",
) -> None:
    """Note an opinion in place of what the same giver said of the same thing before."""
    now = utc_now()
    before = (
        update(opinion)
        .where(
            opinion.c.content_id == content_id,
            opinion.c.match_id == match_id,
            opinion.c.giver_id == giver_id,
        )
        .values(value=value.value, given_at=now)
    )
    if tx.execute(before).rowcount:
        return
    try:
        with tx.begin_nested():
            tx.execute(
                insert(opinion).values(
                    id=new_id("opi"),
                    content_id=content_id,
                    match_id=match_id,
                    giver_id=giver_id,
                    giver_kind=giver_kind.value,
                    value=value.value,
                    given_at=now,
                )
            )
    except IntegrityError:
        # Said twice at the same moment.
        tx.execute(before)


def opinions_of(tx: Connection, content_id: str) -> list[GivenOpinion]:
    """Everything that was said of a content and its matches, newest first."""
    rows = tx.execute(
        select(opinion)
        .where(opinion.c.content_id == content_id)
        .order_by(opinion.c.given_at.desc(), opinion.c.id)
    )
    return [
        GivenOpinion(
            row.content_id,
            row.match_id,
            row.giver_id,
            ActorKind(row.giver_kind),
            Opinion(row.value),
            row.given_at,
        )
        for row in rows
    ]


def latest_opinions(tx: Connection, content_id: str) -> dict[str, GivenOpinion]:
    """What each giver said last of a content or of any match with it, by the giver's id."""
    latest: dict[str, GivenOpinion] = {}
    for given in opinions_of(tx, content_id):
        latest.setdefault(given.giver_id, given)
    return latest
