# SPDX-License-Identifier: Apache-2.0
"""The tables of partners: who they are, their tokens, what they asked, what was handed to them, and
what we pull from others. A token is stored as its SHA-256 only: it is 256 random bits.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
    true,
)

from haechi.storage import UtcDateTime, metadata

partner = Table(
    "partner",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(20), nullable=False, server_default="platform"),
    Column("serves_adults_only", Boolean, nullable=False, server_default=false()),
    # Seals what belongs to this partner alone: secrets of webhooks, kept lookups, values handed to it.
    Column("key_id", String(40)),
    Column("purpose", String(200), nullable=False, server_default=text("''")),
    Column("contact", String(200), nullable=False, server_default=text("''")),
    Column("lookups_per_min", Integer, nullable=False, server_default="60000"),
    # Its lookups are kept so long, to be matched with what is reported later; 0: not at all.
    Column("keeps_lookups_h", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("name"),
    CheckConstraint("kind IN ('platform', 'community', 'adult_site', 'hash_service')", name="kind"),
)

partner_token = Table(
    "partner_token",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("partner_id", String(40), ForeignKey("partner.id"), nullable=False),
    Column("token_sha256", LargeBinary, nullable=False),
    Column("scopes", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    UniqueConstraint("token_sha256"),
    Index("ix_partner_token_partner_id", "partner_id"),
)

# What a partner asked, counted by the minute: a line for each lookup would be a second list of uploads.
partner_usage = Table(
    "partner_usage",
    metadata,
    Column("partner_id", String(40), primary_key=True),
    Column("minute_at", UtcDateTime, primary_key=True),
    Column("verb", String(20), primary_key=True),
    Column("asked", Integer, nullable=False),
    Column("matched", Integer, nullable=False),
)

# Answers to requests with an idempotency key, sealed under the partner's key.
partner_answer = Table(
    "partner_answer",
    metadata,
    Column("partner_id", String(40), primary_key=True),
    Column("send_key_sha256", LargeBinary, primary_key=True),
    Column("body_sha256", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Index("ix_partner_answer_answered_at", "answered_at"),
)

# Values that a partner copied, until it was told that they are withdrawn (docs/decisions/018).
handed_value = Table(
    "handed_value",
    metadata,
    Column("partner_id", String(40), primary_key=True),
    Column("entry_id", Integer, primary_key=True),
    Column("type", String(10), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed", LargeBinary, nullable=False),
    # The step of the feed that told the partner to forget it; null while it may hold it.
    Column("ended_seq", Integer),
    Index("ix_handed_value_entry_id", "entry_id"),
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("partner_id", String(40), ForeignKey("partner.id"), nullable=False),
    Column("sealed_url", LargeBinary, nullable=False),
    Column("sealed_secret", LargeBinary, nullable=False),
    # Kinds of events with spaces between.
    Column("events", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("ix_webhook_partner_id", "partner_id"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("webhook_id", String(40), ForeignKey("webhook.id"), nullable=False),
    Column("event", String(40), nullable=False),
    Column("sealed_body", LargeBinary),
    Column("made_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    # Null once it was delivered or given up.
    Column("next_try_at", UtcDateTime),
    Column("delivered_at", UtcDateTime),
    Column("last_status", Integer),
    Index("ix_webhook_delivery_next_try_at", "next_try_at"),
    Index("ix_webhook_delivery_webhook_id", "webhook_id", "made_at"),
)

kept_lookup = Table(
    "kept_lookup",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("partner_id", String(40), ForeignKey("partner.id"), nullable=False),
    Column("reference", String(100), nullable=False),
    # The signals of the upload, sealed under the partner's key.
    Column("sealed", LargeBinary, nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("forget_at", UtcDateTime, nullable=False),
    Index("ix_kept_lookup_forget_at", "forget_at"),
    Index("ix_kept_lookup_partner_id", "partner_id"),
    sqlite_autoincrement=True,
)

# Whom we pull from: one protocol, one bank that holds what came.
source = Table(
    "source",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("protocol", String(20), nullable=False),
    Column("bank_id", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    # Address, credentials and options, as JSON.
    Column("sealed_config", LargeBinary, nullable=False),
    Column("is_enabled", Boolean, nullable=False, server_default=true()),
    Column("sends_opinions", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    # Where the next pull goes on, as JSON; null: from the beginning.
    Column("checkpoint", Text),
    Column("begun_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("complete_at", UtcDateTime),
    # One word of ours; never the text of an answer.
    Column("last_error", String(40), nullable=False, server_default=text("''")),
    Column("records", Integer, nullable=False, server_default="0"),
    UniqueConstraint("name"),
)

# Which content a record of a source became: several records may hold the same value.
source_record = Table(
    "source_record",
    metadata,
    Column("source_id", String(40), ForeignKey("source.id"), primary_key=True),
    Column("record_key_sha256", LargeBinary, primary_key=True),
    Column("content_id", String(40), nullable=False),
    # The round of pulling that saw it last: what a full round did not see has gone.
    Column("round", Integer, nullable=False, server_default="0"),
    # What the source calls it, sealed under the source's key: opinions are sent back by it.
    Column("sealed_key", LargeBinary, nullable=False),
    Index("ix_source_record_content_id", "content_id"),
)

# Lines and records that could not be read: counted, named, and kept for a look.
set_aside = Table(
    "set_aside",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    # A source's id or an import's.
    Column("origin_id", String(40), nullable=False),
    Column("place", String(100), nullable=False),
    Column("reason", String(100), nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Index("ix_set_aside_origin_id", "origin_id"),
    sqlite_autoincrement=True,
)

# Opinions on contents that came from a source, on their way back to it.
opinion_out = Table(
    "opinion_out",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source_id", String(40), ForeignKey("source.id"), nullable=False),
    Column("content_id", String(40), nullable=False),
    Column("value", String(12), nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    Column("tries", Integer, nullable=False, server_default="0"),
    Index("ix_opinion_out_sent_at", "sent_at"),
    sqlite_autoincrement=True,
)
