# SPDX-License-Identifier: Apache-2.0
"""Other ways back in: codes that open once, a secret cut in two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from haechi import cases
from haechi.cases import _recovery
from haechi.cases._number import as_digits, from_digits, in_digits
from haechi.cases._tables import recovery
from haechi.storage import Database, KeyId, Vault
from haechi.values import MediaKind


@pytest.fixture
def kept(database: Database, vault: Vault) -> tuple[str, str, KeyId]:
    """(a case, another case, the key of the first)."""
    with database.write() as tx:
        ids = []
        for number in ("AAAA-AAAA", "BBBB-BBBB"):
            key_id = vault.new_key(tx)
            made = cases.open_case(
                tx, vault, number=number, passphrase_hash="h", key_id=key_id, language="en",
                items=[cases.NewItem(MediaKind.IMAGE, "con")], sightings=[],
            )  # fmt: skip
            ids.append(made.id)
        return ids[0], ids[1], cases.case_key(tx, ids[0])


def test_each_code_opens_once_and_only_its_case(database: Database, kept) -> None:
    case_id, other_id, _ = kept
    with database.write() as tx:
        codes = cases.make_codes(tx, case_id)
        assert len(set(codes)) == 8
        assert cases.recovery_ways(tx, case_id) == (8, None)
        assert not cases.use_recovery(tx, other_id, codes[0])
        assert cases.use_recovery(tx, case_id, codes[0].lower().replace("-", " "))
        assert not cases.use_recovery(tx, case_id, codes[0])
        assert cases.use_recovery(tx, case_id, codes[1])
        assert cases.recovery_ways(tx, case_id) == (6, None)


def test_new_codes_take_the_place_of_the_old(database: Database, kept) -> None:
    case_id = kept[0]
    with database.write() as tx:
        old = cases.make_codes(tx, case_id)
        new = cases.make_codes(tx, case_id)
        assert not any(cases.use_recovery(tx, case_id, code) for code in old)
        assert all(cases.use_recovery(tx, case_id, code) for code in new)


@pytest.mark.parametrize(
    "typed", ["", "0", "0000-0000-0000-0000", "x" * 500, "한글", "\0", "-" * 16]
)
def test_what_is_no_code_opens_nothing(database: Database, kept, typed: str) -> None:
    with database.write() as tx:
        cases.make_codes(tx, kept[0])
        assert not cases.use_recovery(tx, kept[0], typed)
        assert cases.recovery_ways(tx, kept[0])[0] == 8


def test_both_halves_open_and_neither_alone(database: Database, vault: Vault, kept) -> None:
    case_id, other_id, key_id = kept
    with database.write() as tx:
        assert cases.centre_half(tx, vault, key_id, case_id) is None
        hers = cases.make_split(tx, vault, key_id, case_id)
        theirs = cases.centre_half(tx, vault, key_id, case_id)
        assert theirs
        assert hers != theirs
        for wrong in (hers, theirs, hers + hers, theirs + theirs):
            assert not cases.use_recovery(tx, case_id, wrong)
        assert not cases.use_recovery(tx, other_id, hers + theirs)
        assert cases.use_recovery(tx, case_id, f"{theirs} {hers}")
        assert not cases.use_recovery(tx, case_id, f"{hers} {theirs}")
        assert cases.recovery_ways(tx, case_id) == (0, None)


def test_a_split_can_be_ended(database: Database, vault: Vault, kept) -> None:
    case_id, _, key_id = kept
    with database.write() as tx:
        hers = cases.make_split(tx, vault, key_id, case_id)
        theirs = cases.centre_half(tx, vault, key_id, case_id)
        cases.forget_split(tx, case_id)
        cases.forget_split(tx, case_id)
        assert cases.centre_half(tx, vault, key_id, case_id) is None
        assert not cases.use_recovery(tx, case_id, hers + str(theirs))


def test_no_secret_is_kept(database: Database, vault: Vault, kept) -> None:
    """The centre's half alone is there, sealed; with the keys it says nothing about the secret."""
    case_id, _, key_id = kept
    with database.write() as tx:
        codes = cases.make_codes(tx, case_id)
        hers = cases.make_split(tx, vault, key_id, case_id)
        rows = tx.execute(select(recovery)).all()
    kept_bytes = b"|".join(
        value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row
    )
    for secret in (*codes, hers):
        assert secret.encode() not in kept_bytes
        assert from_digits(as_digits(secret)).to_bytes(10) not in kept_bytes


@given(st.binary(min_size=10, max_size=10))
def test_what_is_written_is_read_again(secret: bytes) -> None:
    assert _recovery._read(as_digits(_recovery._written(secret))) == secret


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_halves_join_to_one_secret_in_either_order(one: bytes, other: bytes) -> None:
    assert _recovery._joined(one, other) == _recovery._joined(other, one)
    assert _recovery._joined(_recovery._joined(one, other), other) == one


@given(st.integers(min_value=0, max_value=2**80 - 1))
def test_digits_stand_for_one_number(number: int) -> None:
    assert from_digits(in_digits(number, 16)) == number
    assert as_digits(in_digits(number, 16).lower()) == in_digits(number, 16)
