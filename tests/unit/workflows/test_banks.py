# SPDX-License-Identifier: Apache-2.0
"""Banks through the verbs: who writes, what a match says, what holds and quarantine do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from installations import OPERATOR, PLATFORM, image, pdq_value, person, report
from sqlalchemy import select

from haechi import bank, workflows
from haechi.audit._tables import audit_event
from haechi.errors import MalformedField, NotFound, NotYours, OnlyTheReporter
from haechi.values import (
    Actor,
    ActorKind,
    BankPolicy,
    ContentStatus,
    PartnerKind,
    Reader,
    StaffRole,
    utc_now,
)
from haechi.workflows import Context, Match, screen_signals, upkeep
from haechi.workflows._canaries import note_canaries
from haechi.workflows._contents import end_holds

LEAD = Actor(ActorKind.STAFF, "usr_lead", role=StaffRole.LEAD)
WORKER = Actor(ActorKind.STAFF, "usr_worker", role=StaffRole.WORKER)
ADMIN = Actor(ActorKind.STAFF, "usr_admin", role=StaffRole.ADMIN)
AUDITOR = Actor(ActorKind.STAFF, "usr_auditor", role=StaffRole.AUDITOR)


def _partner(ctx: Context, name: str = "forum") -> Actor:
    partner, _ = workflows.admit_partner(ctx, OPERATOR, name=name, scopes=["match", "contribute"])
    return Actor(ActorKind.PARTNER, partner.id, frozenset({"match", "contribute"}), partner.reader)


def _put(ctx: Context, name: str = "known", seed: int = 1, actor: Actor = OPERATOR) -> str:
    content_id = workflows.add_to_bank(ctx, actor, bank_name=name, signals=[pdq_value(seed)])
    ctx.live.catch_up()
    return content_id


def _matches(ctx: Context, actor: Actor = PLATFORM, seed: int = 1) -> list[Match]:
    ctx.live.catch_up()
    return screen_signals(ctx, actor, [pdq_value(seed)])


def _audit(ctx: Context, subject_id: str) -> list[tuple[str, str, str]]:
    with ctx.database.read() as tx:
        rows = tx.execute(
            select(audit_event)
            .where(audit_event.c.subject_id == subject_id)
            .order_by(audit_event.c.id)
        ).all()
    return [(row.actor_id, row.verb, row.detail) for row in rows]


class TestWhoWrites:
    """Leads; workers where a bank says so; partners that were let in."""

    def test_workers_write_where_the_bank_says_so(self, ctx: Context) -> None:
        workflows.create_bank(ctx, LEAD, name="known")
        with pytest.raises(NotYours):
            _put(ctx, actor=WORKER)
        workflows.change_bank(ctx, LEAD, name="known", writer_role=StaffRole.WORKER)
        content_id = _put(ctx, actor=WORKER)
        workflows.hold_content(ctx, WORKER, bank_name="known", content_id=content_id)
        for actor in (ADMIN, AUDITOR):
            with pytest.raises(NotYours):
                _put(ctx, actor=actor)
        with pytest.raises(NotFound):
            _put(ctx, "unknown", actor=WORKER)

    @pytest.mark.parametrize("role", [StaffRole.AUDITOR, StaffRole.ADMIN])
    def test_who_gives_access_does_not_write(self, ctx: Context, role: StaffRole) -> None:
        with pytest.raises(MalformedField):
            workflows.create_bank(ctx, LEAD, name="known", writer_role=role)

    def test_a_partner_writes_where_it_was_let_in(self, ctx: Context) -> None:
        forum, other = _partner(ctx), _partner(ctx, "other")
        workflows.create_bank(ctx, LEAD, name="known", is_limited=True)
        for actor in (forum, other):
            # It does not learn that there is such a bank.
            with pytest.raises(NotFound):
                _put(ctx, actor=actor)
        workflows.set_bank_access(
            ctx, ADMIN, name="known", partner="forum", may_read=True, may_write=True
        )
        content_id = _put(ctx, actor=forum)
        assert [match.content_id for match in _matches(ctx, forum)] == [content_id]
        assert _matches(ctx, other) == []
        with pytest.raises(NotFound):
            _put(ctx, actor=other)
        workflows.set_bank_access(
            ctx, ADMIN, name="known", partner="forum", may_read=True, may_write=False
        )
        with pytest.raises(NotYours):
            _put(ctx, actor=forum)
        workflows.set_bank_access(
            ctx, ADMIN, name="known", partner="forum", may_read=False, may_write=False
        )
        assert _matches(ctx, forum) == []
        with pytest.raises(NotFound):
            workflows.set_bank_access(
                ctx, ADMIN, name="known", partner="none", may_read=True, may_write=True
            )

    def test_a_partner_holds_and_withdraws_only_what_it_put_in(self, ctx: Context) -> None:
        forum, other = _partner(ctx), _partner(ctx, "other")
        workflows.create_bank(ctx, LEAD, name="known")
        for name in ("forum", "other"):
            workflows.set_bank_access(
                ctx, ADMIN, name="known", partner=name, may_read=True, may_write=True
            )
        own, of_other, of_staff = _put(ctx, actor=forum), _put(ctx, actor=other), _put(ctx)
        for content_id in (of_other, of_staff, "con_none"):
            for verb in (workflows.withdraw_content, workflows.hold_content):
                with pytest.raises(NotFound):
                    verb(ctx, forum, bank_name="known", content_id=content_id)
        workflows.hold_content(ctx, forum, bank_name="known", content_id=own)
        # It may be held because others disputed it: no partner lets it go.
        for verb in (workflows.release_content, workflows.lift_quarantine):
            with pytest.raises(NotYours):
                verb(ctx, forum, bank_name="known", content_id=own)
        workflows.withdraw_content(ctx, forum, bank_name="known", content_id=own)
        assert {match.content_id for match in _matches(ctx)} == {of_other, of_staff}

    def test_a_content_needs_a_signal(self, ctx: Context) -> None:
        workflows.create_bank(ctx, LEAD, name="known")
        with pytest.raises(MalformedField):
            workflows.add_to_bank(ctx, LEAD, bank_name="known", signals=[])


class TestWhatAMatchSays:
    """By the bank as it is now."""

    def test_a_change_of_the_bank_counts_at_the_next_look(self, each_ctx: Context) -> None:
        ctx = each_ctx
        workflows.create_bank(ctx, LEAD, name="known")
        _put(ctx)
        assert [match.policy for match in _matches(ctx)] == [BankPolicy.BLOCK]
        workflows.change_bank(ctx, LEAD, name="known", policy=BankPolicy.REVIEW, new_name="seen")
        assert [(m.policy, m.bank) for m in _matches(ctx)] == [(BankPolicy.REVIEW, "seen")]
        workflows.change_bank(ctx, LEAD, name="seen", is_on=False)
        assert _matches(ctx) == _matches(ctx, OPERATOR) == []
        workflows.change_bank(ctx, LEAD, name="seen", is_on=True, is_limited=True)
        assert _matches(ctx) == []
        assert len(_matches(ctx, OPERATOR)) == 1

    def test_a_bank_without_contents_is_changed_too(self, ctx: Context) -> None:
        """No step of the feed tells of it."""
        workflows.create_bank(ctx, LEAD, name="known")
        ctx.live.catch_up()
        workflows.change_bank(ctx, LEAD, name="known", policy=BankPolicy.REVIEW)
        _put(ctx)
        assert [match.policy for match in _matches(ctx)] == [BankPolicy.REVIEW]

    def test_one_that_is_made_off_matches_nothing(self, ctx: Context) -> None:
        workflows.create_bank(ctx, LEAD, name="known", is_on=False)
        _put(ctx)
        assert _matches(ctx, OPERATOR) == []

    def test_in_quarantine_it_is_for_review_whatever_the_bank_says(self, ctx: Context) -> None:
        workflows.create_bank(ctx, LEAD, name="known")
        content_id = _put(ctx)
        with ctx.database.write() as tx:
            bank.quarantine(tx, content_id)
        for actor in (PLATFORM, OPERATOR):
            assert [match.policy for match in _matches(ctx, actor)] == [BankPolicy.REVIEW]
        workflows.lift_quarantine(ctx, LEAD, bank_name="known", content_id=content_id)
        assert [match.policy for match in _matches(ctx)] == [BankPolicy.BLOCK]

    def test_made_up_values_are_told_to_their_partner_and_name_who_else_asks(
        self, ctx: Context
    ) -> None:
        readers = [Reader(PartnerKind.PLATFORM, False, f"ptn_{n}") for n in (1, 2)]
        first, second = (
            Actor(ActorKind.PARTNER, reader.partner_id, frozenset({"match"}), reader)
            for reader in readers
        )
        with ctx.database.write() as tx:
            owned = bank.canary_bank(tx, "ptn_1", policy=BankPolicy.BLOCK)
            key_id = bank.bank_key(tx, ctx.vault, owned.id)
            content_id = bank.add_content(
                tx, ctx.vault, bank_id=owned.id, key_id=key_id, signals=[pdq_value(1)]
            )
        (told,) = _matches(ctx, first)
        # Nothing in it says that it is one.
        assert (told.content_id, told.bank) == (content_id, bank.REPORTS_BANK)
        assert ctx.live.take_canary_hits() == set()
        assert _matches(ctx, second) == _matches(ctx, OPERATOR) == _matches(ctx, PLATFORM) == []
        note_canaries(ctx)
        assert sorted(_audit(ctx, "ptn_1")) == [
            ("ptn_2", "canary_asked", ""),
            ("upkeep", "canary_asked", ""),
        ]
        assert ctx.live.take_canary_hits() == set()
        assert [one.bank.name for one in workflows.list_banks(ctx, LEAD)] == []
        with pytest.raises(NotFound):
            workflows.read_bank(ctx, LEAD, name=owned.name)


class TestContents:
    """Holding, releasing, withdrawing, noting."""

    @pytest.fixture
    def reported(self, ctx: Context) -> str:
        opened = report(ctx, image(pdq_value(1)))
        return opened.case.items[0].content_id

    def test_what_a_person_reported_only_she_withdraws(self, ctx: Context) -> None:
        opened = report(ctx, image(pdq_value(1)))
        item = opened.case.items[0]
        where = {"bank_name": "reports", "content_id": item.content_id}
        for actor in (LEAD, OPERATOR):
            with pytest.raises(OnlyTheReporter):
                workflows.withdraw_content(ctx, actor, **where)
        workflows.hold_content(ctx, LEAD, **where)
        assert _matches(ctx) == []
        workflows.withdraw_item(ctx, person(opened), item_id=item.id)
        with pytest.raises(NotFound):
            workflows.release_content(ctx, LEAD, **where)

    def test_held_it_matches_nothing_until_it_is_released(
        self, ctx: Context, reported: str
    ) -> None:
        where = {"bank_name": "reports", "content_id": reported}
        until = utc_now() + timedelta(days=1)
        workflows.hold_content(ctx, LEAD, until=until, **where)
        assert _matches(ctx) == []
        view = workflows.read_bank(ctx, LEAD, name="reports", status=ContentStatus.HELD)
        assert [(one.id, one.held_until) for one in view.contents] == [(reported, until)]
        workflows.release_content(ctx, LEAD, **where)
        assert [match.content_id for match in _matches(ctx)] == [reported]

    def test_a_hold_that_is_over_ends_by_itself(
        self, each_ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ctx = each_ctx
        workflows.create_bank(ctx, LEAD, name="known")
        over, lasting = _put(ctx, seed=1), _put(ctx, seed=2)
        until = utc_now() + timedelta(hours=1)
        for content_id, more in ((over, {"until": until}), (lasting, {})):
            workflows.hold_content(ctx, LEAD, bank_name="known", content_id=content_id, **more)
        assert end_holds(ctx) == 0
        monkeypatch.setattr("haechi.workflows._contents.utc_now", lambda: until)
        upkeep(ctx)
        assert [match.content_id for match in _matches(ctx, seed=1)] == [over]
        assert _matches(ctx, seed=2) == []
        assert _audit(ctx, over)[-1] == ("upkeep", "release_content", "its time is over")

    @pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=6 * 366)])
    def test_a_hold_ends_ahead_and_in_a_lifetime(
        self, ctx: Context, reported: str, ahead: timedelta
    ) -> None:
        with pytest.raises(MalformedField):
            workflows.hold_content(
                ctx, LEAD, bank_name="reports", content_id=reported, until=utc_now() + ahead
            )

    def test_notes_and_history(self, ctx: Context, reported: str) -> None:
        where = {"bank_name": "reports", "content_id": reported}
        workflows.note_content(ctx, WORKER, note=" asked the forum \n", **where)
        workflows.hold_content(ctx, LEAD, **where)
        workflows.content_history(ctx, AUDITOR, **where)
        found = workflows.content_history(ctx, WORKER, **where)
        assert found.note == "asked the forum"
        assert found.content.origin_kind == "case"
        assert [(event.verb, event.actor_id) for event in found.events] == [
            ("view_content", "usr_auditor"),
            ("hold_content", "usr_lead"),
            ("note_content", "usr_worker"),
        ]
        with ctx.database.read() as tx:
            assert "forum" not in repr(tx.execute(select(audit_event)).all())

    @pytest.mark.parametrize(
        "verb",
        [
            workflows.hold_content, workflows.release_content, workflows.withdraw_content,
            workflows.lift_quarantine, workflows.content_history,
            lambda ctx, actor, **where: workflows.note_content(ctx, actor, note="x", **where),
        ],
    )  # fmt: skip
    def test_an_id_of_another_bank_is_none(self, ctx: Context, verb: Callable[..., object]) -> None:
        """HMA's defect 13: there the bank in the path says nothing."""
        for name in ("known", "other"):
            workflows.create_bank(ctx, LEAD, name=name)
        content_id = _put(ctx, "known")
        before = _audit(ctx, content_id)
        for bank_name in ("other", "none"):
            with pytest.raises(NotFound):
                verb(ctx, LEAD, bank_name=bank_name, content_id=content_id)
        assert _audit(ctx, content_id) == before
        assert [match.content_id for match in _matches(ctx)] == [content_id]


def test_a_bank_is_read_in_pages(ctx: Context) -> None:
    made = workflows.create_bank(ctx, LEAD, name="known", note="for tests")
    ids = [_put(ctx, seed=seed) for seed in range(5)]
    after, seen = 0, []
    while after is not None:
        view = workflows.read_bank(ctx, AUDITOR, name="known", after=after, limit=2)
        seen += [one.id for one in view.contents]
        after = view.after
    assert seen == ids
    assert view.bank == made
    assert view.counts.active == 5
    (summary,) = workflows.list_banks(ctx, ADMIN)
    assert (summary.bank, summary.counts) == (made, view.counts)
    assert [row[:2] for row in _audit(ctx, made.id)[-3:]] == [("usr_auditor", "view_bank")] * 3
