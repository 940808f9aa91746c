# SPDX-License-Identifier: Apache-2.0
"""The people who run it, and what they look at."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _staff_user()
    _staff_invitation()
    _staff_passkey()
    _staff_session()
    _match_record()
    _review_task()
    _opinion()
    _appeal()


def _staff_user() -> None:
    op.create_table(
        "staff_user",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("login", sa.String(80), nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("password_hash", sa.String(200), server_default=sa.text("''"), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("sealed_totp", sa.LargeBinary()),
        sa.Column("totp_step", sa.Integer(), server_default="0", nullable=False),
        sa.Column("decisions_a_day", sa.Integer()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("disabled_at", _MOMENT),
        sa.CheckConstraint(
            "role IN ('worker', 'lead', 'auditor', 'admin')", name="ck_staff_user_role"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_staff_user"),
        sa.UniqueConstraint("login", name="uq_staff_user_login"),
    )


def _staff_invitation() -> None:
    op.create_table(
        "staff_invitation",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name="fk_staff_invitation_user_id"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_staff_invitation"),
    )
    op.create_index("ix_staff_invitation_user_id", "staff_invitation", ["user_id"])


def _staff_passkey() -> None:
    op.create_table(
        "staff_passkey",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(40), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name="fk_staff_passkey_user_id"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_staff_passkey_credential_id"),
    )
    op.create_index("ix_staff_passkey_user_id", "staff_passkey", ["user_id"])


def _staff_session() -> None:
    op.create_table(
        "staff_session",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(40)),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=False),
        sa.Column("confirmed_at", _MOMENT),
        sa.Column("challenge", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["user_id"], ["staff_user.id"], name="fk_staff_session_user_id"),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_staff_session"),
    )
    op.create_index("ix_staff_session_user_id", "staff_session", ["user_id"])


def _match_record() -> None:
    op.create_table(
        "match_record",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("bank_id", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(100), server_default=sa.text("''"), nullable=False),
        sa.Column("signal", sa.String(10), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("policy", sa.String(10), nullable=False),
        sa.Column("distance_bits", sa.Integer(), nullable=False),
        sa.Column("radius_bits", sa.Integer(), nullable=False),
        sa.Column("is_retroactive", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("found_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_match_record"),
    )
    op.create_index("ix_match_record_content_id", "match_record", ["content_id"])
    op.create_index("ix_match_record_partner_id", "match_record", ["partner_id", "found_at"])


def _review_task() -> None:
    op.create_table(
        "review_task",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("claimed_by", sa.String(40), server_default=sa.text("''"), nullable=False),
        sa.Column("claimed_at", _MOMENT),
        sa.Column("decision", sa.String(20), server_default=sa.text("''"), nullable=False),
        sa.Column("decided_by", sa.String(40), server_default=sa.text("''"), nullable=False),
        sa.Column("decided_at", _MOMENT),
        sa.Column("first_decision", sa.String(20), server_default=sa.text("''"), nullable=False),
        sa.Column("first_decided_by", sa.String(40), server_default=sa.text("''"), nullable=False),
        sa.Column("first_decided_at", _MOMENT),
        sa.CheckConstraint(
            "kind IN ('match', 'dispute', 'flood', 'appeal')", name="ck_review_task_kind"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_review_task"),
        sa.UniqueConstraint("kind", "subject_id", name="uq_review_task_kind_subject_id"),
    )
    op.create_index("ix_review_task_content_id", "review_task", ["content_id"])
    op.create_index(
        "ix_review_task_decided_at", "review_task", ["decided_at", "priority", "opened_at"]
    )


def _opinion() -> None:
    op.create_table(
        "opinion",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("match_id", sa.String(40), server_default=sa.text("''"), nullable=False),
        sa.Column("giver_id", sa.String(40), nullable=False),
        sa.Column("giver_kind", sa.String(10), nullable=False),
        sa.Column("value", sa.String(12), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "value IN ('confirmed', 'not_this', 'disputed')", name="ck_opinion_value"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_opinion"),
        sa.UniqueConstraint(
            "content_id", "match_id", "giver_id", name="uq_opinion_content_id_match_id_giver_id"
        ),
    )


def _appeal() -> None:
    op.create_table(
        "appeal",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(20), nullable=False),
        sa.Column("match_id", sa.String(40), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary()),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("decided_at", _MOMENT),
        sa.Column("outcome", sa.String(20), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_appeal"),
        sa.UniqueConstraint("match_id", name="uq_appeal_match_id"),
        sa.UniqueConstraint("reference", name="uq_appeal_reference"),
    )


def downgrade() -> None:
    for table in (
        "appeal",
        "opinion",
        "review_task",
        "match_record",
        "staff_session",
        "staff_passkey",
        "staff_invitation",
        "staff_user",
    ):
        op.drop_table(table)
