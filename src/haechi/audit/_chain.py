# SPDX-License-Identifier: Apache-2.0
"""The chain: each line's digest takes in the digest of the line before (RFC 8785 over the line's words)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

import rfc8785
from sqlalchemy import Connection, select, update

from haechi.audit._tables import audit_event, audit_head

_AT_ONCE: Final = 5_000
_WORDS: Final = ("actor_kind", "actor_id", "verb", "subject_id", "detail")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain stood: the number of its last line, and the digest up to it."""

    seq: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where the log is not as it was written: `reason` is a sentence's part of ours."""

    seq: int
    reason: str


def head_of(tx: Connection) -> Head:
    """Where the chain stands now; number 0 before the first line."""
    row = tx.execute(select(audit_head).where(audit_head.c.id == 1)).one()
    return Head(row.seq, row.digest)


def append(tx: Connection, row: Mapping[str, Any]) -> tuple[int, bytes]:
    """The number and digest of a line that is about to be written; moves the end of the chain."""
    before = tx.execute(
        select(audit_head.c.seq, audit_head.c.digest).where(audit_head.c.id == 1).with_for_update()
    ).one()
    seq = int(before.seq) + 1
    digest = _digest(before.digest, seq, row)
    tx.execute(update(audit_head).where(audit_head.c.id == 1).values(seq=seq, digest=digest))
    return seq, digest


def check_chain(tx: Connection, *, known: Mapping[int, bytes] | None = None) -> Broken | Head:
    """The end of the chain if every line is as it was written, else the first place where it is not.

    `known` are digests that were noted elsewhere, by number: the chain has to pass through each.
    """
    marks = dict(known or {})
    digest, seq = bytes(32), 0
    while True:
        rows = tx.execute(
            select(audit_event)
            .where(audit_event.c.seq > seq)
            .order_by(audit_event.c.seq)
            .limit(_AT_ONCE)
        ).all()
        for row in rows:
            if row.seq != seq + 1:
                return Broken(seq + 1, "a line is missing")
            seq = row.seq
            digest = _digest(digest, seq, row._asdict())
            if digest != row.digest:
                return Broken(seq, "a line was altered")
            if marks.pop(seq, digest) != digest:
                return Broken(seq, "the log was written anew")
        if not rows:
            break
    head = head_of(tx)
    if (head.seq, head.digest) != (seq, digest):
        return Broken(seq + 1, "lines at the end are missing")
    if marks:
        return Broken(min(marks), "lines at the end are missing")
    return head


def _digest(before: bytes, seq: int, row: Mapping[str, Any]) -> bytes:
    at = row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    words = {name: row[name] for name in _WORDS}
    told = rfc8785.dumps({**words, "at": at, "seq": seq, "before": before.hex()})
    return hashlib.sha256(told).digest()
