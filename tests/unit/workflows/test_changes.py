# SPDX-License-Identifier: Apache-2.0
"""Reading the feed as a partner: signed, counted, and only as far as it goes on."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from installations import KEYS, OPERATOR, image, pdq_value, person, report

from haechi import bank, exchange
from haechi.errors import FeedCompacted, MalformedField, NeedsAccess, NotYours, TooManyRequests
from haechi.follower._wire import check_page, read_page
from haechi.values import Actor, ActorKind, PartnerKind, utc_now
from haechi.workflows import (
    Context,
    actor_of_token,
    admit_partner,
    change_partner,
    read_changes,
    withdraw_item,
)
from haechi.workflows._bell import Bell
from haechi.workflows._changes import compact_feed

PUBLIC = Ed25519PrivateKey.from_private_bytes(KEYS.signing).public_key().public_bytes_raw()


@pytest.fixture
def reader(ctx: Context) -> Actor:
    """A partner without values of its own, so that the feed holds what a test put there."""
    _, token = admit_partner(ctx, OPERATOR, name="reader", scopes=["match"])
    actor = actor_of_token(ctx, token)
    assert actor is not None
    return Actor(ActorKind.PARTNER, actor.id, frozenset({"changes"}), actor.reader)


def test_a_page_is_signed_and_counted(ctx: Context, reader: Actor) -> None:
    report(ctx, image(pdq_value(1)))
    signed = read_changes(ctx, reader)
    check_page(PUBLIC, signed.body, signed.signature)
    page = read_page(signed.body)
    assert [change.state for change in page.changes] == ["present"]
    assert (page.next, page.head) == ("1", 1)
    ctx.usage.write(ctx.database)
    with ctx.database.read() as tx:
        (usage,) = exchange.usage_of(tx, reader.id, since=utc_now() - timedelta(hours=1))
    assert (usage.verb, usage.asked, usage.matched) == ("changes", 1, 1)


def test_it_goes_on_from_where_it_stood_and_from_nowhere_else(ctx: Context, reader: Actor) -> None:
    report(ctx, image(pdq_value(1)))
    page = read_page(read_changes(ctx, reader).body)
    assert read_changes(ctx, reader, after=page.next, feed=page.feed).is_empty
    with pytest.raises(FeedCompacted):
        read_changes(ctx, reader, after="2")
    with pytest.raises(FeedCompacted):
        read_changes(ctx, reader, after=page.next, feed="feed_of_others")
    with pytest.raises(MalformedField):
        read_changes(ctx, reader, after="newest")


def test_a_partner_that_became_another_sort_begins_anew(ctx: Context, reader: Actor) -> None:
    report(ctx, image(pdq_value(1)))
    before = read_changes(ctx, reader)
    partner = change_partner(ctx, OPERATOR, name="reader", kind=PartnerKind.ADULT_SITE)
    narrower = Actor(ActorKind.PARTNER, reader.id, reader.scopes, partner.reader)
    with pytest.raises(FeedCompacted):
        read_changes(ctx, narrower, after=before.next, feed=before.feed)
    assert [one.state for one in read_page(read_changes(ctx, narrower).body).changes] == ["gone"]


def test_who_stands_before_withdrawals_that_were_forgotten_begins_anew(
    ctx: Context, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(ctx, image(pdq_value(1)))
    opened = report(ctx, image(pdq_value(2)))
    before = read_changes(ctx, reader)
    withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)
    report(ctx, image(pdq_value(3)))
    with monkeypatch.context() as patched:
        later = utc_now() + timedelta(days=401)
        patched.setattr("haechi.workflows._changes.utc_now", lambda: later)
        assert compact_feed(ctx) > 0
    with pytest.raises(FeedCompacted):
        read_changes(ctx, reader, after=before.next, feed=before.feed)
    # Whoever begins anew, in however small pages, gets to the end.
    after, states = "", []
    while True:
        page = read_page(read_changes(ctx, reader, after=after, limit=1).body)
        states += [change.state for change in page.changes]
        after = page.next
        if after == str(page.head):
            break
    assert states == ["present", "present"]
    assert compact_feed(ctx) == 0


def test_nobody_else(ctx: Context, reader: Actor) -> None:
    with pytest.raises(NeedsAccess):
        read_changes(ctx, OPERATOR)
    others = Actor(ActorKind.PARTNER, reader.id, frozenset({"match"}), reader.reader)
    with pytest.raises(NotYours):
        read_changes(ctx, others)
    unknown = Actor(ActorKind.PARTNER, reader.id, reader.scopes, None)
    report(ctx, image(pdq_value(1)))
    assert read_changes(ctx, unknown).is_empty


def test_the_bell_rings_when_the_feed_has_moved(ctx: Context) -> None:
    assert ctx.live is not None
    ctx.live.catch_up()
    rung: list[int] = []
    with ctx.live.moved.listen("ptn_1", lambda: rung.append(ctx.live.position)):
        ctx.live.catch_up()
        assert rung == []
        report(ctx, image(pdq_value(1)))
        ctx.live.catch_up()
        with ctx.database.write() as tx:
            bank.touch_access(tx)
        ctx.live.catch_up()
    assert rung == [1, 1]
    report(ctx, image(pdq_value(2)))
    ctx.live.catch_up()
    assert rung == [1, 1]


def test_so_many_of_one_partner_may_wait() -> None:
    bell = Bell()
    is_over = threading.Event()

    def wait() -> None:
        with bell.listen("ptn_1", lambda: None):
            is_over.wait(10)

    threads = [threading.Thread(target=wait) for _ in range(32)]
    for thread in threads:
        thread.start()
    while bell._waiting["ptn_1"] < 32:
        time.sleep(0.001)
    with pytest.raises(TooManyRequests), bell.listen("ptn_1", lambda: None):
        pass
    with bell.listen("ptn_2", lambda: None):
        pass
    is_over.set()
    for thread in threads:
        thread.join()
    assert not bell._waiting
    assert not bell._listeners
