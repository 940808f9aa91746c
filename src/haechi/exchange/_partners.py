# SPDX-License-Identifier: Apache-2.0
"""Partners: organisations with tokens, scopes, and a kind by which people share with them or do not."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from haechi import bank
from haechi.errors import MalformedField, NotFound
from haechi.exchange._tables import partner, partner_token
from haechi.storage import KeyId, Vault, new_id
from haechi.values import PartnerKind, Reader, utc_now

SCOPES: Final = frozenset(
    {"match", "distance", "metrics", "changes", "opinions", "contribute", "webhooks"}
)
"""`match`: ask whether an upload is known. `distance`: also learn how near, and by which view.
`metrics`: read the counts of `/metrics`. `changes`: follow the feed, also in StopNCII's shape.
`opinions`: say what a match was, and pass appeals on. `contribute`: put into the banks that it may write.
`webhooks`: be called when something is found later."""

USUAL_LOOKUPS_PER_MIN: Final = 60_000

_NAME: Final = re.compile(r"[\w .-]{1,80}")
_MOST_CHARS: Final = 200
_MOST_KEPT_H: Final = 24 * 30


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation with tokens; the tokens themselves are known to the organisation only."""

    id: str
    name: str
    reader: Reader
    purpose: str
    contact: str
    lookups_per_min: int
    keeps_lookups_h: int
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a partner, without the token."""

    id: str
    partner_id: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, at: datetime) -> bool:
        """Whether it opens anything at that moment."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


def add_partner(
    tx: Connection,
    vault: Vault,
    *,
    name: str,
    kind: PartnerKind,
    serves_adults_only: bool,
    purpose: str = "",
    contact: str = "",
    lookups_per_min: int = USUAL_LOOKUPS_PER_MIN,
    keeps_lookups_h: int = 0,
) -> Partner:
    """A new partner, without a token so far.

    An adult site serves adults only, whatever is said of it; any other kind may. The kind is what the
    operator says: nothing here checks it.

    Raises:
        MalformedField: the name is taken or not a name, or another field cannot be used.
    """
    if not _NAME.fullmatch(name.strip()):
        raise MalformedField(
            field="name", reason="A name is 1 to 80 letters, digits, spaces, dots or dashes."
        )
    _check_texts(purpose=purpose, contact=contact)
    _check_numbers(lookups_per_min, keeps_lookups_h)
    partner_id = new_id("ptn")
    made = Partner(
        partner_id,
        name.strip(),
        _reader(kind, partner_id, serves_adults_only=serves_adults_only),
        purpose.strip(),
        contact.strip(),
        lookups_per_min,
        keeps_lookups_h,
        utc_now(),
        None,
    )
    try:
        tx.execute(
            insert(partner).values(
                id=made.id,
                name=made.name,
                kind=made.reader.kind.value,
                serves_adults_only=made.reader.serves_adults_only,
                key_id=vault.new_key(tx),
                purpose=made.purpose,
                contact=made.contact,
                lookups_per_min=lookups_per_min,
                keeps_lookups_h=keeps_lookups_h,
                created_at=made.created_at,
            )
        )
    except IntegrityError as error:
        raise MalformedField(
            field="name", reason="There is a partner of that name already. Choose another name."
        ) from error
    bank.touch_access(tx)
    return made


def issue_token(
    tx: Connection, partner_id: str, *, scopes: Collection[str], expires_at: datetime | None = None
) -> tuple[Token, str]:
    """A new token of a partner, and its secret, which is shown this once and never again.

    Raises:
        MalformedField: a scope is none. NotFound: no such partner, or it was dismissed.
    """
    if not scopes or not SCOPES.issuperset(scopes):
        raise MalformedField(
            field="scope", reason=f"A scope is one of: {', '.join(sorted(SCOPES))}."
        )
    if partner_by_id(tx, partner_id).revoked_at is not None:
        raise NotFound
    secret = f"hp_{secrets.token_urlsafe(32)}"
    made = Token(new_id("tok"), partner_id, frozenset(scopes), utc_now(), expires_at, None)
    tx.execute(
        insert(partner_token).values(
            id=made.id,
            partner_id=partner_id,
            token_sha256=_digest(secret),
            scopes=" ".join(sorted(made.scopes)),
            created_at=made.created_at,
            expires_at=expires_at,
        )
    )
    bank.touch_access(tx)
    return made, secret


def partner_of(tx: Connection, secret: str, *, at: datetime) -> tuple[Partner, Token] | None:
    """The partner that holds this token, and the token; None if it opens nothing at that moment."""
    row = tx.execute(
        select(partner_token)
        .join(partner, partner.c.id == partner_token.c.partner_id)
        .where(
            partner_token.c.token_sha256 == _digest(secret),
            partner_token.c.revoked_at.is_(None),
            or_(partner_token.c.expires_at.is_(None), partner_token.c.expires_at > at),
            partner.c.revoked_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else (partner_by_id(tx, row.partner_id), _token(row))


def partner_by_id(tx: Connection, partner_id: str) -> Partner:
    """The partner of this id.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(select(partner).where(partner.c.id == partner_id)).one_or_none()
    if row is None:
        raise NotFound
    return _partner(row)


def partner_named(tx: Connection, name: str) -> Partner:
    """The partner of this name, dismissed ones too.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(select(partner).where(partner.c.name == name)).one_or_none()
    if row is None:
        raise NotFound
    return _partner(row)


def all_partners(tx: Connection) -> list[Partner]:
    """Every partner, dismissed ones too, by name."""
    return [_partner(row) for row in tx.execute(select(partner).order_by(partner.c.name))]


def tokens_of(tx: Connection, partner_id: str) -> list[Token]:
    """Every token that a partner was ever given, oldest first."""
    rows = tx.execute(
        select(partner_token)
        .where(partner_token.c.partner_id == partner_id)
        .order_by(partner_token.c.created_at, partner_token.c.id)
    )
    return [_token(row) for row in rows]


def change_partner(
    tx: Connection,
    partner_id: str,
    *,
    kind: PartnerKind | None = None,
    serves_adults_only: bool | None = None,
    purpose: str | None = None,
    contact: str | None = None,
    lookups_per_min: int | None = None,
    keeps_lookups_h: int | None = None,
) -> Partner:
    """The partner as it is now; None leaves a fact as it was.

    A partner that becomes one that serves adults only is told of less from now on; what it copied
    before it is told to forget by the feed.

    Raises:
        NotFound: no such partner, or it was dismissed. MalformedField: a value cannot be used.
    """
    before = partner_by_id(tx, partner_id)
    if before.revoked_at is not None:
        raise NotFound
    _check_texts(purpose=purpose or "", contact=contact or "")
    per_min = before.lookups_per_min if lookups_per_min is None else lookups_per_min
    kept_h = before.keeps_lookups_h if keeps_lookups_h is None else keeps_lookups_h
    _check_numbers(per_min, kept_h)
    only = before.reader.serves_adults_only if serves_adults_only is None else serves_adults_only
    reader = _reader(kind or before.reader.kind, partner_id, serves_adults_only=only)
    tx.execute(
        update(partner)
        .where(partner.c.id == partner_id)
        .values(
            kind=reader.kind.value,
            serves_adults_only=reader.serves_adults_only,
            purpose=before.purpose if purpose is None else purpose.strip(),
            contact=before.contact if contact is None else contact.strip(),
            lookups_per_min=per_min,
            keeps_lookups_h=kept_h,
        )
    )
    bank.touch_access(tx)
    return partner_by_id(tx, partner_id)


def forget_partner(tx: Connection, vault: Vault, partner_id: str) -> None:
    """Destroy the key of what belonged to this partner alone; nothing of it can be opened again."""
    key_id = tx.scalar(select(partner.c.key_id).where(partner.c.id == partner_id))
    if key_id is not None:
        vault.destroy_key(tx, KeyId(key_id))
        tx.execute(update(partner).where(partner.c.id == partner_id).values(key_id=None))


def revoke_token(tx: Connection, token_id: str, *, at: datetime | None = None) -> None:
    """End a token: at once, or at a moment to come, so that its holder can change to another.

    Raises:
        NotFound: no such token, or it was revoked.
    """
    ends = {"revoked_at": utc_now()} if at is None else {"expires_at": at}
    ended = tx.execute(
        update(partner_token)
        .where(partner_token.c.id == token_id, partner_token.c.revoked_at.is_(None))
        .values(**ends)
    )
    if not ended.rowcount:
        raise NotFound
    bank.touch_access(tx)


def revoke_partner(tx: Connection, name: str) -> str:
    """End all tokens of a partner at once; returns the partner's id.

    Raises:
        NotFound: no such partner, or it was dismissed already.
    """
    now = utc_now()
    partner_id = tx.scalar(
        update(partner)
        .where(partner.c.name == name, partner.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(partner.c.id)
    )
    if partner_id is None:
        raise NotFound
    tx.execute(
        update(partner_token)
        .where(partner_token.c.partner_id == partner_id, partner_token.c.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    bank.touch_access(tx)
    return str(partner_id)


def partner_key(tx: Connection, vault: Vault, partner_id: str) -> KeyId:
    """The key that seals what belongs to this partner alone; made if it has none yet.

    Raises:
        NotFound: no such partner, or it was dismissed.
    """
    row = tx.execute(
        select(partner.c.key_id, partner.c.revoked_at).where(partner.c.id == partner_id)
    ).one_or_none()
    if row is None or row.revoked_at is not None:
        raise NotFound
    if row.key_id is not None:
        return KeyId(row.key_id)
    key_id = vault.new_key(tx)
    tx.execute(update(partner).where(partner.c.id == partner_id).values(key_id=key_id))
    return key_id


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _check_texts(**texts: str) -> None:
    for field, text in texts.items():
        if len(text) > _MOST_CHARS:
            raise MalformedField(field=field, reason=f"At most {_MOST_CHARS} characters.")


def _check_numbers(lookups_per_min: int, keeps_lookups_h: int) -> None:
    if lookups_per_min < 1:
        raise MalformedField(field="lookups_per_min", reason="At least one lookup a minute.")
    if not 0 <= keeps_lookups_h <= _MOST_KEPT_H:
        raise MalformedField(
            field="keeps_lookups_h", reason=f"Lookups are kept 0 to {_MOST_KEPT_H} hours."
        )


def _reader(kind: PartnerKind, partner_id: str, *, serves_adults_only: bool) -> Reader:
    return Reader(kind, serves_adults_only or kind is PartnerKind.ADULT_SITE, partner_id)


def _partner(row: Row[Any]) -> Partner:
    return Partner(
        row.id,
        row.name,
        _reader(PartnerKind(row.kind), row.id, serves_adults_only=row.serves_adults_only),
        row.purpose,
        row.contact,
        row.lookups_per_min,
        row.keeps_lookups_h,
        row.created_at,
        row.revoked_at,
    )


def _token(row: Row[Any]) -> Token:
    return Token(
        row.id,
        row.partner_id,
        frozenset(row.scopes.split()),
        row.created_at,
        row.expires_at,
        row.revoked_at,
    )
