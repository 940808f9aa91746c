# SPDX-License-Identifier: Apache-2.0
"""Opening a case: the report of one person, from fingerprints made on her own device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from haechi import bank, cases, evidence
from haechi.cases import Case, Sighting
from haechi.errors import MalformedField
from haechi.values import (
    REGION_BYTES,
    REGIONS_HEAD_BYTES,
    Actor,
    ActorKind,
    MediaKind,
    Signal,
    SignalType,
)
from haechi.workflows import _audit
from haechi.workflows._context import Context

REPORTS_BANK: Final = "reports"

_STRANGE_TO: Final = {
    MediaKind.IMAGE: {SignalType.VPDQ},
    MediaKind.VIDEO: {SignalType.RPDQ},
}
_MOST_REPORTED_BYTES: Final = REGIONS_HEAD_BYTES + 60 * REGION_BYTES


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One picture or video as her device fingerprinted it: one signal of a type at most.

    An `rpdq` is there only when she agreed to it for this item.

    Raises:
        MalformedField: no signal, two of one type, one of another kind of file, or too many regions.
    """

    kind: MediaKind
    signals: tuple[Signal, ...]

    def __post_init__(self) -> None:
        if not self.signals:
            raise MalformedField(field="items", reason="An item needs at least one fingerprint.")
        if len({signal.type for signal in self.signals}) < len(self.signals):
            raise MalformedField(
                field="items", reason="An item has at most one fingerprint of a kind."
            )
        if any(signal.type in _STRANGE_TO[self.kind] for signal in self.signals):
            raise MalformedField(
                field="items",
                reason="This kind of fingerprint does not belong to this kind of file.",
            )
        if any(
            signal.type is SignalType.RPDQ and len(signal.value) > _MOST_REPORTED_BYTES
            for signal in self.signals
        ):
            raise MalformedField(
                field="items", reason="The fingerprint of a picture's parts has at most 60 parts."
            )


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What a person reports: items, sightings, or both; `language` is `ko` or `en`."""

    items: Sequence[ReportedItem]
    sightings: Sequence[Sighting]
    language: str


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """What she is given, once: the passphrase is nowhere else, and the session is hers."""

    case: Case
    passphrase: str = field(repr=False)
    receipt: dict[str, Any] = field(repr=False)
    session_token: str = field(repr=False)


def open_case(ctx: Context, report: CaseReport) -> OpenedCase:
    """Open a case; when this returns, the report is on disk and on its way to every live index.

    All or nothing: an error leaves no half report. Anybody may open a case; the faces limit how many
    come from one address. The same picture may be reported by several people.

    Raises:
        MalformedField: nothing to act on, or too much at once.
    """
    passphrase = cases.new_passphrase(report.language)
    # Before the transaction: the hash takes its 20 ms while others write.
    passphrase_hash = cases.hash_passphrase(passphrase)
    with ctx.database.write() as tx:
        number = cases.new_case_number()
        while cases.find_case(tx, number) is not None:
            number = cases.new_case_number()
        key_id = ctx.vault.new_key(tx)
        bank_id = bank.ensure_bank(tx, REPORTS_BANK).id
        items = [
            (
                item.kind,
                bank.add_content(
                    tx, ctx.vault, bank_id=bank_id, key_id=key_id, signals=item.signals
                ),
            )
            for item in report.items
        ]
        case = cases.open_case(
            tx,
            ctx.vault,
            number=number,
            passphrase_hash=passphrase_hash,
            key_id=key_id,
            language=report.language,
            items=items,
            sightings=report.sightings,
        )
        session_token = cases.begin_session(tx, case.id)
        _audit.record(tx, Actor(ActorKind.PERSON, case.id), "open_case", case.id)
        # Before the commit: a case without its receipt and passphrase would be nobody's.
        receipt = evidence.sign_receipt(
            ctx.keys.signing,
            case_number=case.number,
            reported_at=case.opened_at,
            items=[evidence.ReceiptItem(item.kind, item.signals) for item in report.items],
            sighting_count=len(report.sightings),
        )
    ctx.changed()
    return OpenedCase(case, passphrase, receipt, session_token)
