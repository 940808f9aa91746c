# SPDX-License-Identifier: Apache-2.0
"""What was said of many contents, for whoever is told of them all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from haechi.review._opinions import GivenOpinion
from haechi.review._tables import opinion
from haechi.values import ActorKind, Opinion

_MOST_IDS: Final = 500


def opinions_among(tx: Connection, content_ids: Sequence[str]) -> dict[str, list[GivenOpinion]]:
    """What each giver said last of each of these contents or of any match with it, by the content's id."""
    latest: dict[tuple[str, str], GivenOpinion] = {}
    for first in range(0, len(content_ids), _MOST_IDS):
        rows = tx.execute(
            select(opinion)
            .where(opinion.c.content_id.in_(content_ids[first : first + _MOST_IDS]))
            .order_by(opinion.c.given_at, opinion.c.id)
        )
        for row in rows:
            latest[row.content_id, row.giver_id] = GivenOpinion(
                row.content_id,
                row.match_id,
                row.giver_id,
                ActorKind(row.giver_kind),
                Opinion(row.value),
                row.given_at,
            )
    by_content: dict[str, list[GivenOpinion]] = {}
    for given in latest.values():
        by_content.setdefault(given.content_id, []).append(given)
    return by_content
