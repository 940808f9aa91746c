# SPDX-License-Identifier: Apache-2.0
"""What partners asked is counted by the minute, written with one audit row each, and nothing is lost."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from installations import OPERATOR, context_on, digest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from haechi import exchange
from haechi.audit._tables import audit_event
from haechi.errors import NeedsAccess, NotFound
from haechi.values import Actor, ActorKind, utc_now
from haechi.workflows import (
    Context,
    Question,
    _metering,
    actor_of_token,
    admit_partner,
    look_up_batch,
    look_up_signals,
    read_own_usage,
    read_usage,
    upkeep,
)
from haechi.workflows._metering import forget_old_usage, write_usage
from haechi.workflows._usage import UsageCounts

QUESTION = Question("", (digest(1), digest(2)))


def _admit(ctx: Context, name: str) -> Actor:
    actor = actor_of_token(ctx, admit_partner(ctx, OPERATOR, name=name, scopes=["match"])[1])
    assert actor is not None
    return actor


def _asked_rows(ctx: Context) -> list[tuple[str, str]]:
    with ctx.database.read() as tx:
        rows = tx.execute(select(audit_event).where(audit_event.c.verb == "asked"))
        return [(row.actor_id, row.detail) for row in rows]


def _sums(ctx: Context, actor: Actor) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for one in read_own_usage(ctx, actor):
        asked, matched = sums.get(one.verb, (0, 0))
        sums[one.verb] = asked + one.asked, matched + one.matched
    return sums


def test_it_is_counted_and_written_with_one_row_for_each_partner(each_ctx: Context) -> None:
    ctx = each_ctx
    one, other = _admit(ctx, "one"), _admit(ctx, "other")
    ctx.live.catch_up()
    for _ in range(3):
        look_up_signals(ctx, one, QUESTION)
    look_up_batch(ctx, one, [QUESTION] * 4)
    look_up_signals(ctx, other, QUESTION)
    assert _asked_rows(ctx) == []
    write_usage(ctx)
    write_usage(ctx)
    assert _sums(ctx, one) == {"match": (6, 0), "match_batch": (8, 0)}
    assert _sums(ctx, other) == {"match": (2, 0)}
    rows = dict(_asked_rows(ctx))
    assert set(rows) == {one.id, other.id}
    assert rows[one.id].startswith("from=")
    assert rows[one.id].endswith("Z match asked=6 matched=0 match_batch asked=8 matched=0")
    # Later counts are added to the same minute.
    look_up_signals(ctx, other, QUESTION)
    write_usage(ctx)
    assert _sums(ctx, other) == {"match": (4, 0)}


def test_nothing_is_lost_when_the_context_is_closed(sqlite_url: str, tmp_path: Path) -> None:
    with context_on(sqlite_url, tmp_path) as first:
        actor = _admit(first, "one")
        first.live.catch_up()
        look_up_signals(first, actor, QUESTION)
    with context_on(sqlite_url, tmp_path) as second:
        assert _sums(second, actor) == {"match": (2, 0)}


def test_what_cannot_be_written_is_counted_later(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = _admit(ctx, "one")
    ctx.usage.count(actor.id, "match", asked=5, matched=1)
    with monkeypatch.context() as patch:

        def fail(*_: object) -> None:
            raise OperationalError("", {}, Exception())

        patch.setattr(exchange, "add_usage", fail)
        with pytest.raises(OperationalError):
            write_usage(ctx)
    ctx.usage.count(actor.id, "match", asked=2, matched=0)
    write_usage(ctx)
    assert _sums(ctx, actor) == {"match": (7, 1)}


def test_counts_of_many_threads_add_up(ctx: Context) -> None:
    counts = UsageCounts()
    actor = _admit(ctx, "one")

    def work() -> None:
        for _ in range(500):
            counts.count(actor.id, "match", asked=1, matched=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    counts.write(ctx.database)
    for thread in threads:
        thread.join()
    counts.write(ctx.database)
    assert _sums(ctx, actor) == {"match": (2000, 2000)}


def test_two_processes_add_to_one_minute(ctx: Context) -> None:
    actor = _admit(ctx, "one")
    for _ in range(2):
        counts = UsageCounts()
        counts.count(actor.id, "match", asked=3, matched=0)
        counts.write(ctx.database)
    assert _sums(ctx, actor) == {"match": (6, 0)}


def test_a_partner_reads_only_its_own_and_the_desk_by_name(ctx: Context) -> None:
    one, other = _admit(ctx, "one"), _admit(ctx, "other")
    ctx.usage.count(one.id, "match", asked=3, matched=0)
    write_usage(ctx)
    assert [usage.asked for usage in read_own_usage(ctx, one)] == [3]
    assert read_own_usage(ctx, other) == []
    with pytest.raises(NeedsAccess):
        read_usage(ctx, other, name="one")
    assert [usage.asked for usage in read_usage(ctx, OPERATOR, name="one")] == [3]
    with pytest.raises(NotFound):
        read_usage(ctx, OPERATOR, name="nobody")


def test_many_verbs_still_fit_into_the_row(each_ctx: Context) -> None:
    actor = _admit(each_ctx, "one")
    for number in range(12):
        each_ctx.usage.count(actor.id, f"verb_number_{number}", asked=10**6, matched=10**5)
    write_usage(each_ctx)
    ((_, detail),) = _asked_rows(each_ctx)
    assert len(detail) == 200
    assert len(_sums(each_ctx, actor)) == 12


def test_the_operator_is_not_counted(ctx: Context) -> None:
    ctx.live.catch_up()
    look_up_signals(ctx, OPERATOR, QUESTION)
    write_usage(ctx)
    assert _asked_rows(ctx) == []


def test_it_is_part_of_the_upkeep_and_forgotten_after_400_days(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = _admit(ctx, "one")
    ctx.usage.count(actor.id, "match", asked=1, matched=0)
    upkeep(ctx)
    assert _sums(ctx, actor) == {"match": (1, 0)}
    monkeypatch.setattr(_metering, "utc_now", lambda: utc_now() + timedelta(days=401))
    forget_old_usage(ctx)
    monkeypatch.undo()
    assert _sums(ctx, actor) == {}


def test_who_is_asked_by_is_the_partner(ctx: Context) -> None:
    actor = _admit(ctx, "one")
    ctx.usage.count(actor.id, "match", asked=1, matched=0)
    write_usage(ctx)
    with ctx.database.read() as tx:
        (row,) = tx.execute(select(audit_event).where(audit_event.c.verb == "asked"))
    assert (row.actor_kind, row.subject_id) == (ActorKind.PARTNER.value, actor.id)
