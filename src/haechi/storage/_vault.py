# SPDX-License-Identifier: Apache-2.0
"""Field encryption: a data key for each case, wrapped by the master key; destroying it erases.

AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce before each ciphertext. Every value is bound
to its data key and to the place it stands in (`context`), so a ciphertext moved elsewhere does not
open.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Final, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import BrokenStore
from haechi.storage._columns import new_id
from haechi.storage._tables import data_key, store_info
from haechi.values import utc_now

KeyId = NewType("KeyId", str)

_NONCE_BYTES: Final = 12
_KEYS_PER_QUERY: Final = 500
_CHECK_NAME: Final = "master_key_check"


class Vault:
    """Seals and opens single fields. Holds the master key and nothing else; safe across threads."""

    def __init__(self, master_key: bytes) -> None:
        self._master = AESGCM(master_key)

    def check(self, tx: Connection) -> None:
        """Make sure that this master key is the one the database was begun with.

        A new database takes this key as its own.

        Raises:
            BrokenStore: the database was begun with another key.
        """
        if self.fits(tx):
            return
        token = _seal(self._master, b"haechi", _CHECK_NAME)
        try:
            with tx.begin_nested():
                tx.execute(insert(store_info).values(name=_CHECK_NAME, value=token))
        except IntegrityError:
            # Another process began the database at the same moment: its key counts.
            self.fits(tx)

    def fits(self, tx: Connection) -> bool:
        """Whether the database was begun with this master key; False if it was not begun at all.

        Raises:
            BrokenStore: the database was begun with another key.
        """
        sealed = tx.scalar(select(store_info.c.value).where(store_info.c.name == _CHECK_NAME))
        if sealed is None:
            return False
        _open(self._master, sealed, _CHECK_NAME)
        return True

    def new_key(self, tx: Connection) -> KeyId:
        """A fresh data key, stored wrapped."""
        key_id = KeyId(new_id("key"))
        wrapped = _seal(self._master, secrets.token_bytes(32), f"data_key:{key_id}")
        tx.execute(insert(data_key).values(id=key_id, wrapped=wrapped, created_at=utc_now()))
        return key_id

    def destroy_key(self, tx: Connection, key_id: KeyId) -> None:
        """Destroy a data key: what was sealed under it cannot be opened again, by anyone.

        Does not reach backups of the database; docs/threat-model.md says what to do with those.
        """
        tx.execute(
            update(data_key)
            .where(data_key.c.id == key_id)
            .values(wrapped=None, destroyed_at=utc_now())
        )

    def seal(self, tx: Connection, key_id: KeyId, plain: bytes, *, context: str) -> bytes:
        """`plain` encrypted under the data key, for the one place that `context` names.

        Raises:
            BrokenStore: the data key is destroyed or not there.
        """
        return _seal(self._data_key(tx, key_id), plain, f"{key_id}|{context}")

    def seal_many(
        self, tx: Connection, key_id: KeyId, plain: Iterable[tuple[bytes, str]]
    ) -> list[bytes]:
        """As `seal`, for many (value, context) at once, in their order.

        Raises:
            BrokenStore: the data key is destroyed or not there.
        """
        cipher = self._data_key(tx, key_id)
        return [_seal(cipher, value, f"{key_id}|{context}") for value, context in plain]

    def open(self, tx: Connection, key_id: KeyId, sealed: bytes, *, context: str) -> bytes:
        """What was sealed for this key and place.

        Raises:
            BrokenStore: the data key is destroyed or not there, or the value was altered or moved.
        """
        return _open(self._data_key(tx, key_id), sealed, f"{key_id}|{context}")

    def open_many(
        self, tx: Connection, sealed: Sequence[tuple[KeyId, bytes, str]]
    ) -> list[bytes | None]:
        """What was sealed, for many (key, sealed value, context) at once, in their order.

        None stands where a value does not open: one bad record must not stop a whole feed.
        """
        wanted = sorted({key_id for key_id, _, _ in sealed})
        ciphers: dict[str, AESGCM] = {}
        for start in range(0, len(wanted), _KEYS_PER_QUERY):
            part = wanted[start : start + _KEYS_PER_QUERY]
            rows = tx.execute(
                select(data_key.c.id, data_key.c.wrapped).where(data_key.c.id.in_(part))
            )
            for key_id, wrapped in rows:
                with suppress(BrokenStore, TypeError):
                    ciphers[key_id] = AESGCM(_open(self._master, wrapped, f"data_key:{key_id}"))
        opened: list[bytes | None] = []
        for key_id, value, context in sealed:
            try:
                opened.append(_open(ciphers[key_id], value, f"{key_id}|{context}"))
            except (BrokenStore, KeyError):
                opened.append(None)
        return opened

    def _data_key(self, tx: Connection, key_id: KeyId) -> AESGCM:
        wrapped = tx.scalar(select(data_key.c.wrapped).where(data_key.c.id == key_id))
        if wrapped is None:
            raise BrokenStore(reason="a data key was destroyed or is missing")
        return AESGCM(_open(self._master, wrapped, f"data_key:{key_id}"))


def seal_under(secret: bytes, plain: bytes, *, context: str) -> bytes:
    """`plain` encrypted under a secret of at least 128 random bits that is kept nowhere here.

    The key is derived by HKDF-SHA256 (RFC 5869) for this context alone.
    """
    return _seal(_derived(secret, context), plain, context)


def open_under(secret: bytes, sealed: bytes, *, context: str) -> bytes:
    """What was sealed under this secret for this context.

    Raises:
        BrokenStore: another secret or context, or the value was altered.
    """
    return _open(_derived(secret, context), sealed, context)


def _derived(secret: bytes, context: str) -> AESGCM:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=f"haechi|{context}".encode())
    return AESGCM(kdf.derive(secret))


def _seal(cipher: AESGCM, plain: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, context.encode())


def _open(cipher: AESGCM, sealed: bytes, context: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: too short to hold a nonce
        raise BrokenStore(
            reason="a sealed value does not open with this key; is this the right key folder?"
        ) from error
