# SPDX-License-Identifier: Apache-2.0
"""A follower ends with the same state however the feed is cut, and however often it is read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from installations import KEYS, pdq_value

from haechi.bank import add_content, changes_after, ensure_bank, feed_position, set_status
from haechi.storage import Database, Vault
from haechi.values import ContentStatus, Signal

VAULT = Vault(KEYS.master)
STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "hold", "free", "withdraw"]), st.integers(0, 5)), max_size=14
)

State = dict[str, tuple[Signal, ...]]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database(f"sqlite:///{tmp_path_factory.mktemp('feed')}/haechi.sqlite3") as opened:
        opened.migrate()
        yield opened


def _write(database: Database, steps: list[tuple[str, int]]) -> State:
    """Do the steps, each in a transaction of its own; the active contents that must be left."""
    contents: list[str] = []
    active: State = {}
    signals: State = {}
    withdrawn: set[str] = set()
    statuses = {"hold": ContentStatus.HELD, "free": ContentStatus.ACTIVE}
    for verb, which in steps:
        with database.write() as tx:
            if verb == "add":
                content_id = add_content(
                    tx,
                    VAULT,
                    bank_id=ensure_bank(tx, "reports").id,
                    key_id=VAULT.new_key(tx),
                    signals=[pdq_value(which)],
                )
                contents.append(content_id)
                signals[content_id] = active[content_id] = (pdq_value(which),)
                continue
            content_id = contents[which % len(contents)] if contents else ""
            if not content_id or content_id in withdrawn:
                continue
            set_status(tx, content_id, statuses.get(verb, ContentStatus.WITHDRAWN))
            active.pop(content_id, None)
            if verb == "free":
                active[content_id] = signals[content_id]
            if verb == "withdraw":
                withdrawn.add(content_id)
    return active


def _follow(database: Database, start: int, limits: list[int], *, stutters: bool) -> State:
    state: State = {}
    position = start
    for number in range(10_000):
        with database.read() as tx:
            changes = changes_after(tx, VAULT, position, limit=limits[number % len(limits)])
        if not changes:
            return state
        assert [c.seq for c in changes] == list(range(position + 1, changes[-1].seq + 1))
        for change in changes * (2 if stutters else 1):
            if change.status is ContentStatus.ACTIVE:
                state[change.content_id] = change.signals
            else:
                state.pop(change.content_id, None)
        position = changes[-1].seq
    raise AssertionError("the feed has no end")


@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=STEPS,
    limits=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    stutters=st.booleans(),
    read_before=st.integers(0, 14),
)
def test_any_cut_of_the_feed_gives_the_same_state(
    database: Database,
    steps: list[tuple[str, int]],
    limits: list[int],
    stutters: bool,
    read_before: int,
) -> None:
    with database.read() as tx:
        start = feed_position(tx)
    expected = _write(database, steps)
    assert _follow(database, start, [1000], stutters=False) == expected
    assert _follow(database, start, limits, stutters=stutters) == expected
    # One who stopped halfway and began again from its number misses nothing that is active now.
    with database.read() as tx:
        early = changes_after(tx, VAULT, start, limit=max(1, read_before))
    if early:
        resumed = _follow(database, early[-1].seq, limits, stutters=stutters)
        known = {c.content_id: c.signals for c in early if c.status is ContentStatus.ACTIVE}
        gone = {c.content_id for c in early if c.status is not ContentStatus.ACTIVE}
        assert {**known, **resumed} == expected
        assert gone.isdisjoint(expected)
