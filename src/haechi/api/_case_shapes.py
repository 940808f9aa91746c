# SPDX-License-Identifier: Apache-2.0
"""The JSON shapes of a case: what a person sends of it, and what she is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from haechi.api._shapes import SignalBody
from haechi.values import AgeFacts, MediaKind, PartnerKind
from haechi.workflows import (
    CaseReport,
    CaseView,
    ItemView,
    ReportedItem,
    SharingWish,
    Sighting,
    Standing,
)

_SHORT = Annotated[str, Meta(max_length=2000)]
# A tag such as `ko` or `pt-BR` (RFC 5646); a passphrase in a language without a word list is English.
_LANGUAGE = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,6})?$")]


class SharingBody(Struct, forbid_unknown_fields=True):
    """Which kinds of partner may be told, and for how many days; null: until she stops it."""

    kinds: Annotated[list[PartnerKind], Meta(max_length=len(PartnerKind))]
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None

    def to_wish(self) -> SharingWish:
        """The wish."""
        return SharingWish(frozenset(self.kinds), self.days)


class ItemBody(Struct, forbid_unknown_fields=True):
    """One picture or video, as fingerprints made on the device. There is no field for the file."""

    kind: MediaKind
    signals: Annotated[list[SignalBody], Meta(min_length=1, max_length=4)]
    sharing: SharingBody | None = None

    def to_item(self, ages: AgeFacts) -> ReportedItem:
        """The item, of a person of these ages; shared with every kind of partner if nothing is said."""
        signals = tuple(signal.to_signal() for signal in self.signals)
        if self.sharing is None:
            return ReportedItem(self.kind, signals, ages)
        return ReportedItem(self.kind, signals, ages, self.sharing.to_wish())


class SightingBody(Struct, forbid_unknown_fields=True):
    """Where it was seen or heard of; at least one of the texts besides the day."""

    url: _SHORT = ""
    place: _SHORT = ""
    note: _SHORT = ""
    told_by: _SHORT = ""
    first_heard_on: _SHORT = ""
    threats: _SHORT = ""

    def to_sighting(self) -> Sighting:
        """The sighting."""
        return Sighting(
            self.url, self.place, self.note, self.told_by, self.first_heard_on, self.threats
        )


class CaseBody(Struct, forbid_unknown_fields=True):
    """A report: items, sightings, or both.

    The ages are of the person in the pictures, when they were taken or made; null: not said. `agent`:
    the centre may act for her. `standing`: who reports. `send_key`: a random secret; sent again with it, no second case opens.
    """

    language: _LANGUAGE = "en"
    items: Annotated[list[ItemBody], Meta(max_length=50)] = []
    sightings: Annotated[list[SightingBody], Meta(max_length=50)] = []
    under_18_when_taken: bool | None = None
    under_19_kr: bool | None = None
    agent: bool = False
    standing: Standing = Standing.SELF
    send_key: Annotated[str, Meta(max_length=100)] = ""

    def to_report(self) -> CaseReport:
        """The report."""
        ages = AgeFacts(self.under_18_when_taken, self.under_19_kr)
        return CaseReport(
            [item.to_item(ages) for item in self.items],
            [seen.to_sighting() for seen in self.sightings],
            self.language,
            ages,
            self.agent,
            standing=self.standing,
            send_key=self.send_key,
        )


class AddBody(Struct, forbid_unknown_fields=True):
    """More items and sightings for a case; the ages are of the person in these items.

    `case_number`, where it is given, must be that of the session: two cases may be open in two windows.
    """

    items: Annotated[list[ItemBody], Meta(max_length=50)] = []
    sightings: Annotated[list[SightingBody], Meta(max_length=50)] = []
    under_18_when_taken: bool | None = None
    under_19_kr: bool | None = None
    send_key: Annotated[str, Meta(max_length=100)] = ""
    case_number: Annotated[str, Meta(max_length=40)] = ""


class ShareBody(Struct, forbid_unknown_fields=True):
    """How one item is shared from now on, and how old its person was."""

    sharing: SharingBody
    under_18_when_taken: bool | None = None
    under_19_kr: bool | None = None


class ItemAnswer(Struct):
    """An item as its holder sees it; `is_matched` says whether uploads are compared with it."""

    id: str
    kind: MediaKind
    reported_at: datetime
    withdrawn_at: datetime | None
    is_matched: bool
    under_18_when_taken: bool | None
    under_19_kr: bool | None
    shared_with: list[PartnerKind]
    shared_until: datetime | None

    @classmethod
    def of(cls, item: ItemView) -> ItemAnswer:
        """The shape of a workflow's item."""
        return cls(
            item.id,
            item.kind,
            item.reported_at,
            item.withdrawn_at,
            item.is_matched,
            item.ages.under_18_when_taken,
            item.ages.under_19_kr,
            sorted(item.sharing.kinds),
            item.sharing.until,
        )


class SightingAnswer(Struct):
    """A sighting as it was written."""

    id: str
    url: str
    place: str
    note: str
    told_by: str
    first_heard_on: str
    threats: str

    @classmethod
    def of(cls, seen: Sighting) -> SightingAnswer:
        """The shape of a workflow's sighting."""
        return cls(
            seen.id,
            seen.url,
            seen.place,
            seen.note,
            seen.told_by,
            seen.first_heard_on,
            seen.threats,
        )


class ClockAnswer(Struct):
    """When something is due; null times while it has not started."""

    kind: str
    starts_with: str
    length_h: float
    started_at: datetime | None
    due_at: datetime | None
    is_confirmed: bool


class NoticeAnswer(Struct):
    """A notice of the case, without its text."""

    id: str
    sighting_id: str
    law: str
    service: str
    status: str
    drafted_at: datetime
    clock: ClockAnswer


class CaseAnswer(Struct):
    """A case as its holder sees it."""

    case_number: str
    status: str
    opened_at: datetime
    agency: str
    standing: Standing
    items: list[ItemAnswer]
    sightings: list[SightingAnswer]
    notices: list[NoticeAnswer]

    @classmethod
    def of(cls, case: CaseView) -> CaseAnswer:
        """The shape of a workflow's case."""
        return cls(
            case.number,
            case.status.value,
            case.opened_at,
            case.wishes.agency.value,
            case.standing,
            [ItemAnswer.of(item) for item in case.items],
            [SightingAnswer.of(seen) for seen in case.sightings],
            [
                NoticeAnswer(
                    n.id,
                    n.sighting_id,
                    n.law_id,
                    n.service,
                    n.status,
                    n.drafted_at,
                    ClockAnswer(
                        n.clock.kind.value,
                        n.clock.starts_with,
                        n.clock.length.total_seconds() / 3600,
                        n.clock.started_at,
                        n.clock.due_at,
                        n.clock.is_confirmed,
                    ),
                )
                for n in case.notices
            ],
        )


class NewItemAnswer(Struct):
    """The id by which an item can be withdrawn."""

    id: str
    kind: MediaKind


class OpenedCaseAnswer(Struct):
    """What is given once, when a case is opened. The passphrase is stored nowhere.

    `is_as_sent` is false where the same `send_key` came before with other content, which counts.
    """

    case_number: str
    passphrase: str
    receipt: dict[str, Any]
    items: list[NewItemAnswer]
    is_as_sent: bool


class AddedAnswer(Struct):
    """What was added, and the receipt for it."""

    items: list[NewItemAnswer]
    receipt: dict[str, Any]


class ErasedAnswer(Struct):
    """The signed statement that the case was erased; it is kept nowhere else."""

    statement: dict[str, Any]
