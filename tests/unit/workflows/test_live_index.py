# SPDX-License-Identifier: Apache-2.0
"""The follower: what it does with broken records, lost databases and its own thread."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from installations import PLATFORM, digest, image, pdq_value, person, report
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from haechi.bank import add_content, ensure_bank, set_status
from haechi.bank._tables import content_signal
from haechi.storage import Database
from haechi.values import ContentStatus
from haechi.workflows import Context, LiveIndex, _follow, screen_signals, withdraw_item

_LONG_S = 60


def _break(ctx: Context, sealed: bytes, kind: str = "pdq") -> None:
    """Spoil every stored signal of this type."""
    with ctx.database.write() as tx:
        tx.execute(
            update(content_signal).where(content_signal.c.type == kind).values(sealed=sealed)
        )


@pytest.mark.parametrize("sealed", [b"", b"short", b"x" * 60])
def test_a_broken_record_is_counted_and_the_others_still_match(
    each_ctx: Context, sealed: bytes
) -> None:
    ctx = each_ctx
    report(ctx, image(pdq_value(1)))
    _break(ctx, sealed)
    report(ctx, image(pdq_value(2)), image(pdq_value(3)))
    ctx.live.catch_up()
    assert ctx.live.unreadable_count == 1
    assert len(ctx.live) == 2
    found = [bool(screen_signals(ctx, PLATFORM, [pdq_value(seed)])) for seed in (1, 2, 3)]
    assert found == [False, True, True]
    assert ctx.live.is_ready


def test_what_is_left_of_a_broken_content_still_matches(ctx: Context) -> None:
    report(ctx, image(pdq_value(1), digest(1)))
    _break(ctx, b"")
    ctx.live.catch_up()
    assert ctx.live.unreadable_count == 1
    assert screen_signals(ctx, PLATFORM, [pdq_value(1)]) == []
    assert len(screen_signals(ctx, PLATFORM, [digest(1)])) == 1


def test_a_broken_content_can_be_withdrawn(ctx: Context) -> None:
    opened = report(ctx, image(pdq_value(1)))
    _break(ctx, b"")
    ctx.live.catch_up()
    withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)
    ctx.live.catch_up()
    assert (ctx.live.unreadable_count, len(ctx.live)) == (0, 0)


def test_a_content_that_was_mended_counts_no_more(ctx: Context) -> None:
    with ctx.database.write() as tx:
        bank_id, key_id = ensure_bank(tx, "reports").id, ctx.vault.new_key(tx)
        content_id = add_content(
            tx, ctx.vault, bank_id=bank_id, key_id=key_id, signals=[pdq_value(1)]
        )
        entry_id = tx.execute(content_signal.select()).one().entry_id
    _break(ctx, b"")
    ctx.live.catch_up()
    assert ctx.live.unreadable_count == 1
    with ctx.database.write() as tx:
        good = ctx.vault.seal(tx, key_id, pdq_value(1).value, context=f"content:{entry_id}")
        tx.execute(update(content_signal).values(sealed=good))
        for status in (ContentStatus.HELD, ContentStatus.ACTIVE):
            set_status(tx, content_id, status)
    ctx.live.catch_up()
    assert (ctx.live.unreadable_count, len(ctx.live)) == (0, 1)
    assert screen_signals(ctx, PLATFORM, [pdq_value(1)])


def test_a_content_without_a_trusted_signal_is_not_counted_as_matched(ctx: Context) -> None:
    report(ctx, image(pdq_value(1, quality=20)))
    ctx.live.catch_up()
    assert (len(ctx.live), ctx.live.unreadable_count) == (0, 0)


def test_before_the_first_look_it_is_not_ready(ctx: Context) -> None:
    assert (ctx.live.position, ctx.live.is_ready, len(ctx.live)) == (-1, False, 0)
    ctx.live.catch_up()
    assert (ctx.live.position, ctx.live.is_ready, len(ctx.live)) == (0, True, 0)


def test_it_follows_another_programs_commits(each_ctx: Context) -> None:
    with Database(each_ctx.settings.database_url) as elsewhere:
        live = LiveIndex(elsewhere, each_ctx.vault, poll_s=_LONG_S)
        opened = report(each_ctx, image(pdq_value(1)))
        live.catch_up()
        assert live.known().view.search([pdq_value(1)])[0]
        withdraw_item(each_ctx, person(opened), item_id=opened.case.items[0].id)
        live.catch_up()
        assert not live.known().view.search([pdq_value(1)])[0]


def test_a_feed_longer_than_one_reading_is_read_to_its_end(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = _follow.changes_after
    monkeypatch.setattr(_follow, "changes_after", lambda *a: real(*a, limit=2))
    report(ctx, *[image(pdq_value(seed)) for seed in range(5)])
    ctx.live.catch_up()
    assert (ctx.live.position, len(ctx.live)) == (5, 5)


class _Watched(LiveIndex):
    """Says when it has looked."""

    def __init__(self, ctx: Context, poll_s: float) -> None:
        super().__init__(ctx.database, ctx.vault, poll_s=poll_s)
        self.failures: list[Exception] = []
        self._looked = threading.Condition()

    def catch_up(self) -> None:
        try:
            if self.failures:
                raise self.failures.pop(0)
            super().catch_up()
        finally:
            with self._looked:
                self._looked.notify_all()

    def wait_for(self, position: int) -> None:
        with self._looked:
            assert self._looked.wait_for(lambda: self.position >= position, timeout=30)


def test_a_commit_of_this_process_wakes_it(ctx: Context) -> None:
    """Its poll is a minute away: without being woken it would not come in time."""
    live = _Watched(ctx, poll_s=_LONG_S)
    live.start()
    try:
        live.wait_for(0)
        report(ctx, image(pdq_value(1)))
        live.wake()
        live.wait_for(1)
        assert live.known().view.search([pdq_value(1)])[0]
    finally:
        live.stop()


def test_every_workflow_that_changes_the_bank_wakes_the_index(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken = []
    monkeypatch.setattr(LiveIndex, "wake", lambda _: woken.append(1))
    opened = report(ctx, image(pdq_value(1)))
    assert woken == [1]
    withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)
    assert woken == [1, 1]


@pytest.mark.parametrize(
    "failure",
    [
        OperationalError("SELECT the secret", {"value": "the secret"}, Exception("the secret")),
        ValueError("the secret"),
        RuntimeError("the secret"),
    ],
)
def test_a_look_that_fails_is_not_the_last_and_tells_no_value(
    ctx: Context, failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_follow, "_RETRY_AFTER_S", 0.001)
    live = _Watched(ctx, poll_s=0.001)
    live.failures = [failure, failure]
    report(ctx, image(pdq_value(1)))
    with capture_logs() as logs:
        live.start()
        try:
            live.wait_for(1)
        finally:
            live.stop()
    assert len(logs) == 2
    assert {line["event"] for line in logs} == {"feed_not_read"}
    assert {line["error_class"] for line in logs} == {type(failure).__name__}
    assert "secret" not in repr(logs)
    assert live.known().view.search([pdq_value(1)])[0]


def test_a_failed_look_leaves_the_position_where_it_was(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(ctx, image(pdq_value(1)))
    ctx.live.catch_up()
    report(ctx, image(pdq_value(2)))

    @contextmanager
    def broken() -> None:
        raise OperationalError("", {}, Exception())
        yield

    monkeypatch.setattr(Database, "read", lambda _: broken())
    with pytest.raises(OperationalError):
        ctx.live.catch_up()
    assert ctx.live.position == 1
    monkeypatch.undo()
    ctx.live.catch_up()
    assert (ctx.live.position, len(ctx.live)) == (2, 2)


def test_stopping_ends_the_thread_and_twice_is_no_error(ctx: Context) -> None:
    live = LiveIndex(ctx.database, ctx.vault, poll_s=_LONG_S)
    live.stop()
    other = LiveIndex(ctx.database, ctx.vault, poll_s=_LONG_S)
    other.start()
    other.stop()
    other.stop()
    assert not [one for one in threading.enumerate() if one.name == "live-index"]
