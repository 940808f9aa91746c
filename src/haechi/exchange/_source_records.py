# SPDX-License-Identifier: Apache-2.0
"""Which content each record of a source became.

One content for each record, also where two hold the same value: each is withdrawn by its own record, and
what another still vouches for stays.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from haechi.exchange._sources import Source, record_pepper
from haechi.exchange._tables import source_record
from haechi.exchange.partners import Record
from haechi.storage import Vault

_AT_ONCE: Final = 500
"""So many go into one statement: engines have a limit."""


@dataclass(frozen=True, slots=True)
class KnownRecord:
    """A record that became a content: what its signals were, and what opinions on it are sent back by."""

    content_id: str
    digest: str = field(repr=False)
    reference: Mapping[str, Any] = field(repr=False)


class SourceRecords:
    """The records of one source, within one transaction."""

    def __init__(self, tx: Connection, vault: Vault, source: Source) -> None:
        self._tx = tx
        self._vault = vault
        self._source = source
        self._pepper = record_pepper(tx, vault, source)

    def known(self, records: Iterable[Record]) -> dict[str, KnownRecord]:
        """Those of these that are contents already, by their key."""
        keys = {self._name(record.key): record.key for record in records}
        found: dict[str, KnownRecord] = {}
        for part in _parts(keys):
            rows = self._tx.execute(
                select(source_record).where(
                    source_record.c.source_id == self._source.id,
                    source_record.c.record_key_sha256.in_(part),
                )
            ).all()
            opened = self._vault.open_many(
                self._tx,
                [
                    (self._source.key_id, row.sealed_key, self._context(row.record_key_sha256))
                    for row in rows
                ],
            )
            for row, plain in zip(rows, opened, strict=True):
                # One that does not open is known, and as if its signals were others.
                told = json.loads(plain) if plain else {}
                found[keys[row.record_key_sha256]] = KnownRecord(
                    row.content_id, told.get("digest", ""), told.get("reference", {})
                )
        return found

    def put(self, records: Sequence[tuple[Record, str]], *, round_number: int) -> None:
        """Note which content each of these new records became."""
        names = [self._name(record.key) for record, _ in records]
        sealed = self._vault.seal_many(
            self._tx,
            self._source.key_id,
            (
                (_told(record), self._context(name))
                for name, (record, _) in zip(names, records, strict=True)
            ),
        )
        rows = [
            {
                "source_id": self._source.id,
                "record_key_sha256": name,
                "content_id": content_id,
                "round": round_number,
                "sealed_key": value,
            }
            for name, value, (_, content_id) in zip(names, sealed, records, strict=True)
        ]
        if rows:
            self._tx.execute(insert(source_record), rows)

    def refresh(self, record: Record) -> None:
        """Note what opinions on this record are sent back by from now on."""
        name = self._name(record.key)
        self._tx.execute(
            update(source_record)
            .where(
                source_record.c.source_id == self._source.id,
                source_record.c.record_key_sha256 == name,
            )
            .values(
                sealed_key=self._vault.seal(
                    self._tx, self._source.key_id, _told(record), context=self._context(name)
                )
            )
        )

    def saw(self, records: Iterable[Record], *, round_number: int) -> None:
        """Note that this round saw these."""
        for part in _parts(self._name(record.key) for record in records):
            self._tx.execute(
                update(source_record)
                .where(
                    source_record.c.source_id == self._source.id,
                    source_record.c.record_key_sha256.in_(part),
                )
                .values(round=round_number)
            )

    def drop(self, records: Iterable[Record]) -> None:
        """Forget these, whose contents are withdrawn."""
        for part in _parts(self._name(record.key) for record in records):
            self._tx.execute(
                delete(source_record).where(
                    source_record.c.source_id == self._source.id,
                    source_record.c.record_key_sha256.in_(part),
                )
            )

    def _name(self, key: str) -> bytes:
        return hmac.digest(self._pepper, key.encode("utf-8", "surrogatepass"), "sha256")

    def _context(self, name: bytes) -> str:
        return f"source_record:{self._source.id}:{name.hex()}"


def _told(record: Record) -> bytes:
    told = {"digest": signals_digest(record), "reference": dict(record.reference)}
    return json.dumps(told).encode()


def signals_digest(record: Record) -> str:
    """A digest of a record's signals and its end, by which a changed record is known; stored only sealed."""
    words = ";".join(
        sorted(f"{signal.type}:{signal.hex}:{signal.quality}" for signal in record.signals)
    )
    return hashlib.sha256(f"{words}|{record.until}".encode()).hexdigest()


def count_records(tx: Connection, source_id: str, *, before_round: int | None = None) -> int:
    """How many records a source has; or only those that no round from `before_round` on saw."""
    query = (
        select(func.count())
        .select_from(source_record)
        .where(source_record.c.source_id == source_id)
    )
    if before_round is not None:
        query = query.where(source_record.c.round < before_round)
    return int(tx.scalar(query) or 0)


def take_records(
    tx: Connection, source_id: str, *, before_round: int | None = None, limit: int = _AT_ONCE
) -> list[str]:
    """Forget some records, of those that no round from `before_round` on saw; their contents' ids.

    The caller withdraws the contents. Empty when none is left.
    """
    query = select(source_record.c.record_key_sha256, source_record.c.content_id).where(
        source_record.c.source_id == source_id
    )
    if before_round is not None:
        query = query.where(source_record.c.round < before_round)
    rows = tx.execute(query.order_by(source_record.c.record_key_sha256).limit(limit)).all()
    if rows:
        tx.execute(
            delete(source_record).where(
                source_record.c.source_id == source_id,
                source_record.c.record_key_sha256.in_([row.record_key_sha256 for row in rows]),
            )
        )
    return [row.content_id for row in rows]


def references_of(
    tx: Connection, vault: Vault, source: Source, content_ids: Collection[str]
) -> dict[str, Mapping[str, Any]]:
    """What opinions on these contents are sent back by; one that no record stands for is left out."""
    rows = tx.execute(
        select(source_record).where(
            source_record.c.source_id == source.id,
            source_record.c.content_id.in_(list(content_ids)),
        )
    ).all()
    opened = vault.open_many(
        tx,
        [
            (
                source.key_id,
                row.sealed_key,
                f"source_record:{source.id}:{row.record_key_sha256.hex()}",
            )
            for row in rows
        ],
    )
    found = {
        row.content_id: json.loads(plain)["reference"]
        for row, plain in zip(rows, opened, strict=True)
        if plain is not None
    }
    # One that the source took back after it was withdrawn here is sent back by nothing.
    return {content_id: reference for content_id, reference in found.items() if reference}


def _parts(names: Iterable[bytes]) -> Iterator[list[bytes]]:
    left = iter(names)
    while part := list(islice(left, _AT_ONCE)):
        yield part
