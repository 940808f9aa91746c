# SPDX-License-Identifier: Apache-2.0
"""Banks, contents and the feed of their changes, on both engines."""

from __future__ import annotations

import pytest
from installations import digest, pdq_value
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.bank import (
    Change,
    _feed,  # how much is read at once
    add_content,
    all_banks,
    changes_after,
    content_statuses,
    ensure_bank,
    feed_position,
    forget_regions,
    set_status,
)
from haechi.bank._tables import bank, content, content_signal, feed_change
from haechi.errors import NotFound
from haechi.storage import Database, Vault
from haechi.values import BankPolicy, ContentStatus, Signal, SignalType, utc_now

REGIONAL = Signal(SignalType.RPDQ, b"\x01\xff\xff\x80\x00" + bytes(38))


def _add(database: Database, vault: Vault, *signals: Signal, bank_name: str = "reports") -> str:
    with database.write() as tx:
        bank_id = ensure_bank(tx, bank_name).id
        return add_content(tx, vault, bank_id=bank_id, key_id=vault.new_key(tx), signals=signals)


def _set(database: Database, content_id: str, status: ContentStatus) -> None:
    with database.write() as tx:
        set_status(tx, content_id, status)


def _changes(database: Database, vault: Vault, seq: int = 0, limit: int = 100) -> list[Change]:
    with database.read() as tx:
        return changes_after(tx, vault, seq, limit=limit)


def test_a_bank_is_made_once(database: Database) -> None:
    with database.write() as tx:
        made = ensure_bank(tx, "known", policy=BankPolicy.ALLOW, radius_bits=12)
    with database.write() as tx:
        assert ensure_bank(tx, "known") == made
        other = ensure_bank(tx, "reports")
    with database.read() as tx:
        assert all_banks(tx) == {made.id: made, other.id: other}
    assert (made.policy, made.radius_bits) == (BankPolicy.ALLOW, 12)
    assert (other.policy, other.radius_bits) == (BankPolicy.BLOCK, 31)


def test_a_bank_that_another_made_meanwhile_is_taken(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both looked, neither saw it, both write: the second one's transaction goes on."""
    with database.write() as tx:
        first = ensure_bank(tx, "reports")
    with database.write() as tx:
        real = tx.execute
        looks = []

        def see_nothing_at_first(statement: object, *rest: object) -> object:
            if not looks:
                looks.append(1)
                return real(select(bank).where(bank.c.name == "no such bank"))
            return real(statement, *rest)

        monkeypatch.setattr(tx, "execute", see_nothing_at_first)
        assert ensure_bank(tx, "reports") == first
        ensure_bank(tx, "more")
    with database.read() as tx:
        assert sorted(one.name for one in all_banks(tx).values()) == ["more", "reports"]


def test_a_content_is_in_the_feed_with_what_it_is(database: Database, vault: Vault) -> None:
    signals = (pdq_value(1, quality=77), digest(1))
    content_id = _add(database, vault, *signals)
    (change,) = _changes(database, vault)
    assert (change.seq, change.content_id, change.status) == (1, content_id, ContentStatus.ACTIVE)
    assert change.signals == signals
    assert change.is_readable
    with database.read() as tx:
        assert all_banks(tx)[change.bank_id].name == "reports"
        assert feed_position(tx) == 1


def test_a_new_store_has_an_empty_feed(database: Database, vault: Vault) -> None:
    assert _changes(database, vault) == []
    with database.read() as tx:
        assert feed_position(tx) == 0


def test_a_content_without_signals_is_refused(database: Database, vault: Vault) -> None:
    with pytest.raises(ValueError, match="at least one signal"):
        _add(database, vault)
    assert _changes(database, vault) == []


def test_no_value_stands_in_the_tables(database: Database, vault: Vault) -> None:
    signal = pdq_value(1)
    _add(database, vault, signal)
    with database.read() as tx:
        for row in tx.execute(select(content_signal)):
            assert signal.value not in row.sealed


def test_equal_pictures_are_two_contents(database: Database, vault: Vault) -> None:
    one, other = (_add(database, vault, pdq_value(1)) for _ in range(2))
    assert one != other
    _set(database, one, ContentStatus.WITHDRAWN)
    with database.read() as tx:
        statuses = content_statuses(tx, [one, other, "con_none"])
    assert statuses == {one: ContentStatus.WITHDRAWN, other: ContentStatus.ACTIVE}


def test_the_statuses_of_nothing_are_nothing(database: Database) -> None:
    with database.read() as tx:
        assert content_statuses(tx, []) == {}


@pytest.mark.parametrize("status", [ContentStatus.HELD, ContentStatus.WITHDRAWN])
def test_only_an_active_content_shows_its_signals(
    database: Database, vault: Vault, status: ContentStatus
) -> None:
    content_id = _add(database, vault, pdq_value(1))
    _set(database, content_id, status)
    changes = _changes(database, vault)
    # Both steps say what it is now: a follower may apply them again and again.
    assert [(change.seq, change.status, change.signals) for change in changes] == [
        (1, status, ()),
        (2, status, ()),
    ]
    assert all(change.is_readable for change in changes)


def test_the_same_status_again_is_no_change(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault, pdq_value(1))
    for status in (ContentStatus.ACTIVE, ContentStatus.WITHDRAWN, ContentStatus.WITHDRAWN):
        _set(database, content_id, status)
    assert [change.seq for change in _changes(database, vault)] == [1, 2]


def test_held_can_become_active_again(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault, pdq_value(1))
    _set(database, content_id, ContentStatus.HELD)
    _set(database, content_id, ContentStatus.ACTIVE)
    assert _changes(database, vault)[-1].signals == (pdq_value(1),)


@pytest.mark.parametrize("status", [ContentStatus.HELD, ContentStatus.ACTIVE])
def test_withdrawn_stays_withdrawn(database: Database, vault: Vault, status: ContentStatus) -> None:
    content_id = _add(database, vault, pdq_value(1))
    _set(database, content_id, ContentStatus.WITHDRAWN)
    with pytest.raises(NotFound):
        _set(database, content_id, status)
    with database.read() as tx:
        assert content_statuses(tx, [content_id]) == {content_id: ContentStatus.WITHDRAWN}


@pytest.mark.parametrize("status", ContentStatus)
def test_no_content_no_status(database: Database, status: ContentStatus) -> None:
    with pytest.raises(NotFound):
        _set(database, "con_none", status)


def test_the_feed_comes_in_pieces_of_any_size(database: Database, vault: Vault) -> None:
    for seed in range(7):
        _add(database, vault, pdq_value(seed))
    assert [change.seq for change in _changes(database, vault, 2, limit=3)] == [3, 4, 5]
    assert [change.seq for change in _changes(database, vault, 5, limit=3)] == [6, 7]
    assert _changes(database, vault, 7) == []
    assert _changes(database, vault, 700) == []


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(60)])
def test_a_broken_value_is_left_out_and_told(
    database: Database, vault: Vault, sealed: bytes
) -> None:
    _add(database, vault, pdq_value(1), digest(1))
    _add(database, vault, pdq_value(2))
    with database.write() as tx:
        first = tx.scalar(select(content.c.entry_id).order_by(content.c.entry_id).limit(1))
        tx.execute(
            update(content_signal)
            .where(content_signal.c.entry_id == first, content_signal.c.type == "pdq")
            .values(sealed=sealed)
        )
    one, other = _changes(database, vault)
    assert (one.signals, one.is_readable) == ((digest(1),), False)
    assert (other.signals, other.is_readable) == ((pdq_value(2),), True)


@pytest.mark.parametrize(
    "values", [{"type": "pdq9"}, {"type": "md5"}, {"quality": 300}, {"quality": None}]
)
def test_a_row_that_is_no_signal_is_left_out_and_told(
    database: Database, vault: Vault, values: dict[str, object]
) -> None:
    _add(database, vault, pdq_value(1))
    with database.write() as tx:
        tx.execute(update(content_signal).values(**values))
    (change,) = _changes(database, vault)
    assert (change.signals, change.is_readable) == ((), False)


def test_a_value_moved_to_another_content_is_left_out(database: Database, vault: Vault) -> None:
    with database.write() as tx:
        bank_id, key_id = ensure_bank(tx, "reports").id, vault.new_key(tx)
        for seed in (1, 2):
            add_content(tx, vault, bank_id=bank_id, key_id=key_id, signals=[pdq_value(seed)])
        rows = tx.execute(select(content_signal).order_by(content_signal.c.entry_id)).all()
        for row, other in zip(rows, reversed(rows), strict=True):
            tx.execute(
                update(content_signal)
                .where(content_signal.c.id == row.id)
                .values(sealed=other.sealed)
            )
    assert [change.is_readable for change in _changes(database, vault)] == [False, False]


def test_a_destroyed_key_makes_its_contents_unreadable_and_no_others(
    database: Database, vault: Vault
) -> None:
    with database.write() as tx:
        bank_id = ensure_bank(tx, "reports").id
        gone, kept = vault.new_key(tx), vault.new_key(tx)
        for key_id in (gone, kept):
            add_content(tx, vault, bank_id=bank_id, key_id=key_id, signals=[pdq_value(1)])
        vault.destroy_key(tx, gone)
    assert [change.is_readable for change in _changes(database, vault)] == [False, True]


def test_a_feed_number_is_given_once(database: Database, vault: Vault) -> None:
    _add(database, vault, pdq_value(1))
    with database.read() as tx:
        row = tx.execute(select(feed_change)).one()
    again = {"seq": row.seq, "entry_id": row.entry_id, "status": "active"}
    with pytest.raises(IntegrityError), database.write() as tx:
        tx.execute(insert(feed_change).values(**again, changed_at=utc_now()))


def test_no_signal_shows_in_a_change(database: Database, vault: Vault) -> None:
    _add(database, vault, pdq_value(1))
    (change,) = _changes(database, vault)
    assert pdq_value(1).hex[:8] not in repr(change)


def test_nothing_of_a_withdrawn_content_stays(database: Database, vault: Vault) -> None:
    """The page says that its fingerprints are erased, though the case and its key live on."""
    gone, kept = (_add(database, vault, pdq_value(n), digest(n), REGIONAL) for n in (1, 2))
    _set(database, gone, ContentStatus.WITHDRAWN)
    with database.read() as tx:
        left = [row.entry_id for row in tx.execute(select(content_signal))]
        owner = tx.scalar(select(content.c.entry_id).where(content.c.id == kept))
    assert left == [owner] * 3
    _set(database, kept, ContentStatus.HELD)
    _set(database, kept, ContentStatus.ACTIVE)
    assert set(_changes(database, vault)[-1].signals) == {pdq_value(2), digest(2), REGIONAL}


def test_regions_can_be_forgotten_alone(database: Database, vault: Vault) -> None:
    content_id = _add(database, vault, pdq_value(1), REGIONAL)
    other = _add(database, vault, pdq_value(2), REGIONAL)
    with database.write() as tx:
        forget_regions(tx, content_id)
    last = _changes(database, vault)[-1]
    assert (last.seq, last.content_id, last.signals) == (3, content_id, (pdq_value(1),))
    assert last.status is ContentStatus.ACTIVE
    with database.write() as tx:
        forget_regions(tx, content_id)
    changes = _changes(database, vault)
    assert len(changes) == 3, "there was nothing left to forget"
    assert REGIONAL in next(c for c in changes if c.content_id == other).signals


def test_regions_of_what_is_gone_are_not_found(database: Database, vault: Vault) -> None:
    gone = _add(database, vault, pdq_value(1), REGIONAL)
    _set(database, gone, ContentStatus.WITHDRAWN)
    for content_id in (gone, "con_none"):
        with pytest.raises(NotFound), database.write() as tx:
            forget_regions(tx, content_id)


def test_of_long_videos_so_many_are_read_at_once_as_fit(
    database: Database, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = b"".join(b"F" * 32 + b"\x64" + at.to_bytes(4) for at in range(0, 10_000, 1000))
    film = Signal(SignalType.VPDQ, frames)
    for signals in ((film,), (pdq_value(1),), (film,), (film,)):
        _add(database, vault, *signals)
    monkeypatch.setattr(_feed, "_MOST_SEALED_BYTES", 2 * len(frames))
    assert [step.seq for step in _changes(database, vault)] == [1, 2]
    monkeypatch.setattr(_feed, "_MOST_SEALED_BYTES", 1)
    assert [step.seq for step in _changes(database, vault)] == [1]
    assert [step.seq for step in _changes(database, vault, 2)] == [3]
    assert [step.seq for step in _changes(database, vault, 3)] == [4]
