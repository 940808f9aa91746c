# SPDX-License-Identifier: Apache-2.0
"""Partners, as the operator at the console admits and dismisses them."""

from __future__ import annotations

from collections.abc import Collection

from haechi import exchange
from haechi.exchange import Partner
from haechi.values import Actor, PartnerKind
from haechi.workflows import _audit
from haechi.workflows._context import Context
from haechi.workflows._permissions import require_operator


def admit_partner(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    scopes: Collection[str],
    kind: PartnerKind = PartnerKind.PLATFORM,
    serves_adults_only: bool = False,
) -> tuple[Partner, str]:
    """A new partner and its token, which is shown this once.

    It is only ever told of items that are shared with its kind, and, if it serves adults only, of
    none that is not surely an adult's. An adult site always serves adults only.

    Raises:
        NeedsAccess: not the operator. MalformedField: the name or a scope cannot be used.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        partner, token = exchange.add_partner(
            tx, name=name, scopes=scopes, kind=kind, serves_adults_only=serves_adults_only
        )
        _audit.record(tx, actor, "admit_partner", partner.id)
    return partner, token


def list_partners(ctx: Context, actor: Actor) -> list[Partner]:
    """Every partner, dismissed ones too.

    Raises:
        NeedsAccess: not the operator.
    """
    require_operator(actor)
    with ctx.database.read() as tx:
        return exchange.all_partners(tx)


def dismiss_partner(ctx: Context, actor: Actor, *, name: str) -> None:
    """End a partner's token at once.

    Raises:
        NeedsAccess: not the operator. NotFound: no such partner with a token.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        partner_id = exchange.revoke_partner(tx, name)
        _audit.record(tx, actor, "dismiss_partner", partner_id)
