# SPDX-License-Identifier: Apache-2.0
"""The tables of what people have to look at: matches, tasks, opinions, appeals."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    false,
    text,
)

from haechi.storage import UtcDateTime, metadata

# A match that a partner was told of. Ids of other rooms are ids and no foreign keys.
match_record = Table(
    "match_record",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("content_id", String(40), nullable=False),
    Column("bank_id", String(40), nullable=False),
    Column("partner_id", String(40), nullable=False),
    # What the partner calls the upload; its own word, never an address.
    Column("reference", String(100), nullable=False, server_default=text("''")),
    Column("signal", String(10), nullable=False),
    Column("verdict", String(10), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("policy", String(10), nullable=False),
    Column("distance_bits", Integer, nullable=False),
    Column("radius_bits", Integer, nullable=False),
    # The upload was asked about before the content was known.
    Column("is_retroactive", Boolean, nullable=False, server_default=false()),
    Column("found_at", UtcDateTime, nullable=False),
    Index("ix_match_record_content_id", "content_id"),
    Index("ix_match_record_partner_id", "partner_id", "found_at"),
)

# One thing for a reviewer to decide. `subject_id`: the match, the appeal, or the content itself.
review_task = Table(
    "review_task",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("subject_id", String(40), nullable=False),
    Column("content_id", String(40), nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("claimed_by", String(40), nullable=False, server_default=text("''")),
    Column("claimed_at", UtcDateTime),
    Column("decision", String(20), nullable=False, server_default=text("''")),
    Column("decided_by", String(40), nullable=False, server_default=text("''")),
    Column("decided_at", UtcDateTime),
    # A second reviewer looks independently before the decision counts.
    Column("first_decision", String(20), nullable=False, server_default=text("''")),
    Column("first_decided_by", String(40), nullable=False, server_default=text("''")),
    Column("first_decided_at", UtcDateTime),
    UniqueConstraint("kind", "subject_id"),
    CheckConstraint("kind IN ('match', 'dispute', 'flood', 'appeal')", name="kind"),
    Index("ix_review_task_decided_at", "decided_at", "priority", "opened_at"),
    Index("ix_review_task_content_id", "content_id"),
)

# The latest that each giver said of a content (or of one match with it).
opinion = Table(
    "opinion",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("content_id", String(40), nullable=False),
    Column("match_id", String(40), nullable=False, server_default=text("''")),
    # A partner's, a user's or a source's id.
    Column("giver_id", String(40), nullable=False),
    Column("giver_kind", String(10), nullable=False),
    Column("value", String(12), nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    UniqueConstraint("content_id", "match_id", "giver_id"),
    CheckConstraint("value IN ('confirmed', 'not_this', 'disputed')", name="value"),
)

appeal = Table(
    "appeal",
    metadata,
    Column("id", String(40), primary_key=True),
    # What the uploader keeps; not secret, tells only how far it is.
    Column("reference", String(20), nullable=False),
    Column("match_id", String(40), nullable=False),
    Column("content_id", String(40), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("sealed_text", LargeBinary),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("decided_at", UtcDateTime),
    Column("outcome", String(20), nullable=False, server_default=text("''")),
    UniqueConstraint("reference"),
    UniqueConstraint("match_id"),
)
