# SPDX-License-Identifier: Apache-2.0
"""What the first page of the console counts, what a partner's page tells, and what a source set aside."""

from __future__ import annotations

from datetime import timedelta

import pytest
from installations import OPERATOR, pdq_value

from haechi import audit, bank, exchange, staff
from haechi.errors import NotFound
from haechi.exchange import Usage
from haechi.values import Actor, ActorKind, BankPolicy, StaffRole, utc_now
from haechi.workflows import (
    Context,
    add_source,
    add_to_bank,
    add_user,
    admit_partner,
    change_source,
    console_home,
    create_bank,
    dismiss_partner,
    find_bank,
    hold_content,
    issue_token,
    read_partner,
    source_set_aside,
)


def _user(ctx: Context, role: StaffRole) -> Actor:
    add_user(ctx, OPERATOR, login=role.value, role=role)
    with ctx.database.read() as tx:
        found = next(user for user in staff.all_users(tx) if user.login == role.value)
    return Actor(ActorKind.STAFF, found.id, role=role)


def test_each_role_has_its_counts(each_ctx: Context) -> None:
    ctx = each_ctx
    create_bank(ctx, OPERATOR, name="one", policy=BankPolicy.REVIEW)
    held, other = (
        add_to_bank(ctx, OPERATOR, bank_name="one", signals=[pdq_value(seed)]) for seed in (1, 2)
    )
    hold_content(ctx, OPERATOR, bank_name="one", content_id=held)
    with ctx.database.write() as tx:
        bank.quarantine(tx, other)
    worker, lead, admin = (
        _user(ctx, role) for role in (StaffRole.WORKER, StaffRole.LEAD, StaffRole.ADMIN)
    )
    home = console_home(ctx, worker)
    assert (home.waiting, home.held, home.quarantined) == (0, 1, 1)
    assert (home.tokens_ending, home.sources_wrong, home.users) == (None, None, None)
    assert console_home(ctx, lead).sources_wrong == 0
    home = console_home(ctx, admin)
    assert (home.waiting, home.tokens_ending, home.sources_wrong) == (None, 0, 0)


def test_a_bank_by_its_id_is_never_one_of_made_up_values(ctx: Context) -> None:
    made = create_bank(ctx, OPERATOR, name="one")
    assert find_bank(ctx, OPERATOR, bank_id=made.id) == made
    admit_partner(ctx, OPERATOR, name="follower", scopes=["changes"])
    with ctx.database.read() as tx:
        planted = [one.id for one in bank.all_banks(tx).values() if one.canary_of is not None]
    assert planted
    for hidden in (*planted, "bnk_x"):
        with pytest.raises(NotFound):
            find_bank(ctx, OPERATOR, bank_id=hidden)


def test_tokens_that_end_soon_are_counted_by_partner(ctx: Context) -> None:
    admin = _user(ctx, StaffRole.ADMIN)
    scopes = ["match"]
    for name, days in (("soon", 13), ("later", 15), ("never", None), ("gone", 13)):
        admit_partner(ctx, OPERATOR, name=name, scopes=scopes, token_days=days)
    dismiss_partner(ctx, OPERATOR, name="gone")
    assert console_home(ctx, admin).tokens_ending == 1
    issue_token(ctx, OPERATOR, name="soon", token_days=100)
    assert console_home(ctx, admin).tokens_ending == 0


def test_a_source_that_went_wrong_counts_while_it_is_on(ctx: Context) -> None:
    admin = _user(ctx, StaffRole.ADMIN)
    add_source(ctx, OPERATOR, name="list", protocol="file", address="/nowhere/list.csv")
    now = utc_now()
    with ctx.database.write() as tx:
        source = exchange.source_named(tx, "list")
        assert exchange.claim_source(tx, source.id, at=now)
        exchange.end_claim(tx, source.id, since=now, error="no_file", is_complete=False)
        exchange.set_aside(tx, source.id, "line 3", "not a PDQ value")
    assert console_home(ctx, admin).sources_wrong == 1
    (row,) = source_set_aside(ctx, admin, name="list")
    assert (row.place, row.reason) == ("line 3", "not a PDQ value")
    change_source(ctx, OPERATOR, name="list", is_enabled=False)
    assert console_home(ctx, admin).sources_wrong == 0
    with pytest.raises(NotFound):
        source_set_aside(ctx, admin, name="other")


def test_a_partners_page_tells_its_days_and_its_leaks(each_ctx: Context) -> None:
    ctx = each_ctx
    (one, _), (other, _) = (
        admit_partner(ctx, OPERATOR, name=name, scopes=["match"]) for name in ("one", "other")
    )
    today = utc_now().replace(hour=0, minute=1, second=0, microsecond=0)
    minutes = [
        Usage(one.id, at, "match", 10, 1)
        for at in (today, today + timedelta(minutes=1), today - timedelta(days=1))
    ]
    long_ago = Usage(one.id, today - timedelta(days=9), "match", 99, 9)
    with ctx.database.write() as tx:
        exchange.add_usage(tx, [*minutes, long_ago, Usage(other.id, today, "match", 7, 7)])
        audit.record(tx, Actor(ActorKind.PARTNER, other.id), "canary_asked", one.id)
        audit.record(tx, Actor(ActorKind.OPERATOR, "upkeep"), "canary_asked", one.id)
    facts = read_partner(ctx, OPERATOR, partner_id=one.id)
    assert [(day.day, day.asked, day.matched) for day in facts.usage] == [
        (today.date(), 20, 2),
        (today.date() - timedelta(days=1), 10, 1),
    ]
    assert [hit.asker for hit in facts.canary_hits] == ["", "other"]
    assert read_partner(ctx, OPERATOR, partner_id=other.id).canary_hits == ()
    with ctx.database.read() as tx:
        assert [event.verb for event in audit.events(tx, subject_id=one.id, limit=1)] == [
            "view_partner"
        ]
    with pytest.raises(NotFound):
        read_partner(ctx, OPERATOR, partner_id="ptn_x")
