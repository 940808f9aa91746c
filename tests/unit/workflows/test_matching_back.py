# SPDX-License-Identifier: Apache-2.0
"""Matching back: what a partner asked about before it was reported, told once, and by no other rules."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from installations import OPERATOR, digest, flipped, image, pdq_value, person, report
from sqlalchemy import delete, func, select, update

from haechi import bank, exchange, review
from haechi.exchange import claim_deliveries
from haechi.exchange._tables import kept_lookup
from haechi.review._tables import match_record
from haechi.values import (
    Actor,
    ActorKind,
    AgeFacts,
    ContentStatus,
    PartnerKind,
    Sharing,
    Signal,
    utc_now,
)
from haechi.workflows import (
    Context,
    SharingWish,
    TaskKind,
    _retroactive,
    add_webhook,
    admit_partner,
    change_partner,
    dismiss_partner,
    read_case,
    share_item,
    withdraw_item,
)
from haechi.workflows._find import find_matches
from haechi.workflows._match import Match
from haechi.workflows._recent_lookups import RecentLookups
from haechi.workflows._retroactive import keep_lookup, match_back, write_lookups

SCOPES = frozenset({"match", "webhooks"})


def _partner(ctx: Context, name: str = "forum", hours: int = 24) -> Actor:
    partner, _ = admit_partner(
        ctx, OPERATOR, name=name, scopes=SCOPES, keeps_lookups_h=hours, kind=PartnerKind.COMMUNITY
    )
    actor = Actor(ActorKind.PARTNER, partner.id, SCOPES, partner.reader)
    add_webhook(
        ctx,
        actor,
        url="https://forum.example/",
        events=["match.found_later", "match.ended"],
    )
    return actor


def _asked(ctx: Context, actor: Actor, *signals: Signal, reference: str = "upload-7") -> None:
    keep_lookup(ctx, actor, reference=reference, signals=signals)
    write_lookups(ctx)


def _told(ctx: Context) -> list[dict]:
    with ctx.database.write() as tx:
        due = claim_deliveries(tx, ctx.vault, at=utc_now() + timedelta(days=2), limit=500)
    events = [json.loads(one.body) for one in due]
    return [event for event in events if event["type"] != "trial"]


def _back(ctx: Context) -> int:
    ctx.live.catch_up()
    return match_back(ctx)


def test_what_was_asked_before_it_was_reported_is_found_and_told_once(each_ctx: Context) -> None:
    forum = _partner(each_ctx)
    _asked(each_ctx, forum, flipped(pdq_value(1), 9))
    _asked(each_ctx, forum, pdq_value(2), reference="other")
    assert _back(each_ctx) == 0
    report(each_ctx, image(pdq_value(1)))
    assert _back(each_ctx) == 1
    assert _back(each_ctx) == 0
    (event,) = _told(each_ctx)
    assert event["type"] == "match.found_later"
    assert event["data"]["reference"] == "upload-7"
    with each_ctx.database.read() as tx:
        row = tx.execute(select(match_record)).one()
    assert (row.id, row.is_retroactive) == (event["data"]["match"], True)


def test_digests_count_too(each_ctx: Context) -> None:
    _asked(each_ctx, _partner(each_ctx), digest(5))
    report(each_ctx, image(pdq_value(1), digest(5)))
    assert _back(each_ctx) == 1


def test_done_again_after_a_crash_it_is_told_once(ctx: Context) -> None:
    _asked(ctx, _partner(ctx), pdq_value(1))
    report(ctx, image(pdq_value(1)))
    _back(ctx)
    with ctx.database.write() as tx:
        tx.execute(update(_head()).where(_head().c.id == 4).values(seq=0))
    assert _back(ctx) == 0
    assert len(_told(ctx)) == 1


def _head():
    from haechi.storage import metadata

    return metadata.tables["feed_head"]


def test_what_is_not_shared_with_its_kind_is_not_told(each_ctx: Context) -> None:
    _asked(each_ctx, _partner(each_ctx), pdq_value(1))
    opened = report(each_ctx, image(pdq_value(1)))
    item = read_case(each_ctx, person(opened)).items[0]
    only = Sharing(kinds=frozenset({PartnerKind.PLATFORM}))
    share_item(
        each_ctx,
        person(opened),
        item_id=item.id,
        wish=SharingWish(kinds=only.kinds),
        ages=AgeFacts(),
    )
    assert _back(each_ctx) == 0
    assert _told(each_ctx) == []


def test_nothing_is_kept_without_a_word_or_of_a_partner_that_keeps_none(ctx: Context) -> None:
    forum, quiet = _partner(ctx), _partner(ctx, "quiet", 0)
    _asked(ctx, forum, pdq_value(1), reference="")
    _asked(ctx, quiet, pdq_value(1))
    with ctx.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(kept_lookup)) == 0
    report(ctx, image(pdq_value(1)))
    assert _back(ctx) == 0


@pytest.mark.parametrize("how", ["time", "change", "dismiss"])
def test_what_is_kept_no_more_is_not_matched(ctx: Context, how: str) -> None:
    _asked(ctx, _partner(ctx), pdq_value(1))
    assert _back(ctx) == 0
    if how == "time":
        with ctx.database.write() as tx:
            tx.execute(update(kept_lookup).values(forget_at=utc_now()))
        write_lookups(ctx)
    elif how == "change":
        change_partner(ctx, OPERATOR, name="forum", keeps_lookups_h=0)
    else:
        dismiss_partner(ctx, OPERATOR, name="forum")
    report(ctx, image(pdq_value(1)))
    assert _back(ctx) == 0
    with ctx.database.read() as tx:
        assert tx.scalar(select(func.count()).select_from(kept_lookup)) == 0


def test_a_partner_is_told_when_what_it_matched_is_withdrawn(each_ctx: Context) -> None:
    _asked(each_ctx, _partner(each_ctx), pdq_value(1))
    opened = report(each_ctx, image(pdq_value(1)))
    _back(each_ctx)
    (found,) = _told(each_ctx)
    withdraw_item(each_ctx, person(opened), item_id=opened.case.items[0].id)
    _back(each_ctx)
    ended = [event for event in _told(each_ctx) if event["type"] == "match.ended"]
    assert [event["data"]["match"] for event in ended] == [found["data"]["match"]]
    assert ended[0]["data"]["status"] == "withdrawn"


def test_while_nobody_keeps_lookups_no_signal_is_opened_and_what_ended_is_told(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else every value that is imported would be opened a second time, for nobody."""
    opened = report(ctx, image(pdq_value(1)), image(pdq_value(2)))
    withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)
    ctx.live.catch_up()
    told: list[dict[str, str]] = []
    monkeypatch.setattr(_retroactive, "_tell_ended", lambda *args: told.append(args[-1]))
    monkeypatch.setattr(bank, "changes_after", lambda *_, **__: pytest.fail("nobody asked"))
    assert [match_back(ctx), match_back(ctx)] == [0, 0]
    (ended,) = told
    assert list(ended.values()) == ["withdrawn"]
    with ctx.database.read() as tx:
        assert bank.matched_back_to(tx) == bank.feed_position(tx) == 3


def test_what_could_not_be_told_is_not_noted_either(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would never be told: what is noted was told."""
    _asked(ctx, _partner(ctx), pdq_value(1))
    report(ctx, image(pdq_value(1)))
    with monkeypatch.context() as patched:
        patched.setattr(exchange, "enqueue_event", _fails)
        with pytest.raises(OSError, match="power"):
            _back(ctx)
    assert _back(ctx) == 1
    assert len(_told(ctx)) == 1


def _fails(*_: object) -> int:
    raise OSError("power")


@pytest.mark.parametrize("how", ["held", "withdrawn"])
def test_what_is_ended_while_it_is_told_is_told_to_nobody(
    each_ctx: Context, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    _asked(each_ctx, _partner(each_ctx), pdq_value(1))
    report(each_ctx, image(pdq_value(1)))

    def found(*asked: object) -> list[Match]:
        matches = find_matches(*asked)
        with each_ctx.database.write() as tx:
            bank.set_status(tx, matches[0].content_id, ContentStatus(how))
        return matches

    monkeypatch.setattr(_retroactive, "find_matches", found)
    assert _back(each_ctx) == 0
    assert _told(each_ctx) == []


def test_two_processes_tell_that_it_ended_once(
    each_ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asked(each_ctx, _partner(each_ctx), pdq_value(1))
    opened = report(each_ctx, image(pdq_value(1)))
    _back(each_ctx)
    withdraw_item(each_ctx, person(opened), item_id=opened.case.items[0].id)
    each_ctx.live.catch_up()
    _told(each_ctx)
    with each_ctx.database.read() as tx:
        before, upto = bank.matched_back_to(tx), bank.feed_position(tx)
        ended = bank.ended_between(tx, before, upto)
    assert ended
    match_back(each_ctx)
    # The other one, that began at the same step.
    _retroactive._go_on(each_ctx, before, upto, ended)
    told = [event for event in _told(each_ctx) if event["type"] == "match.ended"]
    assert len(told) == 1


def test_a_lookup_that_comes_late_under_a_lower_number_is_taken_in(ctx: Context) -> None:
    """As on an engine that gives numbers before a commit."""
    now = [0.0]
    recent = RecentLookups(lambda: now[0])
    forum = _partner(ctx)
    _asked(ctx, forum, pdq_value(1), reference="late")
    _asked(ctx, forum, pdq_value(2), reference="early")

    def near() -> list[int]:
        with ctx.database.read() as tx:
            recent.catch_up(tx, ctx.vault)
        return [number for seed in (1, 2) for number in recent.near([pdq_value(seed)])]

    with ctx.database.write() as tx:
        (late, _) = tx.execute(select(kept_lookup).order_by(kept_lookup.c.id)).all()
        tx.execute(delete(kept_lookup).where(kept_lookup.c.id == late.id))
    assert near() == [late.id + 1]
    with ctx.database.write() as tx:
        tx.execute(kept_lookup.insert().values(**late._asdict()))
    assert near() == [late.id + 1]
    now[0] = 30.0
    assert near() == [late.id, late.id + 1]
    with ctx.database.write() as tx:
        tx.execute(delete(kept_lookup))
    now[0] = 60.0
    assert near() == []
    assert recent.is_empty
    recent.close()


def test_what_is_not_shared_any_more_while_it_is_told_is_told_to_nobody(
    each_ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    _asked(each_ctx, _partner(each_ctx), pdq_value(1))
    opened = report(each_ctx, image(pdq_value(1)))
    item = read_case(each_ctx, person(opened)).items[0]

    def found(*asked: object) -> list[Match]:
        matches = find_matches(*asked)
        wish = SharingWish(kinds=frozenset({PartnerKind.PLATFORM}))
        share_item(each_ctx, person(opened), item_id=item.id, wish=wish, ages=AgeFacts())
        return matches

    monkeypatch.setattr(_retroactive, "find_matches", found)
    assert _back(each_ctx) == 0
    assert _told(each_ctx) == []


def test_nothing_waits_for_a_decision_about_what_was_withdrawn_in_whatever_way(
    each_ctx: Context,
) -> None:
    """As a source or a partner's list withdraws: by the bank alone, and many at once."""
    with each_ctx.database.write() as tx:
        bank_id = bank.ensure_bank(tx, "others").id
        key_id = bank.bank_key(tx, each_ctx.vault, bank_id)
        content_ids = [
            bank.add_content(
                tx, each_ctx.vault, bank_id=bank_id, key_id=key_id, signals=[pdq_value(seed)]
            )
            for seed in range(600)
        ]
        for content_id in content_ids:
            review.open_task(
                tx, kind=TaskKind.DISPUTE, subject_id=content_id, content_id=content_id
            )
            bank.set_status(tx, content_id, ContentStatus.WITHDRAWN)
    assert _back(each_ctx) == 0
    with each_ctx.database.read() as tx:
        assert review.task_counts(tx)[TaskKind.DISPUTE] == 0
