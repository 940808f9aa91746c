# SPDX-License-Identifier: Apache-2.0
"""Tokens are remembered only while nothing can have changed: every way in which they end."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from installations import OPERATOR, context_on
from sqlalchemy import event

from haechi import bank
from haechi.values import utc_now
from haechi.workflows import (
    Context,
    _holders,
    actor_of_token,
    admit_partner,
    change_partner,
    dismiss_partner,
    remembered_actor,
    revoke_token,
)
from haechi.workflows._holders import Seen


@pytest.fixture
def token(ctx: Context) -> str:
    """Of a partner that is remembered."""
    made = admit_partner(ctx, OPERATOR, name="one", scopes=["match"])[1]
    ctx.live.catch_up()
    actor_of_token(ctx, made)
    assert remembered_actor(ctx, made) is not None
    return made


def test_who_is_remembered_is_who_the_database_says(ctx: Context, token: str) -> None:
    remembered = remembered_actor(ctx, token)
    ctx.holders.doubt()
    assert remembered_actor(ctx, token) is None
    assert actor_of_token(ctx, token) == remembered


def test_no_question_to_the_database_while_it_is_remembered(ctx: Context, token: str) -> None:
    asked: list[str] = []
    engine = ctx.database._reader
    event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(3):
        assert actor_of_token(ctx, token) is not None
    assert asked == []
    assert actor_of_token(ctx, token + "x") is None
    assert asked != []


def test_a_wrong_token_is_never_remembered(ctx: Context, token: str) -> None:
    for _ in range(2):
        assert actor_of_token(ctx, "hp_wrong") is None
    assert remembered_actor(ctx, "hp_wrong") is None


def test_dismissal_counts_at_once_in_this_process(ctx: Context, token: str) -> None:
    dismiss_partner(ctx, OPERATOR, name="one")
    assert remembered_actor(ctx, token) is None
    assert actor_of_token(ctx, token) is None
    ctx.live.catch_up()
    assert actor_of_token(ctx, token) is None


def test_a_token_that_ends_counts_after_one_look_in_another_process(
    ctx: Context, token: str, sqlite_url: str, tmp_path: Path
) -> None:
    with context_on(sqlite_url, tmp_path) as other:
        assert other.holders is not ctx.holders
        with other.database.read() as tx:
            (held,) = _tokens(tx)
        revoke_token(other, OPERATOR, name="one", token_id=held)
    ctx.live.catch_up()
    assert remembered_actor(ctx, token) is None
    assert actor_of_token(ctx, token) is None


def _tokens(tx: object) -> list[str]:
    from sqlalchemy import select

    from haechi.exchange._tables import partner_token

    return list(tx.scalars(select(partner_token.c.id)))


def test_what_a_partner_is_changes_at_once(ctx: Context, token: str) -> None:
    change_partner(ctx, OPERATOR, name="one", serves_adults_only=True, lookups_per_min=7)
    actor = actor_of_token(ctx, token)
    assert actor is not None
    assert actor.reader is not None
    assert actor.reader.serves_adults_only
    holder = ctx.holders.of_partner(actor.id)
    assert holder is not None
    assert holder.lookups_per_min == 7


def test_an_expired_token_opens_nothing_though_it_is_remembered(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = admit_partner(ctx, OPERATOR, name="one", scopes=["match"], token_days=1)[1]
    ctx.live.catch_up()
    actor_of_token(ctx, token)
    assert remembered_actor(ctx, token) is not None
    later = utc_now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(_holders, "utc_now", lambda: later)
    assert remembered_actor(ctx, token) is None


def test_a_look_of_long_ago_counts_for_nothing(
    ctx: Context, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        type(ctx.live), "seen_access", property(lambda _: Seen(1, time.monotonic() - 1.01))
    )
    assert remembered_actor(ctx, token) is None
    assert actor_of_token(ctx, token) is not None


def test_who_was_read_before_a_change_is_not_remembered_after_it(ctx: Context, token: str) -> None:
    """A slow reader that took its answer before the token ended, and notes it only then."""
    holder = ctx.holders.find(token, ctx.live.seen_access)
    assert holder is not None
    with ctx.database.read() as tx:
        version = bank.access_version(tx)
    dismiss_partner(ctx, OPERATOR, name="one")
    ctx.holders.remember(token, version, holder)
    assert remembered_actor(ctx, token) is None
    ctx.live.catch_up()
    assert remembered_actor(ctx, token) is None


def test_memory_is_bounded_and_holds_no_token(
    ctx: Context, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_holders, "_MOST_TOKENS", 3)
    holder = ctx.holders.find(token, ctx.live.seen_access)
    assert holder is not None
    for number in range(10):
        ctx.holders.remember(f"hp_{number}", 1, holder)
    assert len(ctx.holders._by_token) <= 3
    assert "hp_" not in repr(ctx.holders._by_token)
