# SPDX-License-Identifier: Apache-2.0
"""Other ways back into a case, if she wants them: recovery codes, and a secret shared with the centre.

A recovery code is 80 random bits and opens the case once. A split secret is 80 random bits as well, cut
in two (one-time pad): she holds one half, the centre the other, and neither half says anything
about the secret. Only SHA-256 digests are kept of what opens a case; 80 random bits cannot be tried out.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert, select

from haechi.cases._number import as_digits, from_digits, in_digits
from haechi.cases._tables import recovery
from haechi.storage import KeyId, Vault, new_id
from haechi.values import utc_now

CODE_COUNT: Final = 8
_SECRET_BYTES: Final = 10
_SECRET_DIGITS: Final = 16
_GROUP: Final = 4


def make_codes(tx: Connection, case_id: str) -> list[str]:
    """Fresh recovery codes, to be shown once; the earlier ones open nothing any more."""
    _forget(tx, case_id, "code")
    codes = [secrets.token_bytes(_SECRET_BYTES) for _ in range(CODE_COUNT)]
    for code in codes:
        _keep(tx, case_id, "code", code)
    return [_written(code) for code in codes]


def make_split(tx: Connection, vault: Vault, key_id: KeyId, case_id: str) -> str:
    """Her half of a fresh split secret, to be shown once; an earlier split opens nothing any more."""
    _forget(tx, case_id, "split")
    hers, theirs = secrets.token_bytes(_SECRET_BYTES), secrets.token_bytes(_SECRET_BYTES)
    _keep(tx, case_id, "split", _joined(hers, theirs), vault=vault, key_id=key_id, half=theirs)
    return _written(hers)


def centre_half(tx: Connection, vault: Vault, key_id: KeyId, case_id: str) -> str | None:
    """The centre's half, which it tells her once it knows that it is she; None if there is no split."""
    row = tx.execute(
        select(recovery).where(recovery.c.case_id == case_id, recovery.c.kind == "split")
    ).one_or_none()
    if row is None:
        return None
    return _written(vault.open(tx, key_id, row.sealed_half, context=f"recovery:{row.id}"))


def forget_split(tx: Connection, case_id: str) -> None:
    """From now on nothing is shared with the centre; without a split nothing changes."""
    _forget(tx, case_id, "split")


def forget_codes(tx: Connection, case_id: str) -> None:
    """From now on no code opens the case; without codes nothing changes."""
    _forget(tx, case_id, "code")


def use_recovery(tx: Connection, case_id: str, typed: str) -> bool:
    """Whether this is a code of this case, or both halves in either order; then it is used up."""
    digits = as_digits(typed)
    if len(digits) == _SECRET_DIGITS:
        kind, secret = "code", _read(digits)
    elif len(digits) == 2 * _SECRET_DIGITS:
        kind = "split"
        secret = _joined(_read(digits[:_SECRET_DIGITS]), _read(digits[_SECRET_DIGITS:]))
    else:
        return False
    used = tx.execute(
        delete(recovery)
        .where(
            recovery.c.case_id == case_id,
            recovery.c.kind == kind,
            recovery.c.secret_sha256 == hashlib.sha256(secret).digest(),
        )
        .returning(recovery.c.id)
    ).all()
    return bool(used)


def recovery_ways(tx: Connection, case_id: str) -> tuple[int, datetime | None]:
    """(how many codes are left, since when a secret is shared with the centre, if it is)."""
    rows = tx.execute(
        select(recovery.c.kind, recovery.c.made_at).where(recovery.c.case_id == case_id)
    ).all()
    split = [row.made_at for row in rows if row.kind == "split"]
    return len(rows) - len(split), split[0] if split else None


def _keep(
    tx: Connection,
    case_id: str,
    kind: str,
    secret: bytes,
    *,
    vault: Vault | None = None,
    key_id: KeyId | None = None,
    half: bytes = b"",
) -> None:
    recovery_id = new_id("rec")
    sealed = None
    if vault is not None and key_id is not None:
        sealed = vault.seal(tx, key_id, half, context=f"recovery:{recovery_id}")
    tx.execute(
        insert(recovery).values(
            id=recovery_id,
            case_id=case_id,
            kind=kind,
            secret_sha256=hashlib.sha256(secret).digest(),
            sealed_half=sealed,
            made_at=utc_now(),
        )
    )


def _forget(tx: Connection, case_id: str, kind: str) -> None:
    tx.execute(delete(recovery).where(recovery.c.case_id == case_id, recovery.c.kind == kind))


def _joined(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _written(secret: bytes) -> str:
    """Sixteen digits of Crockford's alphabet, in groups of four."""
    digits = in_digits(int.from_bytes(secret), _SECRET_DIGITS)
    return "-".join(digits[at : at + _GROUP] for at in range(0, _SECRET_DIGITS, _GROUP))


def _read(digits: str) -> bytes:
    return from_digits(digits).to_bytes(_SECRET_BYTES)
