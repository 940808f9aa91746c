# SPDX-License-Identifier: Apache-2.0
"""Who may be told of a content, as the database reads it: bank and consent in one condition.

`Sharing.reaches` in `haechi.values` is the rule of consent; `told_to` adds the rules of the banks. The
condition is on `content` joined with its `bank`, so that every answer asks the tables at its own moment.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, literal, or_, true

from haechi.bank._tables import bank, bank_access, content
from haechi.values import BankPolicy, Reader

_IS_ALLOWED: Final = bank.c.policy == BankPolicy.ALLOW.value


def reaching(reader: Reader, at: datetime) -> ColumnElement[bool]:
    """The condition on `content` under which its sharing reaches this reader at that moment."""
    words = literal(" ").concat(content.c.shared_with).concat(" ")
    return and_(
        words.contains(f" {reader.kind.value} ", autoescape=True),
        or_(content.c.shared_until.is_(None), content.c.shared_until > at),
        or_(content.c.reaches_adult_services, literal(not reader.serves_adults_only)),
    )


def told_to(reader: Reader | None, at: datetime) -> ColumnElement[bool]:
    """The condition on `content` joined with `bank` under which a reader may be told of a content.

    Of its status it says nothing. Nobody is told of a bank that is off; of a limited one only the
    partners that may read it; of values made up for one partner only that partner. Reader None is the
    operator, whom all else reaches. What is in an `allow` bank reaches each reader of the bank, however
    it is shared: it is never told, it only keeps something else from being told.
    """
    if reader is None:
        return and_(bank.c.is_on, bank.c.canary_of.is_(None))
    return and_(
        bank.c.is_on,
        or_(
            _is_own(reader),
            and_(
                bank.c.canary_of.is_(None),
                or_(_IS_ALLOWED, reaching(reader, at)),
                or_(~bank.c.is_limited, _may_read(reader)),
            ),
        ),
    )


def handed_to(reader: Reader, at: datetime) -> ColumnElement[bool]:
    """The condition on `content` joined with `bank` under which its values may be handed to a reader.

    As `told_to`, but that consent counts for what is in an `allow` bank too: that it vetoes for everybody
    is no reason to give it away.
    """
    return and_(told_to(reader, at), or_(_is_own(reader), reaching(reader, at)))


def _is_own(reader: Reader) -> ColumnElement[bool]:
    """Whether the values were made up for this reader; without an id it is no partner of ours."""
    return and_(bank.c.canary_of == reader.partner_id, literal(bool(reader.partner_id)))


def _may_read(reader: Reader) -> ColumnElement[bool]:
    return exists().where(
        bank_access.c.bank_id == bank.c.id,
        bank_access.c.partner_id == reader.partner_id,
        bank_access.c.may_read == true(),
    )
