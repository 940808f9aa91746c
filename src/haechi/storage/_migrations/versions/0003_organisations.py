# SPDX-License-Identifier: Apache-2.0
"""Organisations: banks with access, partners with several tokens, what they asked, whom we pull from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_MOMENT = sa.DateTime(timezone=True)


def _audit_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("detail", sa.String(200), nullable=False, server_default=sa.text("''")),
        sa.Column("seq", sa.Integer()),
        sa.Column("digest", sa.LargeBinary()),
    )


def _bank_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("note", sa.String(500), nullable=False, server_default=sa.text("''")),
        sa.Column("is_on", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("is_limited", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("writer_role", sa.String(10), nullable=False, server_default="lead"),
        sa.Column("key_id", sa.String(40)),
        sa.Column("canary_of", sa.String(40)),
    )


def _content_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("sealed_note", sa.LargeBinary()),
        sa.Column("held_until", _MOMENT),
        sa.Column("quarantined_at", _MOMENT),
        sa.Column("origin_kind", sa.String(10), nullable=False, server_default="case"),
        sa.Column("origin_id", sa.String(40), nullable=False, server_default=sa.text("''")),
    )


def _partner_columns() -> tuple[sa.Column, ...]:
    return (
        sa.Column("key_id", sa.String(40)),
        sa.Column("purpose", sa.String(200), nullable=False, server_default=sa.text("''")),
        sa.Column("contact", sa.String(200), nullable=False, server_default=sa.text("''")),
        sa.Column("lookups_per_min", sa.Integer(), nullable=False, server_default="60000"),
        sa.Column("keeps_lookups_h", sa.Integer(), nullable=False, server_default="0"),
    )


def upgrade() -> None:
    _widen()
    _move_tokens()
    _heads()
    _bank_access()
    _partner_usage()
    _partner_answer()
    _handed_value()
    _webhook()
    _webhook_delivery()
    _kept_lookup()
    _source()
    _source_record()
    _set_aside()
    _opinion_out()


def _widen() -> None:
    for table, columns in (
        ("audit_event", _audit_columns()),
        ("bank", _bank_columns()),
        ("content", _content_columns()),
    ):
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_audit_event_seq", "audit_event", ["seq"], unique=True)
    op.create_index("ix_audit_event_actor_id", "audit_event", ["actor_id"])
    op.create_index("ix_content_bank_id", "content", ["bank_id", "entry_id"])
    op.create_index("ix_content_held_until", "content", ["held_until"])
    op.create_index("ix_feed_change_entry_id", "feed_change", ["entry_id"])
    op.create_index("ix_feed_change_changed_at", "feed_change", ["changed_at"])


def _move_tokens() -> None:
    """A partner has several tokens from now on, each with scopes of its own."""
    partners = (
        op.get_bind()
        .execute(sa.text("SELECT id, token_sha256, scopes, created_at, revoked_at FROM partner"))
        .all()
    )
    with op.batch_alter_table("partner") as batch:
        for column in _partner_columns():
            batch.add_column(column)
        batch.drop_constraint("uq_partner_token_sha256", type_="unique")
        batch.drop_column("token_sha256")
        batch.drop_column("scopes")
        batch.create_check_constraint(
            "ck_partner_kind", "kind IN ('platform', 'community', 'adult_site', 'hash_service')"
        )
    _partner_token()
    for row in partners:
        op.get_bind().execute(
            sa.text(
                "INSERT INTO partner_token (id, partner_id, token_sha256, scopes, created_at, revoked_at)"
                " VALUES (:id, :partner_id, :token, :scopes, :created_at, :revoked_at)"
            ),
            {
                "id": row.id.replace("ptn_", "tok_", 1),
                "partner_id": row.id,
                "token": row.token_sha256,
                "scopes": row.scopes,
                "created_at": row.created_at,
                "revoked_at": row.revoked_at,
            },
        )


def _heads() -> None:
    _audit_head()
    op.bulk_insert(
        sa.table("audit_head", sa.column("id"), sa.column("seq"), sa.column("digest")),
        [{"id": 1, "seq": 0, "digest": bytes(32)}],
    )
    # 2: changes of access; 3: what was compacted; 4: what was matched with kept lookups.
    op.execute("INSERT INTO feed_head (id, seq) VALUES (2, 0)")
    op.execute("INSERT INTO feed_head (id, seq) VALUES (3, 0)")
    # No lookup was kept before this: what is known already need not be gone over.
    op.execute("INSERT INTO feed_head (id, seq) SELECT 4, seq FROM feed_head WHERE id = 1")


def _audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_head"),
    )


def _bank_access() -> None:
    op.create_table(
        "bank_access",
        sa.Column("bank_id", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("may_read", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("may_write", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["bank_id"], ["bank.id"], name="fk_bank_access_bank_id"),
        sa.PrimaryKeyConstraint("bank_id", "partner_id", name="pk_bank_access"),
    )


def _partner_token() -> None:
    op.create_table(
        "partner_token",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT),
        sa.Column("revoked_at", _MOMENT),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_partner_token_partner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_partner_token"),
        sa.UniqueConstraint("token_sha256", name="uq_partner_token_token_sha256"),
    )
    op.create_index("ix_partner_token_partner_id", "partner_token", ["partner_id"])


def _partner_usage() -> None:
    op.create_table(
        "partner_usage",
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("minute_at", _MOMENT, nullable=False),
        sa.Column("verb", sa.String(20), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("partner_id", "minute_at", "verb", name="pk_partner_usage"),
    )


def _partner_answer() -> None:
    op.create_table(
        "partner_answer",
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("send_key_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("partner_id", "send_key_sha256", name="pk_partner_answer"),
    )
    op.create_index("ix_partner_answer_answered_at", "partner_answer", ["answered_at"])


def _handed_value() -> None:
    op.create_table(
        "handed_value",
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(10), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ended_seq", sa.Integer()),
        sa.PrimaryKeyConstraint("partner_id", "entry_id", "type", "number", name="pk_handed_value"),
    )
    op.create_index("ix_handed_value_entry_id", "handed_value", ["entry_id"])


def _webhook() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("sealed_url", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_webhook_partner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_partner_id", "webhook", ["partner_id"])


def _webhook_delivery() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("webhook_id", sa.String(40), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("sealed_body", sa.LargeBinary()),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", _MOMENT),
        sa.Column("delivered_at", _MOMENT),
        sa.Column("last_status", sa.Integer()),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name="fk_webhook_delivery_webhook_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
    )
    op.create_index("ix_webhook_delivery_next_try_at", "webhook_delivery", ["next_try_at"])
    op.create_index("ix_webhook_delivery_webhook_id", "webhook_delivery", ["webhook_id", "made_at"])


def _kept_lookup() -> None:
    op.create_table(
        "kept_lookup",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("partner_id", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("forget_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_kept_lookup_partner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_kept_lookup"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_kept_lookup_forget_at", "kept_lookup", ["forget_at"])
    op.create_index("ix_kept_lookup_partner_id", "kept_lookup", ["partner_id"])


def _source() -> None:
    op.create_table(
        "source",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("protocol", sa.String(20), nullable=False),
        sa.Column("bank_id", sa.String(40), nullable=False),
        sa.Column("key_id", sa.String(40), nullable=False),
        sa.Column("sealed_config", sa.LargeBinary(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("sends_opinions", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("checkpoint", sa.Text()),
        sa.Column("begun_at", _MOMENT),
        sa.Column("ended_at", _MOMENT),
        sa.Column("complete_at", _MOMENT),
        sa.Column("last_error", sa.String(40), server_default=sa.text("''"), nullable=False),
        sa.Column("records", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
        sa.UniqueConstraint("name", name="uq_source_name"),
    )


def _source_record() -> None:
    op.create_table(
        "source_record",
        sa.Column("source_id", sa.String(40), nullable=False),
        sa.Column("record_key_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("round", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_source_record_source_id"),
        sa.PrimaryKeyConstraint("source_id", "record_key_sha256", name="pk_source_record"),
    )
    op.create_index("ix_source_record_content_id", "source_record", ["content_id"])


def _set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("origin_id", sa.String(40), nullable=False),
        sa.Column("place", sa.String(100), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("noted_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_set_aside"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_set_aside_origin_id", "set_aside", ["origin_id"])


def _opinion_out() -> None:
    op.create_table(
        "opinion_out",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("source_id", sa.String(40), nullable=False),
        sa.Column("content_id", sa.String(40), nullable=False),
        sa.Column("value", sa.String(12), nullable=False),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_opinion_out_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_opinion_out"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_opinion_out_sent_at", "opinion_out", ["sent_at"])


def downgrade() -> None:
    tokens = (
        op.get_bind()
        .execute(
            sa.text(
                "SELECT partner_id, token_sha256, scopes, created_at FROM partner_token"
                " ORDER BY created_at"
            )
        )
        .all()
    )
    for table in (
        "opinion_out",
        "set_aside",
        "source_record",
        "source",
        "kept_lookup",
        "webhook_delivery",
        "webhook",
        "handed_value",
        "partner_answer",
        "partner_usage",
        "partner_token",
        "bank_access",
        "audit_head",
    ):
        op.drop_table(table)
    op.execute("DELETE FROM feed_head WHERE id > 1")
    _narrow()
    _give_tokens_back({row.partner_id: row for row in tokens})


def _narrow() -> None:
    op.drop_index("ix_feed_change_changed_at", "feed_change")
    op.drop_index("ix_feed_change_entry_id", "feed_change")
    op.drop_index("ix_content_held_until", "content")
    op.drop_index("ix_content_bank_id", "content")
    op.drop_index("ix_audit_event_actor_id", "audit_event")
    op.drop_index("ix_audit_event_seq", "audit_event")
    for table, columns in (
        ("audit_event", _audit_columns()),
        ("bank", _bank_columns()),
        ("content", _content_columns()),
    ):
        for column in columns:
            op.drop_column(table, column.name)


def _give_tokens_back(newest: dict[str, sa.Row]) -> None:
    """A partner's newest token stays; one without any could not be kept, and goes."""
    op.add_column("partner", sa.Column("token_sha256", sa.LargeBinary()))
    op.add_column("partner", sa.Column("scopes", sa.String(200)))
    for partner_id, row in newest.items():
        op.get_bind().execute(
            sa.text("UPDATE partner SET token_sha256 = :token, scopes = :scopes WHERE id = :id"),
            {"token": row.token_sha256, "scopes": row.scopes, "id": partner_id},
        )
    op.execute("DELETE FROM partner WHERE token_sha256 IS NULL")
    with op.batch_alter_table("partner") as batch:
        batch.alter_column("token_sha256", existing_type=sa.LargeBinary(), nullable=False)
        batch.alter_column("scopes", existing_type=sa.String(200), nullable=False)
        batch.create_unique_constraint("uq_partner_token_sha256", ["token_sha256"])
        batch.drop_constraint("ck_partner_kind", type_="check")
        for column in _partner_columns():
            batch.drop_column(column.name)
