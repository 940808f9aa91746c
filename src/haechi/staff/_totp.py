# SPDX-License-Identifier: Apache-2.0
"""Codes of an authenticator app (TOTP, RFC 6238): six digits, a new one every 30 seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

import pyotp
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection, select, update

from haechi.staff._tables import staff_user
from haechi.storage import KeyId, Keys, Vault
from haechi.values import utc_now

STEP_S: Final = 30
_SECRET_BYTES: Final = 20
_STEPS_ASIDE: Final = 1
_CODE: Final = re.compile(r"[0-9]{6}")


def proposed_secret(tx: Connection, keys: Keys, user_id: str, session_token: str) -> str:
    """The secret (base 32) that this session may set up: the same until the user has another.

    Nothing is kept before the first code of it was typed; so it is derived (HKDF-SHA256, RFC 5869).
    """
    present = tx.scalar(select(staff_user.c.sealed_totp).where(staff_user.c.id == user_id)) or b""
    salt = hashlib.sha256(present + session_token.encode("utf-8", "replace")).digest()
    info = b"haechi totp proposal|" + user_id.encode()
    derived = HKDF(SHA256(), _SECRET_BYTES, salt, info).derive(keys.master)
    return base64.b32encode(derived).decode()


def provisioning_uri(secret: str, *, login: str, issuer: str) -> str:
    """What the QR code says to an authenticator app (otpauth key URI format)."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The step whose code this is, of the present one and one to each side; None if of none."""
    typed = re.sub(r"\s", "", code)
    if not _CODE.fullmatch(typed):
        return None
    now = int(at.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    found = None
    for step in range(now - _STEPS_ASIDE, now + _STEPS_ASIDE + 1):
        # Every step is compared: time does not tell which one it was.
        if hmac.compare_digest(totp.generate_otp(step), typed):
            found = step
    return found


def set_totp(tx: Connection, vault: Vault, user_id: str, secret: str, *, step: int) -> None:
    """Keep this secret, sealed under the user's key; the code of `step` has counted."""
    key_id = tx.execute(select(staff_user.c.key_id).where(staff_user.c.id == user_id)).scalar_one()
    sealed = vault.seal(tx, KeyId(key_id), secret.encode(), context=_context(user_id))
    tx.execute(
        update(staff_user)
        .where(staff_user.c.id == user_id)
        .values(sealed_totp=sealed, totp_step=step)
    )


def forget_totp(tx: Connection, user_id: str) -> None:
    """No code counts for this user any more."""
    tx.execute(
        update(staff_user).where(staff_user.c.id == user_id).values(sealed_totp=None, totp_step=0)
    )


def use_code(tx: Connection, vault: Vault, user_id: str, code: str) -> bool:
    """Whether this code counts now. A step counts once, and none before one that has counted."""
    row = tx.execute(
        select(staff_user.c.key_id, staff_user.c.sealed_totp).where(staff_user.c.id == user_id)
    ).one_or_none()
    if row is None or row.sealed_totp is None:
        return False
    secret = vault.open(tx, KeyId(row.key_id), row.sealed_totp, context=_context(user_id))
    step = step_of(secret.decode(), code, utc_now())
    if step is None:
        return False
    taken = tx.execute(
        update(staff_user)
        .where(staff_user.c.id == user_id, staff_user.c.totp_step < step)
        .values(totp_step=step)
    )
    return taken.rowcount == 1


def _context(user_id: str) -> str:
    return f"staff_user.totp:{user_id}"
