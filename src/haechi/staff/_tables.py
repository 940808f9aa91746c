# SPDX-License-Identifier: Apache-2.0
"""The tables of those who run an installation: users, their second factors, sessions, invitations."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from haechi.storage import UtcDateTime, metadata

staff_user = Table(
    "staff_user",
    metadata,
    Column("id", String(40), primary_key=True),
    # What the user signs in with; casefolded.
    Column("login", String(80), nullable=False),
    Column("role", String(10), nullable=False),
    # Empty until the invitation is taken up.
    Column("password_hash", String(200), nullable=False, server_default=text("''")),
    Column("key_id", String(40), nullable=False),
    Column("sealed_totp", LargeBinary),
    # The last TOTP step that was taken: a code counts once.
    Column("totp_step", Integer, nullable=False, server_default="0"),
    # So many decisions a day; null: as the settings say.
    Column("decisions_a_day", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    UniqueConstraint("login"),
    CheckConstraint("role IN ('worker', 'lead', 'auditor', 'admin')", name="role"),
)

staff_invitation = Table(
    "staff_invitation",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    Column("user_id", String(40), ForeignKey("staff_user.id"), nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
    Index("ix_staff_invitation_user_id", "user_id"),
)

staff_passkey = Table(
    "staff_passkey",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("user_id", String(40), ForeignKey("staff_user.id"), nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("credential_id"),
    Index("ix_staff_passkey_user_id", "user_id"),
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("token_sha256", LargeBinary, primary_key=True),
    # Null while a browser is asked for a passkey and nobody knows yet whose it will be.
    Column("user_id", String(40), ForeignKey("staff_user.id")),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime, nullable=False),
    # Until the second factor is shown, a session opens nothing but the page that asks for it.
    Column("confirmed_at", UtcDateTime),
    # What the browser was asked to sign, for a passkey.
    Column("challenge", LargeBinary),
    Index("ix_staff_session_user_id", "user_id"),
)
