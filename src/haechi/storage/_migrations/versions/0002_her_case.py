# SPDX-License-Identifier: Apache-2.0
"""What a case is for the person: sharing by item, ages, ways back in, receipts, checks, safe repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_MOMENT = sa.DateTime(timezone=True)
_EVERY_KIND = "adult_site community hash_service platform"


def upgrade() -> None:
    # A withdrawal erases every signal from now on; what was withdrawn before is caught up with.
    op.execute(
        "DELETE FROM content_signal WHERE entry_id IN"
        " (SELECT entry_id FROM content WHERE status = 'withdrawn')"
    )
    _sharing()
    _cases()
    _others()


def _sharing() -> None:
    # What was reported before anybody was asked was reported to be matched by all.
    op.add_column(
        "content",
        sa.Column("shared_with", sa.String(100), nullable=False, server_default=_EVERY_KIND),
    )
    op.add_column("content", sa.Column("shared_until", _MOMENT))
    op.add_column(
        "content",
        sa.Column(
            "reaches_adult_services", sa.Boolean(), nullable=False, server_default=sa.false()
        ),
    )
    op.create_index("ix_content_shared_until", "content", ["shared_until"])
    op.add_column(
        "partner", sa.Column("kind", sa.String(20), nullable=False, server_default="platform")
    )
    op.add_column(
        "partner",
        sa.Column("serves_adults_only", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def _cases() -> None:
    for column in (
        sa.Column("erased_at", _MOMENT),
        sa.Column("agency", sa.String(5), nullable=False, server_default="unset"),
        sa.Column("news_every", sa.String(10), nullable=False, server_default="always"),
        sa.Column("news_set_at", _MOMENT),
        sa.Column("is_watched", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("sealed_facts", sa.LargeBinary()),
    ):
        op.add_column("case_file", column)
    op.add_column("item", sa.Column("sealed_facts", sa.LargeBinary()))
    op.create_table(
        "recovery",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_half", sa.LargeBinary()),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recovery"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_recovery_case_id"),
    )
    op.create_index("ix_recovery_case_id", "recovery", ["case_id"])
    op.create_table(
        "sent_once",
        sa.Column("secret_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary()),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("secret_sha256", name="pk_sent_once"),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name="fk_sent_once_case_id"),
    )
    op.create_index("ix_sent_once_case_id", "sent_once", ["case_id"])
    op.create_index("ix_sent_once_sent_at", "sent_once", ["sent_at"])


def _others() -> None:
    op.create_table(
        "receipt",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
    )
    op.create_index("ix_receipt_case_id", "receipt", ["case_id"])
    op.create_table(
        "sighting_check",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("case_id", sa.String(40), nullable=False),
        sa.Column("sighting_id", sa.String(40), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("country", sa.String(2)),
        sa.Column("looked_at", _MOMENT, nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sighting_check"),
    )
    op.create_index("ix_sighting_check_case_id", "sighting_check", ["case_id"])
    op.create_index("ix_audit_event_subject_id", "audit_event", ["subject_id"])


def downgrade() -> None:
    for table in ("sighting_check", "receipt", "sent_once", "recovery"):
        op.drop_table(table)
    op.drop_index("ix_content_shared_until", "content")
    op.drop_index("ix_audit_event_subject_id", "audit_event")
    for table, columns in (
        ("item", ("sealed_facts",)),
        (
            "case_file",
            ("sealed_facts", "is_watched", "news_set_at", "news_every", "agency", "erased_at"),
        ),
        ("partner", ("serves_adults_only", "kind")),
        ("content", ("reaches_adult_services", "shared_until", "shared_with")),
    ):
        for column in columns:
            op.drop_column(table, column)
