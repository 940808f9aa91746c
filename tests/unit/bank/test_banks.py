# SPDX-License-Identifier: Apache-2.0
"""Banks: what they are, who may read and write them, and what of them is told."""

from __future__ import annotations

import pytest
from installations import pdq_value

from haechi import bank
from haechi.bank import Bank, ensure_bank
from haechi.errors import MalformedField, NotFound
from haechi.storage import Database, Vault
from haechi.values import BankPolicy, PartnerKind, Reader, StaffRole, utc_now

READER = Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_1")
OTHER = Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_2")
NAMELESS = Reader(PartnerKind.PLATFORM, serves_adults_only=False)


def _add(database: Database, vault: Vault, bank_id: str, seed: int = 1) -> str:
    with database.write() as tx:
        key_id = bank.bank_key(tx, vault, bank_id)
        return bank.add_content(
            tx, vault, bank_id=bank_id, key_id=key_id, signals=[pdq_value(seed)]
        )


def _make(database: Database, name: str = "known", **facts: object) -> Bank:
    with database.write() as tx:
        return bank.create_bank(tx, name, **facts)


def _told(database: Database, reader: Reader | None) -> set[str]:
    with database.read() as tx:
        owners = bank.active_contents(tx, range(5000), reader=reader, at=utc_now())
    return {owner.content_id for owner in owners.values()}


def _head(database: Database) -> tuple[int, int]:
    with database.read() as tx:
        return bank.feed_position(tx), bank.access_version(tx)


class TestMaking:
    """A new bank is as it was said to be."""

    def test_it_is_as_it_was_said_to_be(self, database: Database) -> None:
        made = _make(
            database,
            policy=BankPolicy.ALLOW,
            radius_bits=0,
            note="logos",
            is_on=False,
            is_limited=True,
            writer_role=StaffRole.WORKER,
        )
        expected = Bank(
            made.id, "known", BankPolicy.ALLOW, 0, "logos",
            is_on=False, is_limited=True, writer_role=StaffRole.WORKER,
        )  # fmt: skip
        assert made == expected
        with database.read() as tx:
            assert bank.bank_named(tx, "known") == bank.bank_by_id(tx, made.id) == expected

    def test_one_that_is_made_off_is_off(self, database: Database, vault: Vault) -> None:
        """HMA's defect 12: there it is on."""
        made = _make(database, is_on=False)
        _add(database, vault, made.id)
        assert _told(database, None) == _told(database, READER) == set()

    @pytest.mark.parametrize("radius_bits", [-1, 32, 256, 7000])
    def test_a_radius_that_is_none_is_refused(self, database: Database, radius_bits: int) -> None:
        with pytest.raises(MalformedField):
            _make(database, radius_bits=radius_bits)
        made = _make(database)
        with pytest.raises(MalformedField), database.write() as tx:
            bank.change_bank(tx, made.id, radius_bits=radius_bits)

    @pytest.mark.parametrize(
        "name", ["", "  ", "x" * 81, "a/b", "a\nb", "a?b", "a#b", "a%2f", "..", "a\u202eb"]
    )
    def test_a_name_that_is_none_is_refused(self, database: Database, name: str) -> None:
        with pytest.raises(MalformedField):
            _make(database, name)

    def test_names_are_given_once(self, database: Database) -> None:
        first, second = _make(database, "학교 사건"), _make(database, "other")
        with pytest.raises(MalformedField):
            _make(database, " 학교 사건 ")
        with pytest.raises(MalformedField), database.write() as tx:
            bank.change_bank(tx, second.id, name="학교 사건")
        with database.read() as tx:
            assert bank.bank_named(tx, "학교 사건") == first
            assert bank.bank_named(tx, "other") == second

    def test_there_is_none_of_another_name_or_id(self, database: Database) -> None:
        _make(database)
        with database.read() as tx:
            for look in (bank.bank_named, bank.bank_by_id):
                with pytest.raises(NotFound):
                    look(tx, "KNOWN")

    def test_the_key_is_made_once(self, database: Database, vault: Vault) -> None:
        made = _make(database)
        with database.write() as tx:
            keys = {bank.bank_key(tx, vault, made.id) for _ in range(2)}
            with pytest.raises(NotFound):
                bank.bank_key(tx, vault, "bnk_none")
        assert len(keys) == 1


class TestChanging:
    """Whoever copied from a bank looks again when what it is told is another now."""

    @pytest.mark.parametrize(
        "facts",
        [
            {"policy": BankPolicy.REVIEW}, {"radius_bits": 12}, {"is_on": False},
            {"is_limited": True}, {"name": "renamed"},
        ],
    )  # fmt: skip
    def test_each_active_content_is_told_anew(
        self, database: Database, vault: Vault, facts: dict[str, object]
    ) -> None:
        made, other = _make(database), _make(database, "other")
        told = [_add(database, vault, made.id, seed) for seed in (1, 2, 3)]
        with database.write() as tx:
            bank.hold(tx, told.pop())
        _add(database, vault, other.id)
        seq, access = _head(database)
        with database.write() as tx:
            changed = bank.change_bank(tx, made.id, **facts)
        assert {fact: getattr(changed, fact) for fact in facts} == facts
        with database.read() as tx:
            steps = bank.changes_after(tx, vault, seq)
        assert [(step.seq, step.content_id) for step in steps] == [
            (seq + 1, told[0]), (seq + 2, told[1]),
        ]  # fmt: skip
        assert _head(database) == (seq + 2, access + 1)

    def test_what_nobody_is_told_makes_no_step(self, database: Database, vault: Vault) -> None:
        made = _make(database)
        _add(database, vault, made.id)
        seq, access = _head(database)
        with database.write() as tx:
            changed = bank.change_bank(tx, made.id, note="", writer_role=StaffRole.WORKER)
            assert bank.change_bank(tx, made.id) == changed
            with pytest.raises(NotFound):
                bank.change_bank(tx, "bnk_none", note="x")
        assert (changed.note, changed.writer_role) == ("", StaffRole.WORKER)
        assert _head(database)[0] == seq
        assert _head(database)[1] > access

    def test_switched_on_again_it_is_as_before(self, database: Database, vault: Vault) -> None:
        made = _make(database)
        content_id = _add(database, vault, made.id)
        for is_on in (False, True):
            with database.write() as tx:
                bank.change_bank(tx, made.id, is_on=is_on)
            assert _told(database, READER) == ({content_id} if is_on else set())


class TestAccess:
    """Limited banks are told to those who were let in."""

    def test_only_who_was_let_in_is_told(self, database: Database, vault: Vault) -> None:
        made = _make(database, is_limited=True)
        content_id = _add(database, vault, made.id)
        assert _told(database, READER) == set()
        with database.write() as tx:
            bank.set_access(tx, made.id, "ptn_1", may_read=True, may_write=False)
            bank.set_access(tx, made.id, "ptn_2", may_read=False, may_write=True)
            bank.set_access(tx, made.id, "", may_read=True, may_write=True)
        assert _told(database, READER) == _told(database, None) == {content_id}
        assert _told(database, OTHER) == set()
        with database.read() as tx:
            assert [bank.may_write(tx, made.id, i) for i in ("ptn_1", "ptn_2")] == [False, True]
            assert bank.readable_banks(tx, "ptn_1") == {made.id}
            assert bank.readable_banks(tx, "ptn_2") == frozenset()

    def test_a_change_of_access_is_told_once(self, database: Database, vault: Vault) -> None:
        made = _make(database, is_limited=True)
        _add(database, vault, made.id)
        seq, access = _head(database)
        for may_read in (True, True, False, False):
            with database.write() as tx:
                bank.set_access(tx, made.id, "ptn_1", may_read=may_read, may_write=False)
        assert _head(database) == (seq + 2, access + 4)
        with database.read() as tx:
            assert bank.access_of(tx, made.id) == []
        with pytest.raises(NotFound), database.write() as tx:
            bank.set_access(tx, "bnk_none", "ptn_1", may_read=True, may_write=True)

    def test_a_limited_allow_bank_vetoes_for_its_readers_only(
        self, database: Database, vault: Vault
    ) -> None:
        made = _make(database, policy=BankPolicy.ALLOW, is_limited=True)
        content_id = _add(database, vault, made.id)
        with database.write() as tx:
            bank.set_access(tx, made.id, "ptn_1", may_read=True, may_write=False)
        assert _told(database, READER) == {content_id}
        assert _told(database, OTHER) == set()


class TestMadeUpValues:
    """What was made up for one partner reaches nobody else, the operator neither."""

    def test_only_its_partner_is_told(self, database: Database, vault: Vault) -> None:
        with database.write() as tx:
            owned = bank.canary_bank(tx, "ptn_1", policy=BankPolicy.BLOCK)
            nobody = bank.canary_bank(tx, "", policy=BankPolicy.BLOCK)
            # Letting somebody else in changes nothing.
            bank.set_access(tx, owned.id, "ptn_2", may_read=True, may_write=True)
        made_up = _add(database, vault, owned.id)
        _add(database, vault, nobody.id)
        assert _told(database, READER) == {made_up}
        assert _told(database, OTHER) == _told(database, NAMELESS) == _told(database, None) == set()

    def test_who_asks_learns_whose_it_is_in_no_other_way(
        self, database: Database, vault: Vault
    ) -> None:
        plain = _make(database)
        _add(database, vault, plain.id)
        with database.write() as tx:
            owned = bank.canary_bank(tx, "ptn_1", policy=BankPolicy.BLOCK)
            assert bank.canary_banks(tx, "ptn_1") == [owned.id]
        _add(database, vault, owned.id)
        with database.read() as tx:
            found = bank.canaries_among(tx, range(5000))
            assert list(found.values()) == ["ptn_1"]
            assert bank.canaries_among(tx, []) == {}
            with pytest.raises(NotFound):
                bank.bank_named(tx, owned.name)
            assert bank.readable_banks(tx, "ptn_1") == {plain.id}
        assert owned.told_name == bank.REPORTS_BANK
        assert plain.told_name == "known"


def test_the_bank_of_reports_is_open_to_all(database: Database) -> None:
    with database.write() as tx:
        made = ensure_bank(tx, bank.REPORTS_BANK)
    assert (made.is_on, made.is_limited, made.writer_role) == (True, False, StaffRole.LEAD)
