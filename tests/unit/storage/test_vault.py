# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collections.abc import Iterator

import pytest
from installations import KEYS
from sqlalchemy import Connection, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import BrokenStore
from haechi.storage import Database, KeyId, Vault
from haechi.storage._tables import data_key, store_info
from haechi.values import utc_now


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    with Database(sqlite_url) as opened:
        yield opened


@pytest.fixture
def tx(database: Database) -> Iterator[Connection]:
    with database.write() as opened:
        yield opened


@pytest.fixture
def vault() -> Vault:
    return Vault(KEYS.master)


@pytest.mark.parametrize("plain", [b"", b"x", "해치 🐲".encode(), bytes(range(256)) * 400])
def test_what_is_sealed_opens_again(tx: Connection, vault: Vault, plain: bytes) -> None:
    key_id = vault.new_key(tx)
    sealed = vault.seal(tx, key_id, plain, context="here")
    assert plain == b"" or len(plain) < 4 or plain not in sealed
    assert vault.open(tx, key_id, sealed, context="here") == plain
    assert vault.open_many(tx, [(key_id, sealed, "here")]) == [plain]


def test_the_same_value_is_never_sealed_the_same_way(tx: Connection, vault: Vault) -> None:
    key_id = vault.new_key(tx)
    sealed = {vault.seal(tx, key_id, b"same", context="here") for _ in range(50)}
    assert len(sealed) == 50


def test_a_value_is_bound_to_its_place(tx: Connection, vault: Vault) -> None:
    key_id = vault.new_key(tx)
    sealed = vault.seal(tx, key_id, b"value", context="content:1")
    for context in ("content:2", "content:11", "", "content:1 "):
        with pytest.raises(BrokenStore):
            vault.open(tx, key_id, sealed, context=context)


def test_a_value_is_bound_to_its_key(tx: Connection, vault: Vault) -> None:
    mine, other = vault.new_key(tx), vault.new_key(tx)
    sealed = vault.seal(tx, mine, b"value", context="here")
    with pytest.raises(BrokenStore):
        vault.open(tx, other, sealed, context="here")


def test_a_value_is_bound_to_the_name_of_its_key(tx: Connection, vault: Vault) -> None:
    """A row of data_key that is copied under another id opens nothing."""
    mine = vault.new_key(tx)
    sealed = vault.seal(tx, mine, b"value", context="here")
    wrapped = tx.scalar(select(data_key.c.wrapped).where(data_key.c.id == mine))
    tx.execute(insert(data_key).values(id="key_copy", wrapped=wrapped, created_at=utc_now()))
    with pytest.raises(BrokenStore):
        vault.open(tx, KeyId("key_copy"), sealed, context="here")


def test_every_altered_byte_is_noticed(tx: Connection, vault: Vault) -> None:
    key_id = vault.new_key(tx)
    sealed = vault.seal(tx, key_id, b"value", context="here")
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(BrokenStore):
            vault.open(tx, key_id, bytes(altered), context="here")


def test_every_cut_value_is_noticed(tx: Connection, vault: Vault) -> None:
    """Also one too short to hold its nonce: another error would stop a whole feed."""
    key_id = vault.new_key(tx)
    sealed = vault.seal(tx, key_id, b"value", context="here")
    for length in range(len(sealed)):
        with pytest.raises(BrokenStore):
            vault.open(tx, key_id, sealed[:length], context="here")
        assert vault.open_many(tx, [(key_id, sealed[:length], "here")]) == [None]


def test_a_destroyed_key_opens_nothing_ever_again(tx: Connection, vault: Vault) -> None:
    key_id, other = vault.new_key(tx), vault.new_key(tx)
    sealed = vault.seal(tx, key_id, b"value", context="here")
    kept = vault.seal(tx, other, b"kept", context="here")
    vault.destroy_key(tx, key_id)
    with pytest.raises(BrokenStore, match="destroyed or is missing"):
        vault.open(tx, key_id, sealed, context="here")
    with pytest.raises(BrokenStore, match="destroyed or is missing"):
        vault.seal(tx, key_id, b"more", context="here")
    assert vault.open(tx, other, kept, context="here") == b"kept"
    row = tx.execute(select(data_key).where(data_key.c.id == key_id)).one()
    assert row.wrapped is None
    assert row.destroyed_at is not None


def test_a_destroyed_key_is_not_left_in_the_file(sqlite_url: str, vault: Vault) -> None:
    """SQLite overwrites what is deleted, and the write-ahead log goes with the last connection."""
    with Database(sqlite_url) as database:
        with database.write() as tx:
            key_id = vault.new_key(tx)
        with database.write() as tx:
            wrapped = tx.scalar(select(data_key.c.wrapped))
            vault.destroy_key(tx, key_id)
    from pathlib import Path

    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert wrapped not in path.read_bytes()
    assert [item.name for item in path.parent.iterdir()] == [path.name]


def test_a_key_that_never_was_opens_nothing(tx: Connection, vault: Vault) -> None:
    with pytest.raises(BrokenStore, match="missing"):
        vault.open(tx, KeyId("key_none"), bytes(40), context="here")
    assert vault.open_many(tx, [(KeyId("key_none"), bytes(40), "here")]) == [None]


def test_open_many_leaves_out_what_is_broken_and_keeps_the_order(
    tx: Connection, vault: Vault
) -> None:
    good, gone, odd = vault.new_key(tx), vault.new_key(tx), vault.new_key(tx)
    wanted = []
    for number in range(30):
        key_id = (good, gone, odd)[number % 3]
        wanted.append((key_id, vault.seal(tx, key_id, b"%d" % number, context="c"), "c"))
    wanted[3] = (good, bytes(40), "c")
    wanted[6] = (good, wanted[6][1], "elsewhere")
    vault.destroy_key(tx, gone)
    tx.execute(update(data_key).where(data_key.c.id == odd).values(wrapped=b"short"))
    opened = vault.open_many(tx, wanted)
    assert opened == [
        b"%d" % number if number % 3 == 0 and number not in (3, 6) else None for number in range(30)
    ]


def test_open_many_of_nothing_is_nothing(tx: Connection, vault: Vault) -> None:
    assert vault.open_many(tx, []) == []


def test_open_many_asks_little_for_many(database: Database, vault: Vault) -> None:
    with database.write() as tx:
        key_ids = [vault.new_key(tx) for _ in range(1100)]
        wanted = [(key_ids[0], vault.seal(tx, key_ids[0], b"v", context="c"), "c")]
        wanted += [(key_id, b"x" * 40, "c") for key_id in key_ids[1:]]
    statements = []
    with database.read() as tx:
        event.listen(tx, "before_cursor_execute", lambda *_: statements.append(1))
        assert vault.open_many(tx, wanted) == [b"v", *[None] * 1099]
    assert len(statements) == 3


class TestTheMark:
    """What ties a database to the key that it was begun with."""

    def test_a_new_database_takes_the_first_key(self, tx: Connection, vault: Vault) -> None:
        assert not vault.fits(tx)
        vault.check(tx)
        assert vault.fits(tx)
        vault.check(tx)

    def test_another_key_is_refused(self, tx: Connection, vault: Vault) -> None:
        vault.check(tx)
        stranger = Vault(b"another" + bytes(25))
        for look in (stranger.check, stranger.fits):
            with pytest.raises(BrokenStore, match="right key folder"):
                look(tx)
        vault.check(tx)

    def test_a_key_opens_nothing_of_another(self, tx: Connection, vault: Vault) -> None:
        key_id = vault.new_key(tx)
        sealed = vault.seal(tx, key_id, b"value", context="here")
        stranger = Vault(b"another" + bytes(25))
        with pytest.raises(BrokenStore):
            stranger.open(tx, key_id, sealed, context="here")
        assert stranger.open_many(tx, [(key_id, sealed, "here")]) == [None]

    def test_the_mark_is_one_row(self, tx: Connection, vault: Vault) -> None:
        vault.check(tx)
        with pytest.raises(IntegrityError):
            tx.execute(insert(store_info).values(name="master_key_check", value=b""))


def test_a_vault_shows_no_key(vault: Vault) -> None:
    assert "m" * 8 not in repr(vault)
    assert "m" * 8 not in repr(vars(vault))
