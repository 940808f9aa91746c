# SPDX-License-Identifier: Apache-2.0
"""Users: who they are, what for, and whether they may come in."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from haechi.errors import MalformedField, NotFound
from haechi.staff._tables import staff_passkey, staff_user
from haechi.storage import Vault, new_id
from haechi.values import StaffRole, utc_now

_LOGIN: Final = re.compile(r"[\w][\w.@-]{1,79}")
_MOST_DECISIONS: Final = 10_000


@dataclass(frozen=True, slots=True)
class User:
    """One who runs the installation. `decisions_a_day` is None where the settings count."""

    id: str
    login: str
    role: StaffRole
    key_id: str
    has_password: bool
    has_totp: bool
    passkeys: int
    decisions_a_day: int | None
    created_at: datetime
    disabled_at: datetime | None

    @property
    def has_factor(self) -> bool:
        """Whether a second factor is set up."""
        return self.has_totp or self.passkeys > 0


def as_login(typed: str) -> str:
    """The login as it is kept: in one Unicode form, without a difference of case."""
    return unicodedata.normalize("NFKC", typed).strip().casefold()


def add_user(tx: Connection, vault: Vault, *, login: str, role: StaffRole) -> User:
    """A new user, who cannot come in before an invitation is taken up.

    Raises:
        MalformedField: the login cannot be used, or somebody has it.
    """
    kept = as_login(login)
    if not _LOGIN.fullmatch(kept):
        raise MalformedField(
            field="login", reason="A login has 2 to 80 letters, digits, dots, dashes or @."
        )
    taken = MalformedField(field="login", reason="Somebody has this login already.")
    if tx.scalar(select(staff_user.c.id).where(staff_user.c.login == kept)) is not None:
        raise taken
    user_id = new_id("usr")
    try:
        tx.execute(
            insert(staff_user).values(
                id=user_id,
                login=kept,
                role=role.value,
                key_id=vault.new_key(tx),
                created_at=utc_now(),
            )
        )
    except IntegrityError as error:
        raise taken from error
    return user_by_id(tx, user_id)


def all_users(tx: Connection) -> list[User]:
    """Everybody, by login."""
    return [_user(row) for row in tx.execute(_users().order_by(staff_user.c.login))]


def user_by_id(tx: Connection, user_id: str) -> User:
    """The user with this id.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(_users().where(staff_user.c.id == user_id)).one_or_none()
    if row is None:
        raise NotFound
    return _user(row)


def user_named(tx: Connection, login: str) -> User:
    """The user with this login.

    Raises:
        NotFound: there is none.
    """
    row = tx.execute(_users().where(staff_user.c.login == as_login(login))).one_or_none()
    if row is None:
        raise NotFound
    return _user(row)


def change_user(
    tx: Connection,
    user_id: str,
    *,
    role: StaffRole | None = None,
    is_disabled: bool | None = None,
    decisions_a_day: int | None = None,
) -> User:
    """The user as it is now; None leaves a fact as it was. The caller ends the sessions.

    Raises:
        NotFound: no such user. MalformedField: a number that cannot be.
    """
    before = user_by_id(tx, user_id)
    values: dict[str, Any] = {}
    if role is not None:
        values["role"] = role.value
    if is_disabled is not None:
        values["disabled_at"] = (before.disabled_at or utc_now()) if is_disabled else None
    if decisions_a_day is not None:
        if not 0 <= decisions_a_day <= _MOST_DECISIONS:
            raise MalformedField(
                field="decisions_a_day", reason="This number of decisions cannot be used."
            )
        values["decisions_a_day"] = decisions_a_day or None
    if values:
        tx.execute(update(staff_user).where(staff_user.c.id == user_id).values(**values))
    return user_by_id(tx, user_id)


def password_of(tx: Connection, user_id: str) -> str:
    """The stored hash of a user's password; empty if there is none, or the user is disabled."""
    stored = tx.scalar(
        select(staff_user.c.password_hash).where(
            staff_user.c.id == user_id, staff_user.c.disabled_at.is_(None)
        )
    )
    return str(stored or "")


def set_password(tx: Connection, user_id: str, password_hash: str) -> None:
    """Keep this hash from now on."""
    tx.execute(
        update(staff_user).where(staff_user.c.id == user_id).values(password_hash=password_hash)
    )


def hold_user(tx: Connection, user_id: str) -> None:
    """Let others who change this user wait until the transaction ends."""
    tx.execute(select(staff_user.c.id).where(staff_user.c.id == user_id).with_for_update())


def _users() -> Select[Any]:
    passkeys = (
        select(func.count())
        .where(staff_passkey.c.user_id == staff_user.c.id)
        .correlate(staff_user)
        .scalar_subquery()
    )
    return select(staff_user, passkeys.label("passkeys"))


def _user(row: Any) -> User:
    return User(
        id=row.id,
        login=row.login,
        role=StaffRole(row.role),
        key_id=row.key_id,
        has_password=bool(row.password_hash),
        has_totp=row.sealed_totp is not None,
        passkeys=row.passkeys,
        decisions_a_day=row.decisions_a_day,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
    )
