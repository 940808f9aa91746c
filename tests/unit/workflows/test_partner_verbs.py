# SPDX-License-Identifier: Apache-2.0
"""Partners as they are admitted, changed and dismissed; and whose list it was that leaked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from installations import OPERATOR, flipped, image, pdq_value, report
from sqlalchemy import select

from haechi.audit._tables import audit_event
from haechi.bank import canary_values
from haechi.errors import MalformedField, NotFound, UnreadableBank
from haechi.exchange._canaries import CANARIES
from haechi.values import Actor, ActorKind, Signal, SignalType, utc_now
from haechi.workflows import (
    Context,
    actor_of_token,
    admit_partner,
    change_bank,
    change_partner,
    create_bank,
    dismiss_partner,
    issue_token,
    list_partners,
    revoke_token,
    screen_signals,
    trace_leak,
)
from haechi.workflows._canaries import note_canaries
from haechi.workflows._partners import PartnerView


def _view(ctx: Context, name: str) -> PartnerView:
    return next(view for view in list_partners(ctx, OPERATOR) if view.partner.name == name)


def _made_up(ctx: Context, name: str) -> list[Signal]:
    partner_id = _view(ctx, name).partner.id
    with ctx.database.read() as tx:
        return [
            Signal(SignalType.PDQ, value, 100)
            for owner, value in canary_values(tx, ctx.vault)
            if owner == partner_id
        ]


class TestTokens:
    def test_a_new_one_may_what_the_others_may_and_they_end_after_a_while(
        self, ctx: Context
    ) -> None:
        _, first = admit_partner(ctx, OPERATOR, name="forum", scopes=["match", "opinions"])
        token, second = issue_token(ctx, OPERATOR, name="forum", ends_others_in_h=24)
        assert token.scopes == {"match", "opinions"}
        assert actor_of_token(ctx, first) is not None
        assert actor_of_token(ctx, second) is not None
        ends = [one.expires_at for one in _view(ctx, "forum").tokens]
        assert ends[1] is None
        assert timedelta(hours=23) < ends[0] - utc_now() <= timedelta(hours=24)

    def test_others_may_end_at_once(self, ctx: Context) -> None:
        _, first = admit_partner(ctx, OPERATOR, name="forum", scopes=["match"])
        _, second = issue_token(ctx, OPERATOR, name="forum", ends_others_in_h=0)
        assert actor_of_token(ctx, first) is None
        assert actor_of_token(ctx, second) is not None

    def test_one_that_ends_sooner_by_itself_is_left_alone(self, ctx: Context) -> None:
        admit_partner(ctx, OPERATOR, name="forum", scopes=["match"], token_days=1)
        before = _view(ctx, "forum").tokens[0].expires_at
        issue_token(ctx, OPERATOR, name="forum", ends_others_in_h=48)
        assert _view(ctx, "forum").tokens[0].expires_at == before

    def test_another_partners_token_cannot_be_revoked_by_its_id(self, ctx: Context) -> None:
        admit_partner(ctx, OPERATOR, name="forum", scopes=["match"])
        _, other = admit_partner(ctx, OPERATOR, name="other", scopes=["match"])
        (token,) = _view(ctx, "other").tokens
        with pytest.raises(NotFound):
            revoke_token(ctx, OPERATOR, name="forum", token_id=token.id)
        assert actor_of_token(ctx, other) is not None
        revoke_token(ctx, OPERATOR, name="other", token_id=token.id)
        assert actor_of_token(ctx, other) is None

    @pytest.mark.parametrize("days", [0, -1, 366 * 5 + 1])
    def test_a_length_that_cannot_be_is_refused_and_nobody_admitted(
        self, ctx: Context, days: int
    ) -> None:
        with pytest.raises(MalformedField):
            admit_partner(ctx, OPERATOR, name="forum", scopes=["match"], token_days=days)
        assert list_partners(ctx, OPERATOR) == []

    def test_a_dismissed_partner_is_changed_no_more(self, ctx: Context) -> None:
        admit_partner(ctx, OPERATOR, name="forum", scopes=["match"])
        dismiss_partner(ctx, OPERATOR, name="forum")
        with pytest.raises(NotFound):
            change_partner(ctx, OPERATOR, name="forum", purpose="x")
        with pytest.raises(NotFound):
            issue_token(ctx, OPERATOR, name="forum", scopes=["match"])


class TestCanaries:
    def test_only_who_follows_the_feed_has_some_and_only_once(self, ctx: Context) -> None:
        admit_partner(ctx, OPERATOR, name="asks", scopes=["match"])
        admit_partner(ctx, OPERATOR, name="follows", scopes=["changes"])
        issue_token(ctx, OPERATOR, name="follows", scopes=["changes", "match"])
        assert _made_up(ctx, "asks") == []
        values = _made_up(ctx, "follows")
        assert len(values) == 8
        assert all(int.from_bytes(one.value).bit_count() == 128 for one in values)

    def test_a_list_names_its_partner_also_when_bits_were_changed(
        self, ctx: Context, tmp_path: Path
    ) -> None:
        for name in ("one", "two"):
            admit_partner(ctx, OPERATOR, name=name, scopes=["changes"])
        leaked = [flipped(value, 12) for value in _made_up(ctx, "two")[:5]]
        found = tmp_path / "found.txt"
        others = [pdq_value(number) for number in range(200)]
        found.write_text("\n".join(value.hex for value in others + leaked))
        (leak,) = trace_leak(ctx, OPERATOR, path=found)
        assert (leak.partner, leak.values, leak.of) == ("two", 5, 8)

    def test_a_list_without_any_names_nobody(self, ctx: Context, tmp_path: Path) -> None:
        admit_partner(ctx, OPERATOR, name="one", scopes=["changes"])
        found = tmp_path / "found.txt"
        found.write_text(pdq_value(1).hex)
        assert trace_leak(ctx, OPERATOR, path=found) == []
        found.write_text("nothing\n")
        with pytest.raises(UnreadableBank):
            trace_leak(ctx, OPERATOR, path=found)

    def test_whoever_asks_for_one_of_anothers_is_written_down_and_told_nothing(
        self, ctx: Context
    ) -> None:
        admit_partner(ctx, OPERATOR, name="owner", scopes=["changes", "match"])
        admit_partner(ctx, OPERATOR, name="asker", scopes=["match"])
        report(ctx, image(pdq_value(1)))
        ctx.live.catch_up()
        asker = _view(ctx, "asker").partner
        actor = Actor(ActorKind.PARTNER, asker.id, frozenset({"match"}), asker.reader)
        assert screen_signals(ctx, actor, [_made_up(ctx, "owner")[0]]) == []
        assert note_canaries(ctx) == 1
        assert note_canaries(ctx) == 0
        with ctx.database.read() as tx:
            row = tx.execute(select(audit_event).where(audit_event.c.verb == "canary_asked")).one()
        assert (row.actor_id, row.subject_id) == (asker.id, _view(ctx, "owner").partner.id)

    def test_who_asks_for_its_own_is_answered_as_for_any_other(self, ctx: Context) -> None:
        """Else it would know which of its values were made up."""
        admit_partner(ctx, OPERATOR, name="owner", scopes=["changes", "match"])
        report(ctx, image(pdq_value(1)))
        ctx.live.catch_up()
        owner = _view(ctx, "owner").partner
        actor = Actor(ActorKind.PARTNER, owner.id, frozenset({"match"}), owner.reader)
        (real,) = screen_signals(ctx, actor, [pdq_value(1)])
        (made_up,) = screen_signals(ctx, actor, [_made_up(ctx, "owner")[0]])
        assert made_up.bank == real.bank
        assert (made_up.policy, made_up.radius_bits) == (real.policy, real.radius_bits)
        assert note_canaries(ctx) == 0


def test_admitting_and_changing_a_bank_at_once_do_not_wait_in_a_circle(each_ctx: Context) -> None:
    create_bank(each_ctx, OPERATOR, name="own")

    def admit(number: int) -> None:
        admit_partner(each_ctx, OPERATOR, name=f"p{number}", scopes=["changes"])

    def change(number: int) -> None:
        change_bank(each_ctx, OPERATOR, name="own", radius_bits=number)

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(work, n) for n in range(12) for work in (admit, change)]
    assert [one.exception() for one in done] == [None] * 24


def test_of_two_tokens_at_once_one_brings_the_made_up_values(each_ctx: Context) -> None:
    admit_partner(each_ctx, OPERATOR, name="forum", scopes=["match"])
    with ThreadPoolExecutor(4) as pool:
        done = [
            pool.submit(issue_token, each_ctx, OPERATOR, name="forum", scopes=["changes"])
            for _ in range(4)
        ]
    assert [one.exception() for one in done] == [None] * 4
    assert len(_made_up(each_ctx, "forum")) == CANARIES
