# SPDX-License-Identifier: Apache-2.0
"""Partners, as those who run the installation admit, change and dismiss them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from haechi import audit, bank, exchange
from haechi.errors import MalformedField
from haechi.exchange import Partner, Token
from haechi.values import Actor, PartnerKind, utc_now
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, Scope, require_duty

_MOST_DAYS: Final = 366 * 5
_MOST_GRACE_H: Final = 24 * 14


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner with its tokens, oldest first."""

    partner: Partner
    tokens: tuple[Token, ...]

    @property
    def scopes(self) -> frozenset[str]:
        """What its good tokens allow together."""
        now = utc_now()
        good = [token.scopes for token in self.tokens if token.is_good(now)]
        return frozenset().union(*good)


def admit_partner(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    scopes: Collection[str],
    kind: PartnerKind = PartnerKind.PLATFORM,
    serves_adults_only: bool = False,
    purpose: str = "",
    contact: str = "",
    lookups_per_min: int = exchange.USUAL_LOOKUPS_PER_MIN,
    keeps_lookups_h: int = 0,
    token_days: int | None = None,
) -> tuple[Partner, str]:
    """A new partner and its first token, which is shown this once.

    It is only ever told of items that are shared with its kind, and, if it serves adults only, of
    none that is not surely an adult's. An adult site always serves adults only. One that may follow
    the feed is given values that were made up for it alone, by which a list that leaked names it.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. MalformedField: a value cannot be used.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        bank.lock_feed(tx)
        partner = exchange.add_partner(
            tx,
            ctx.vault,
            name=name,
            kind=kind,
            serves_adults_only=serves_adults_only,
            purpose=purpose,
            contact=contact,
            lookups_per_min=lookups_per_min,
            keeps_lookups_h=keeps_lookups_h,
        )
        _, secret = _issue(ctx, tx, partner.id, scopes, token_days)
        audit.record(tx, actor, "admit_partner", partner.id, detail=" ".join(sorted(scopes)))
    ctx.changed()
    return partner, secret


def list_partners(ctx: Context, actor: Actor) -> list[PartnerView]:
    """Every partner, dismissed ones too, with its tokens.

    Raises:
        NeedsAccess, NotYours: not one who manages partners or reads the audit log.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.read() as tx:
        return [
            PartnerView(partner, tuple(exchange.tokens_of(tx, partner.id)))
            for partner in exchange.all_partners(tx)
        ]


def change_partner(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    kind: PartnerKind | None = None,
    serves_adults_only: bool | None = None,
    purpose: str | None = None,
    contact: str | None = None,
    lookups_per_min: int | None = None,
    keeps_lookups_h: int | None = None,
) -> Partner:
    """The partner as it is now; None leaves a fact as it was. Fewer kept hours count from the next lookup;
    none at all forgets what is kept at once.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: no such partner.
        MalformedField: a value cannot be used.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        partner = exchange.change_partner(
            tx,
            exchange.partner_named(tx, name).id,
            kind=kind,
            serves_adults_only=serves_adults_only,
            purpose=purpose,
            contact=contact,
            lookups_per_min=lookups_per_min,
            keeps_lookups_h=keeps_lookups_h,
        )
        if partner.keeps_lookups_h == 0:
            exchange.forget_lookups(tx, partner_id=partner.id)
        audit.record(tx, actor, "change_partner", partner.id)
    ctx.changed()
    return partner


def issue_token(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    scopes: Collection[str] = (),
    token_days: int | None = None,
    ends_others_in_h: int | None = None,
) -> tuple[Token, str]:
    """One more token of a partner; without scopes it may what the others may together.

    With `ends_others_in_h` all others end after so many hours (0: at once): that is how a token is
    changed for a new one while nothing stops.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: no such partner.
        MalformedField: a scope or a time cannot be used.
    """
    require_duty(actor, Duty.PARTNERS)
    if ends_others_in_h is not None and not 0 <= ends_others_in_h <= _MOST_GRACE_H:
        raise MalformedField(
            field="ends_others_in_h", reason=f"The others end within 0 to {_MOST_GRACE_H} hours."
        )
    with ctx.database.write() as tx:
        # Before the access version is: made-up values are steps of the feed, and of two at once one is first.
        bank.lock_feed(tx)
        partner = exchange.partner_named(tx, name)
        view = PartnerView(partner, tuple(exchange.tokens_of(tx, partner.id)))
        token, secret = _issue(ctx, tx, partner.id, scopes or view.scopes, token_days)
        if ends_others_in_h is not None:
            _end_others(tx, view.tokens, ends_others_in_h)
        audit.record(tx, actor, "issue_token", partner.id, detail=f"token={token.id}")
    ctx.changed()
    return token, secret


def revoke_token(ctx: Context, actor: Actor, *, name: str, token_id: str) -> None:
    """End one token of a partner at once.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: the partner has no such token.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        partner = exchange.partner_named(tx, name)
        known = {token.id for token in exchange.tokens_of(tx, partner.id)}
        exchange.revoke_token(tx, token_id if token_id in known else "")
        audit.record(tx, actor, "revoke_token", partner.id, detail=f"token={token_id}")
    ctx.changed()


def dismiss_partner(ctx: Context, actor: Actor, *, name: str) -> None:
    """End all tokens of a partner at once, and destroy what belonged to it alone.

    Raises:
        NeedsAccess, NotYours: not one who manages partners. NotFound: no such partner with a token.
    """
    require_duty(actor, Duty.PARTNERS)
    with ctx.database.write() as tx:
        partner_id = exchange.revoke_partner(tx, name)
        exchange.forget_lookups(tx, partner_id=partner_id)
        exchange.end_webhooks_of(tx, partner_id)
        exchange.forget_partner(tx, ctx.vault, partner_id)
        audit.record(tx, actor, "dismiss_partner", partner_id)
    ctx.changed()


def _issue(
    ctx: Context,
    tx: Connection,
    partner_id: str,
    scopes: Collection[str],
    token_days: int | None,
) -> tuple[Token, str]:
    if token_days is not None and not 1 <= token_days <= _MOST_DAYS:
        raise MalformedField(field="token_days", reason=f"A token lasts 1 to {_MOST_DAYS} days.")
    expires_at = None if token_days is None else utc_now() + timedelta(days=token_days)
    token, secret = exchange.issue_token(tx, partner_id, scopes=scopes, expires_at=expires_at)
    if Scope.CHANGES.value in token.scopes and not bank.canary_ids(tx, partner_id):
        exchange.plant_canaries(tx, ctx.vault, partner_id)
    return token, secret


def _end_others(tx: Connection, tokens: Collection[Token], hours: int) -> None:
    now = utc_now()
    ends_at = now + timedelta(hours=hours) if hours else None
    for token in tokens:
        # One that ends sooner by itself is left alone.
        sooner = ends_at and token.expires_at and token.expires_at <= ends_at
        if token.is_good(now) and not sooner:
            exchange.revoke_token(tx, token.id, at=ends_at)
