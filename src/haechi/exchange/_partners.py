# SPDX-License-Identifier: Apache-2.0
"""Partners: organisations with a token, scopes, and a kind by which people share with them or do not."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import MalformedField, NotFound
from haechi.exchange._tables import partner
from haechi.storage import new_id
from haechi.values import PartnerKind, Reader, utc_now

SCOPES: Final = frozenset({"match", "distance", "metrics"})
"""`match`: ask whether an upload is known. `distance`: also learn how near, and by which view.
`metrics`: read the counts of `/metrics`."""

_NAME: Final = re.compile(r"[\w .-]{1,80}")


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation with a token; the token itself is known to the organisation only."""

    id: str
    name: str
    scopes: frozenset[str]
    reader: Reader
    created_at: datetime
    revoked_at: datetime | None


def add_partner(
    tx: Connection,
    *,
    name: str,
    scopes: Collection[str],
    kind: PartnerKind,
    serves_adults_only: bool,
) -> tuple[Partner, str]:
    """A new partner and its token, which is shown this once and never again.

    An adult site serves adults only, whatever is said of it; any other kind may. The kind is what the
    operator says: nothing here checks it.

    Raises:
        MalformedField: the name is taken or not a name, or a scope is none.
    """
    if not _NAME.fullmatch(name.strip()):
        raise MalformedField(
            field="name", reason="A name is 1 to 80 letters, digits, spaces, dots or dashes."
        )
    if not scopes or not SCOPES.issuperset(scopes):
        raise MalformedField(
            field="scope", reason=f"A scope is one of: {', '.join(sorted(SCOPES))}."
        )
    token = f"hp_{secrets.token_urlsafe(32)}"
    made = Partner(
        new_id("ptn"),
        name.strip(),
        frozenset(scopes),
        _reader(kind, serves_adults_only=serves_adults_only),
        utc_now(),
        None,
    )
    try:
        tx.execute(
            insert(partner).values(
                id=made.id,
                name=made.name,
                token_sha256=_digest(token),
                scopes=" ".join(sorted(scopes)),
                kind=made.reader.kind.value,
                serves_adults_only=made.reader.serves_adults_only,
                created_at=made.created_at,
            )
        )
    except IntegrityError as error:
        raise MalformedField(
            field="name", reason="There is a partner of that name already. Choose another name."
        ) from error
    return made, token


def partner_of(tx: Connection, token: str) -> Partner | None:
    """The partner that holds this token; None if there is none or it was revoked."""
    row = tx.execute(
        select(partner).where(
            partner.c.token_sha256 == _digest(token), partner.c.revoked_at.is_(None)
        )
    ).one_or_none()
    return None if row is None else _partner(row)


def all_partners(tx: Connection) -> list[Partner]:
    """Every partner, revoked ones too, by name."""
    return [_partner(row) for row in tx.execute(select(partner).order_by(partner.c.name))]


def revoke_partner(tx: Connection, name: str) -> str:
    """End a partner's token at once; returns the partner's id.

    Raises:
        NotFound: no partner of that name has a token.
    """
    partner_id = tx.scalar(
        update(partner)
        .where(partner.c.name == name, partner.c.revoked_at.is_(None))
        .values(revoked_at=utc_now())
        .returning(partner.c.id)
    )
    if partner_id is None:
        raise NotFound
    return str(partner_id)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _reader(kind: PartnerKind, *, serves_adults_only: bool) -> Reader:
    return Reader(kind, serves_adults_only or kind is PartnerKind.ADULT_SITE)


def _partner(row: Row[Any]) -> Partner:
    return Partner(
        row.id,
        row.name,
        frozenset(row.scopes.split()),
        _reader(PartnerKind(row.kind), serves_adults_only=row.serves_adults_only),
        row.created_at,
        row.revoked_at,
    )
