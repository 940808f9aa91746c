# SPDX-License-Identifier: Apache-2.0
"""Passkeys (W3C Web Authentication): registered and asked for, always with user verification."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from haechi.staff._tables import staff_passkey, staff_user
from haechi.storage import new_id
from haechi.values import utc_now

_MOST_NAME_CHARS: Final = 80
_MOST_ANSWER_CHARS: Final = 20_000
_VERIFIED: Final = UserVerificationRequirement.REQUIRED
# What the library raises, besides its own errors, for answers made to harm it.
_UNREADABLE: Final = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True, slots=True)
class Site:
    """The site that a passkey belongs to: its host, and its origin as browsers say it."""

    host: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> Site:
        """The site of this address."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers make passkeys for it: for names with https, and for localhost."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return self.host == "localhost" or self.origin.startswith("https://")
        return False


@dataclass(frozen=True, slots=True)
class Passkey:
    """One passkey of a user, under the name that the user gave it."""

    id: str
    name: str
    created_at: datetime


def registration_options(
    tx: Connection, site: Site, *, user_id: str, login: str, challenge: bytes
) -> str:
    """What the browser is asked for to make a passkey, as JSON."""
    known = tx.scalars(
        select(staff_passkey.c.credential_id).where(staff_passkey.c.user_id == user_id)
    )
    return options_to_json(
        generate_registration_options(
            rp_id=site.host,
            rp_name="Haechi",
            user_name=login,
            user_id=user_id.encode(),
            challenge=challenge,
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_VERIFIED
            ),
        )
    )


def authentication_options(site: Site, *, challenge: bytes) -> str:
    """What the browser is asked for to show a passkey, as JSON; it names no user."""
    return options_to_json(
        generate_authentication_options(
            rp_id=site.host, challenge=challenge, user_verification=_VERIFIED
        )
    )


def add_passkey(
    tx: Connection, site: Site, *, user_id: str, answer: str, challenge: bytes, name: str
) -> str | None:
    """The id of the passkey that the browser made, from now on the user's; None if it is not as asked."""
    if len(answer) > _MOST_ANSWER_CHARS:
        return None
    try:
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _UNREADABLE:
        return None
    passkey_id = new_id("psk")
    try:
        with tx.begin_nested():
            tx.execute(
                insert(staff_passkey).values(
                    id=passkey_id,
                    user_id=user_id,
                    credential_id=made.credential_id,
                    public_key=made.credential_public_key,
                    sign_count=made.sign_count,
                    name=name.strip()[:_MOST_NAME_CHARS] or "passkey",
                    created_at=utc_now(),
                )
            )
    except IntegrityError:
        return None
    return passkey_id


def use_passkey(tx: Connection, site: Site, *, answer: str, challenge: bytes) -> str | None:
    """The id of the user whose passkey answered the challenge; None if it is not as asked.

    A counter that does not rise is that of a copy, and is refused.
    """
    if len(answer) > _MOST_ANSWER_CHARS:
        return None
    try:
        shown = parse_authentication_credential_json(answer)
        row = _held_passkey(tx, shown.raw_id)
        handle = shown.response.user_handle
        if row is None or (handle is not None and handle != row.user_id.encode()):
            return None
        verified = verify_authentication_response(
            credential=shown,
            expected_challenge=challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except _UNREADABLE:
        return None
    tx.execute(
        update(staff_passkey)
        .where(staff_passkey.c.id == row.id)
        .values(sign_count=verified.new_sign_count)
    )
    return str(row.user_id)


def _held_passkey(tx: Connection, credential_id: bytes) -> Row[Any] | None:
    """The passkey, with its user held as by all who change one; None if it opens nothing."""
    mine = staff_passkey.c.credential_id == credential_id
    user_id = tx.scalar(select(staff_passkey.c.user_id).where(mine))
    if user_id is None:
        return None
    held = select(staff_user.c.disabled_at).where(staff_user.c.id == user_id).with_for_update()
    if tx.execute(held).scalar_one() is not None:
        return None
    # After the user is held: it may have been taken away meanwhile.
    return tx.execute(select(staff_passkey).where(mine)).one_or_none()


def passkeys_of(tx: Connection, user_id: str) -> list[Passkey]:
    """The passkeys of this user, oldest first."""
    rows = tx.execute(
        select(staff_passkey)
        .where(staff_passkey.c.user_id == user_id)
        .order_by(staff_passkey.c.created_at)
    )
    return [Passkey(row.id, row.name, row.created_at) for row in rows]


def remove_passkeys(tx: Connection, user_id: str, *, passkey_id: str | None = None) -> int:
    """How many opened something for this user and do no more: this one, or all."""
    query = delete(staff_passkey).where(staff_passkey.c.user_id == user_id)
    if passkey_id is not None:
        query = query.where(staff_passkey.c.id == passkey_id)
    return tx.execute(query).rowcount
