# SPDX-License-Identifier: Apache-2.0
"""The tables of the first journey: keys, banks and their feed, cases, notices, partners, audit."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _storage()
    _bank()
    _cases()
    _others()


def _storage() -> None:
    op.create_table(
        "data_key",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("wrapped", sa.LargeBinary()),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("destroyed_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_data_key"),
    )
    op.create_table(
        "store_info",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_store_info"),
    )


def _bank() -> None:
    op.create_table(
        "bank",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("policy", sa.String(10), nullable=False),
        sa.Column("radius_bits", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_bank"),
        sa.UniqueConstraint("name", name="uq_bank_name"),
        sa.CheckConstraint("policy IN ('block', 'review', 'allow')", name=op.f("ck_bank_policy")),
    )
    op.create_table(
        "content",
        sa.Column("entry_id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("bank_id", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("entry_id", name="pk_content"),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name="fk_content_bank_id"),
        sa.UniqueConstraint("id", name="uq_content_id"),
        sa.CheckConstraint(
            "status IN ('active', 'held', 'withdrawn')", name=op.f("ck_content_status")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "content_signal",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("quality", sa.Integer()),
        sa.PrimaryKeyConstraint("id", name="pk_content_signal"),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["content.entry_id"], name="fk_content_signal_entry_id"
        ),
    )
    op.create_index("ix_content_signal_entry_id", "content_signal", ["entry_id"])
    op.create_table(
        "feed_change",
        sa.Column("seq", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_feed_change"),
        sa.ForeignKeyConstraint(["entry_id"], ["content.entry_id"], name="fk_feed_change_entry_id"),
    )
    feed_head = op.create_table(
        "feed_head",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed_head"),
    )
    op.bulk_insert(feed_head, [{"id": 1, "seq": 0}])


def _cases() -> None:
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("passphrase_hash", sa.String(200), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_case_file"),
        sa.UniqueConstraint("number", name="uq_case_file_number"),
        sa.CheckConstraint("status IN ('open', 'withdrawn')", name=op.f("ck_case_file_status")),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("reported_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_item"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_item_case_id"),
    )
    op.create_index("ix_item_case_id", "item", ["case_id"])
    op.create_table(
        "sighting",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_sighting_case_id"),
    )
    op.create_index("ix_sighting_case_id", "sighting", ["case_id"])
    op.create_table(
        "case_session",
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("begun_at", _MOMENT, nullable=False),
        sa.Column("used_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_sha256", name="pk_case_session"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_case_session_case_id"),
    )


def _others() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("sighting_id", sa.String(40), nullable=False),
        sa.Column("law_id", sa.String(40), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("drafted_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("received_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.CheckConstraint("status IN ('draft', 'sent')", name=op.f("ck_notice_status")),
    )
    op.create_index("ix_notice_case_id", "notice", ["case_id"])
    op.create_table(
        "partner",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_partner"),
        sa.UniqueConstraint("name", name="uq_partner_name"),
        sa.UniqueConstraint("token_sha256", name="uq_partner_token_sha256"),
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor_id", sa.String(40), nullable=False),
        sa.Column("verb", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_event"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in (
        "audit_event",
        "partner",
        "notice",
        "case_session",
        "sighting",
        "item",
        "case_file",
        "feed_head",
        "feed_change",
        "content_signal",
        "content",
        "bank",
        "store_info",
        "data_key",
    ):
        op.drop_table(table)
