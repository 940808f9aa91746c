# SPDX-License-Identifier: Apache-2.0
"""Reported items: checked, put into the bank under the case's key, and signed for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection

from haechi import bank, cases, evidence
from haechi.cases import Case, Sighting
from haechi.errors import MalformedField
from haechi.storage import KeyId
from haechi.values import (
    REGION_BYTES,
    REGIONS_HEAD_BYTES,
    AgeFacts,
    MediaKind,
    PartnerKind,
    Sharing,
    Signal,
    SignalType,
    utc_now,
)
from haechi.workflows._context import Context

_STRANGE_TO: Final = {
    MediaKind.IMAGE: {SignalType.VPDQ},
    MediaKind.VIDEO: {SignalType.RPDQ},
}
_MOST_REPORTED_BYTES: Final = REGIONS_HEAD_BYTES + 60 * REGION_BYTES
_MOST_DAYS: Final = 3650
_UNSAID: Final = AgeFacts()


@dataclass(frozen=True, slots=True)
class SharingWish:
    """Which kinds of partner may be told, and for how many days from now (None: until she stops it).

    `keeps_end`: for as long as it was shared before.

    Raises:
        MalformedField: no such number of days.
    """

    kinds: frozenset[PartnerKind] = frozenset(PartnerKind)
    days: int | None = None
    keeps_end: bool = False

    def __post_init__(self) -> None:
        if self.days is not None and not 1 <= self.days <= _MOST_DAYS:
            raise MalformedField(
                field="sharing", reason="Sharing lasts from one day to ten years, or has no end."
            )

    def from_now(self, ages: AgeFacts, *, before: Sharing | None = None) -> Sharing:
        """The sharing that this wish means today, for an item of these ages, shared so `before`."""
        if self.keeps_end and before is not None:
            return Sharing(self.kinds, before.until, reaches_adult_services=ages.is_adult)
        until = None if self.days is None else utc_now() + timedelta(days=self.days)
        return Sharing(self.kinds, until, reaches_adult_services=ages.is_adult)


_WITH_ALL: Final = SharingWish()


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One picture or video as her device fingerprinted it: one signal of a type at most.

    An `rpdq` is there only when she agreed to it for this item, and never for somebody who was, or may
    have been, under age: it is nearly a rough copy of the picture (docs/threat-model.md).

    Raises:
        MalformedField: no signal, two of one type, one of another kind of file, too many regions, or
            regions of somebody who may have been under age.
    """

    kind: MediaKind
    signals: tuple[Signal, ...]
    ages: AgeFacts = _UNSAID
    sharing: SharingWish = _WITH_ALL

    def __post_init__(self) -> None:
        for is_wrong, reason in (
            (not self.signals, "An item needs at least one fingerprint."),
            (
                len({signal.type for signal in self.signals}) < len(self.signals),
                "An item has at most one fingerprint of a kind.",
            ),
            (
                any(signal.type in _STRANGE_TO[self.kind] for signal in self.signals),
                "This kind of fingerprint does not belong to this kind of file.",
            ),
            (
                any(len(value) > _MOST_REPORTED_BYTES for value in self._regions),
                "The fingerprint of a picture's parts has at most 60 parts.",
            ),
            (
                bool(self._regions) and not self.ages.is_adult,
                "The fuller fingerprint is only taken of people who were surely 19 or over.",
            ),
        ):
            if is_wrong:
                raise MalformedField(field="items", reason=reason)

    @property
    def _regions(self) -> list[bytes]:
        return [signal.value for signal in self.signals if signal.type is SignalType.RPDQ]


def digest_of(items: Sequence[ReportedItem], sightings: Sequence[Sighting], *more: str) -> str:
    """A digest of what is reported, by which a changed report is told from the same sent again."""
    said = [
        *(_words_of(item) for item in items),
        *(seen.to_json() for seen in sightings),
        *more,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _words_of(item: ReportedItem) -> list[object]:
    signals = sorted((signal.type.value, signal.hex) for signal in item.signals)
    return [item.kind, signals, asdict(item.ages), sorted(item.sharing.kinds), item.sharing.days]


def take_in(
    ctx: Context, tx: Connection, key_id: KeyId, items: Sequence[ReportedItem]
) -> list[cases.NewItem]:
    """Put the items into the bank of reports, each shared as was wished for it."""
    bank_id = bank.ensure_bank(tx, bank.REPORTS_BANK).id
    return [
        cases.NewItem(
            item.kind,
            bank.add_content(
                tx,
                ctx.vault,
                bank_id=bank_id,
                key_id=key_id,
                signals=item.signals,
                sharing=item.sharing.from_now(item.ages),
            ),
            item.ages,
        )
        for item in items
    ]


def sign_and_keep(
    ctx: Context,
    tx: Connection,
    *,
    case: Case,
    items: Sequence[ReportedItem],
    sightings: Sequence[Sighting],
    kind: Literal["opened", "added"],
) -> dict[str, Any]:
    """A receipt for these items and sightings, signed now and kept in the case."""
    signed_at = utc_now()
    receipt = evidence.sign_receipt(
        ctx.keys.signing,
        case_number=case.number,
        reported_at=signed_at,
        items=[evidence.ReceiptItem(item.kind, item.signals) for item in items],
        sightings=[seen.to_json() for seen in sightings],
        kind=kind,
    )
    key_id = cases.case_key(tx, case.id)
    evidence.keep_receipt(tx, ctx.vault, key_id, case.id, receipt, signed_at=signed_at)
    return receipt
