# SPDX-License-Identifier: Apache-2.0
"""Held, quarantined and noted contents, reading them in pages, and many at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from installations import digest, pdq_value
from sqlalchemy import select

from haechi import bank
from haechi.bank import Content, KnownContents, NewContent
from haechi.bank._tables import content as content_table
from haechi.errors import MalformedField, NotFound
from haechi.storage import Database, Vault
from haechi.values import (
    BankPolicy,
    ContentStatus,
    PartnerKind,
    Reader,
    Sharing,
    Signal,
    SignalType,
    utc_now,
)

READER = Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_1")
SOON = utc_now() + timedelta(hours=1)
OF_STAFF = {"origin_kind": "staff", "origin_id": "usr_1", "sharing": Sharing()}


@pytest.fixture
def bank_id(database: Database) -> str:
    with database.write() as tx:
        return bank.create_bank(tx, "known").id


def _add(database: Database, vault: Vault, bank_id: str, *, seed: int = 1, **more: object) -> str:
    with database.write() as tx:
        return bank.add_content(
            tx,
            vault,
            bank_id=bank_id,
            key_id=bank.bank_key(tx, vault, bank_id),
            signals=[pdq_value(seed)],
            **more,
        )


def _do(database: Database, verb: object, *arguments: object, **more: object) -> object:
    with database.write() as tx:
        return verb(tx, *arguments, **more)


def _read(database: Database, content_id: str) -> Content:
    with database.read() as tx:
        return bank.content_by_id(tx, content_id)


def _position(database: Database) -> int:
    with database.read() as tx:
        return bank.feed_position(tx)


class TestHolding:
    """A held content matches nothing and comes back."""

    @pytest.mark.parametrize("until", [None, SOON])
    def test_held_and_released(
        self, database: Database, vault: Vault, bank_id: str, until: datetime | None
    ) -> None:
        content_id = _add(database, vault, bank_id)
        _do(database, bank.hold, content_id, until)
        held = _read(database, content_id)
        assert (held.status, held.held_until) == (ContentStatus.HELD, until)
        _do(database, bank.release, content_id)
        _do(database, bank.release, content_id)
        released = _read(database, content_id)
        assert (released.status, released.held_until) == (ContentStatus.ACTIVE, None)
        with database.read() as tx:
            steps = bank.changes_after(tx, vault, 0)
        assert [step.seq for step in steps] == [1, 2, 3]
        assert steps[-1].signals == (pdq_value(1),)

    def test_held_again_it_is_held_until_the_new_moment(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        content_id = _add(database, vault, bank_id)
        for until in (SOON, None, SOON):
            _do(database, bank.hold, content_id, until)
            assert _read(database, content_id).held_until == until
        assert _position(database) == 2

    def test_what_is_withdrawn_is_neither_held_nor_released(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        content_id = _add(database, vault, bank_id)
        _do(database, bank.hold, content_id, SOON)
        _do(database, bank.set_status, content_id, ContentStatus.WITHDRAWN)
        assert _read(database, content_id).held_until is None
        verbs = (bank.hold, bank.release, bank.quarantine, bank.lift_quarantine)
        for verb in verbs:
            for one in (content_id, "con_none"):
                with pytest.raises(NotFound):
                    _do(database, verb, one)

    def test_holds_end_at_their_moment_in_pieces(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        ids = [_add(database, vault, bank_id, seed=seed) for seed in range(5)]
        ends = [SOON + timedelta(hours=1), SOON, SOON - timedelta(seconds=1), None]
        for content_id, until in zip(ids, ends, strict=False):
            _do(database, bank.hold, content_id, until)
        ended = [_do(database, bank.end_holds, at=SOON, limit=1) for _ in range(3)]
        assert ended == [[ids[2]], [ids[1]], []]
        statuses = [_read(database, content_id).status.value for content_id in ids]
        assert statuses == ["held", "active", "active", "held", "active"]


class TestQuarantine:
    """What it matches is for review only, and followers look again."""

    def test_it_is_said_of_the_owner(self, database: Database, vault: Vault, bank_id: str) -> None:
        content_id = _add(database, vault, bank_id)
        entry_id = _read(database, content_id).entry_id
        for verb, expected in ((bank.quarantine, True), (bank.lift_quarantine, False)):
            for _ in range(2):
                _do(database, verb, content_id)
            with database.read() as tx:
                owners = bank.active_contents(tx, [entry_id], reader=READER, at=utc_now())
            assert owners[entry_id] == bank.Owner(content_id, bank_id, expected)
            assert (_read(database, content_id).quarantined_at is not None) is expected
        assert _position(database) == 3

    def test_what_is_allowed_does_not_veto_meanwhile(
        self, database: Database, vault: Vault
    ) -> None:
        with database.write() as tx:
            fine = bank.create_bank(tx, "fine", policy=BankPolicy.ALLOW).id
        content_id = _add(database, vault, fine)
        _do(database, bank.quarantine, content_id)
        for reader in (READER, None):
            with database.read() as tx:
                assert bank.active_contents(tx, range(5000), reader=reader, at=utc_now()) == {}


class TestNotes:
    """Sealed under the content's key, and gone with it."""

    def test_noted_changed_and_taken_back(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        content_id = _add(database, vault, bank_id, note="메모")
        for note in ("메모", "a logo", ""):
            _do(database, bank.set_note, vault, content_id, note)
            with database.read() as tx:
                assert bank.note_of(tx, vault, content_id) == note
            assert _read(database, content_id).has_note is bool(note)
        assert _position(database) == 1

    def test_it_is_not_stored_in_clear(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        _add(database, vault, bank_id, note="the secret word")
        with database.read() as tx:
            assert b"secret" not in tx.scalar(select(content_table.c.sealed_note))

    def test_the_end_of_the_key_or_of_the_content_ends_it(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        kept, withdrawn = (_add(database, vault, bank_id, note="x") for _ in range(2))
        _do(database, bank.set_status, withdrawn, ContentStatus.WITHDRAWN)
        assert not _read(database, withdrawn).has_note
        with pytest.raises(NotFound):
            _do(database, bank.set_note, vault, withdrawn, "back")
        with database.write() as tx:
            vault.destroy_key(tx, bank.bank_key(tx, vault, bank_id))
            assert bank.note_of(tx, vault, kept) == ""
            with pytest.raises(NotFound):
                bank.note_of(tx, vault, "con_none")

    def test_it_is_not_moved_to_another_content(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        one, other = (_add(database, vault, bank_id, note=note) for note in ("one", "other"))
        with database.write() as tx:
            sealed = select(content_table.c.sealed_note).where(content_table.c.id == one)
            tx.execute(
                content_table.update()
                .where(content_table.c.id == other)
                .values(sealed_note=sealed.scalar_subquery())
            )
            assert bank.note_of(tx, vault, other) == ""

    def test_a_long_one_is_refused(self, database: Database, vault: Vault, bank_id: str) -> None:
        content_id = _add(database, vault, bank_id, note="x" * 500)
        with pytest.raises(MalformedField):
            _do(database, bank.set_note, vault, content_id, "x" * 501)


class TestReading:
    """One by its id, or a page of a bank."""

    def test_an_id_is_looked_for_in_its_bank(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        """HMA's defect 13: there the bank in the path says nothing."""
        with database.write() as tx:
            other = bank.create_bank(tx, "other").id
        content_id = _add(database, vault, bank_id, origin_kind="partner", origin_id="ptn_1")
        with database.read() as tx:
            found = bank.content_by_id(tx, content_id, bank_id=bank_id)
            assert (found.origin_kind, found.origin_id) == ("partner", "ptn_1")
            for wrong in (other, "", bank_id.upper()):
                with pytest.raises(NotFound):
                    bank.content_by_id(tx, content_id, bank_id=wrong)

    def test_pages_are_whole_and_narrowed(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        ids = [_add(database, vault, bank_id, seed=seed) for seed in range(5)]
        _do(database, bank.hold, ids[1])
        _do(database, bank.quarantine, ids[2])
        with database.read() as tx:
            after, seen = 0, []
            while page := bank.contents_of(tx, bank_id, after=after, limit=2):
                seen += [one.id for one in page]
                after = page[-1].entry_id
            assert seen == ids

            def narrowed(**by: object) -> list[str]:
                return [one.id for one in bank.contents_of(tx, bank_id, **by)]

            assert narrowed(statuses=[ContentStatus.HELD]) == [ids[1]]
            assert narrowed(is_quarantined=True) == [ids[2]]
            assert narrowed(is_quarantined=False) == [i for i in ids if i != ids[2]]
            assert bank.contents_of(tx, "bnk_none") == []
            counts = bank.contents_by_bank(tx)
        assert counts == {bank_id: bank.ContentCounts(active=4, held=1, quarantined=1)}

    def test_a_reader_is_handed_only_what_is_shared_of_an_allow_bank_too(
        self, database: Database, vault: Vault
    ) -> None:
        with database.write() as tx:
            fine = bank.create_bank(tx, "fine", policy=BankPolicy.ALLOW).id
        shared = _add(database, vault, fine)
        _add(database, vault, fine, sharing=Sharing(frozenset()))
        with database.read() as tx:
            found = bank.contents_of(tx, fine, reader=READER, at=utc_now())
            assert len(bank.active_contents(tx, range(5000), reader=READER, at=utc_now())) == 2
        assert [one.id for one in found] == [shared]

    def test_signals_of_some_kinds(self, database: Database, vault: Vault, bank_id: str) -> None:
        signals = [pdq_value(1), digest(2), digest(3, SignalType.MD5)]
        with database.write() as tx:
            key_id = bank.bank_key(tx, vault, bank_id)
            bank.add_content(tx, vault, bank_id=bank_id, key_id=key_id, signals=signals)
            (one,) = bank.contents_of(tx, bank_id)
            asked = [*range(-600, 0), one.entry_id]
            assert bank.signals_of(tx, vault, asked) == {one.entry_id: tuple(signals)}
            few = bank.signals_of(tx, vault, asked, types=[SignalType.MD5])
            assert few == {one.entry_id: (signals[2],)}
            vault.destroy_key(tx, key_id)
            assert bank.signals_of(tx, vault, asked) == {}


class TestManyAtOnce:
    """As if they had been put in one after the other."""

    def _put(
        self, database: Database, vault: Vault, bank_id: str, contents: list[NewContent]
    ) -> list[str]:
        with database.write() as tx:
            key_id = bank.bank_key(tx, vault, bank_id)
            return bank.add_contents(
                tx, vault, contents, bank_id=bank_id, key_id=key_id, **OF_STAFF
            )

    def test_each_is_as_it_was_given(self, database: Database, vault: Vault, bank_id: str) -> None:
        _add(database, vault, bank_id, seed=99)
        given = [
            NewContent((pdq_value(1), digest(1))),
            NewContent((pdq_value(2),), note="two"),
            NewContent((pdq_value(3),), is_held=True),
            NewContent((pdq_value(4),), is_held=True, held_until=SOON),
            # Without being held it is held until nothing.
            NewContent((pdq_value(5),), held_until=SOON),
        ]
        ids = self._put(database, vault, bank_id, given)
        assert self._put(database, vault, bank_id, []) == []
        with database.read() as tx:
            steps = bank.changes_after(tx, vault, 1)
            notes = [bank.note_of(tx, vault, one) for one in ids]
        assert [step.seq for step in steps] == [2, 3, 4, 5, 6]
        assert [step.content_id for step in steps] == ids
        assert [step.signals for step in steps] == [
            one.signals if not one.is_held else () for one in given
        ]
        assert notes == ["", "two", "", "", ""]
        found = [_read(database, one) for one in ids]
        assert [one.held_until for one in found] == [None, None, None, SOON, None]
        assert [one.status.value for one in found] == ["active", "active", "held", "held", "active"]
        assert {(one.origin_kind, one.origin_id) for one in found} == {("staff", "usr_1")}

    def test_one_without_a_signal_undoes_all(
        self, database: Database, vault: Vault, bank_id: str
    ) -> None:
        with pytest.raises(ValueError, match="at least one signal"):
            self._put(database, vault, bank_id, [NewContent((pdq_value(1),)), NewContent(())])
        assert _position(database) == 0

    def test_what_is_known_is_of_the_same_hand_and_not_withdrawn(
        self, database: Database, vault: Vault, bank_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.bank._many._AT_ONCE", 2)
        monkeypatch.setattr("haechi.bank._many._MERGE_AT", 3)
        ids = self._put(
            database, vault, bank_id, [NewContent((pdq_value(seed),)) for seed in range(7)]
        )
        _add(database, vault, bank_id, seed=100)
        _do(database, bank.set_status, ids[0], ContentStatus.WITHDRAWN)
        _do(database, bank.hold, ids[1])
        known = KnownContents(vault, bank_id, origin_kind="staff", origin_id="usr_1")
        other = KnownContents(vault, bank_id, origin_kind="staff", origin_id="usr_2")
        with database.read() as tx:
            known.catch_up(tx)
            other.catch_up(tx)
        fresh = [seed for seed in [*range(7), 100] if known.add([pdq_value(seed)])]
        assert fresh == [0, 100]
        assert all(other.add([pdq_value(seed)]) for seed in range(7))
        assert not known.add([pdq_value(0)])
        # What another process puts in meanwhile is learnt too.
        self._put(database, vault, bank_id, [NewContent((digest(5), pdq_value(5, 60)))])
        with database.read() as tx:
            known.catch_up(tx)
        assert not known.add([pdq_value(5, 90), digest(5)])
        assert known.add([Signal(SignalType.SHA256, pdq_value(5).value)])
