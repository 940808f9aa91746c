# SPDX-License-Identifier: Apache-2.0
"""From an upload to the known contents that it matches, each with a verdict and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from haechi.bank import Bank
from haechi.match import (
    MOST_ENTRIES,
    REGION_RADIUS_BITS,
    FrameRule,
    Kind,
    RegionMatch,
    View,
    find_frames,
    find_regions,
)
from haechi.signals import Rendition, Turn, pdq_of_part
from haechi.values import BankPolicy, Signal, SignalType
from haechi.workflows._match import Match, rank, unless_allowed
from haechi.workflows._upload import Query, Upload
from haechi.workflows._verdict import (
    CERTAIN_RADIUS_BITS,
    Evidence,
    NearValue,
    Reason,
    Verdict,
    confirms,
    judged,
)

_MOST_PARTS: Final = 16
"""So many parts of an upload are drawn out and compared."""

_FRAME_RADIUS_BITS: Final = FrameRule().radius_bits


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at one moment: the index, whose each entry is, and the widest radius of all banks.

    `owners_of` gives the content's id and its bank of each of these entries that is still there and
    may be told to whoever asks: what it does not name makes no match.
    """

    view: View
    owners_of: Callable[[Collection[int]], dict[int, tuple[str, Bank]]]
    widest_bits: int


def find_matches(upload: Upload, known: Known) -> list[Match]:
    """The known contents that an upload matches, one match each, best first; see `judged`.

    A match in an `allow` bank vetoes every match that is no better than itself, and explains away the
    regions that it shows.
    """
    return unless_allowed(find_all(upload, known))


def find_all(upload: Upload, known: Known) -> list[Match]:
    """As `find_matches`, with what is allowed still among them, and no veto."""
    gathered = _Gathering(upload, known)
    gathered.add_values()
    gathered.add_frame_values()
    gathered.add_regions()
    gathered.add_videos()
    return sorted(gathered.matches(), key=rank)


class _Gathering:
    """The evidence for every entry that anything speaks for."""

    def __init__(self, upload: Upload, known: Known) -> None:
        self._upload = upload
        self._known = known
        self._evidence: dict[int, Evidence] = {}
        self._owners: dict[int, tuple[str, Bank]] = {}
        self._asked: set[int] = set()

    def add_values(self) -> None:
        """Every single value of the upload against every value of its kind."""
        queries = self._upload.queries
        signals = [query.signal for query in queries]
        answers = self._known.view.search(signals, radius_bits=self._known.widest_bits)
        self._learn(hit.entry_id for hits in answers for hit in hits)
        for query, hits in zip(queries, answers, strict=True):
            for hit in hits:
                if query.signal.type is SignalType.PDQ:
                    self._add_value(hit.entry_id, NearValue(query, hit.distance_bits))
                else:
                    self._of(hit.entry_id).equal_digest = query.signal.type

    def add_frame_values(self) -> None:
        """A picture against the frames of known videos, and a video's frames against known pictures."""
        pictures = [q for q in self._upload.queries if q.signal.type is SignalType.PDQ]
        self._add_crosswise(
            Kind.FRAME, [(q, q.signal.value) for q in pictures if q.signal.is_trusted]
        )
        for look in self._upload.frames:
            values = [value.tobytes() for value in look.frames.trusted().values]
            signals = (Signal(SignalType.PDQ, value, 100) for value in values)
            queries = (Query(signal, look.rendition, look.turn) for signal in signals)
            self._add_crosswise(Kind.PDQ, list(zip(queries, values, strict=True)))

    def _add_crosswise(self, kind: Kind, asked: list[tuple[Query, bytes]]) -> None:
        if not asked:
            return
        joined = np.frombuffer(b"".join(value for _, value in asked), dtype=np.uint8)
        found = self._known.view.search_values(
            kind,
            joined.reshape(len(asked), -1),
            self._known.widest_bits,
            most_entries=MOST_ENTRIES,
        )
        self._learn(found.entry_id.tolist())
        columns = (found.query, found.entry_id, found.distance_bits)
        for query, entry_id, bits in zip(*(c.tolist() for c in columns), strict=True):
            self._add_value(entry_id, NearValue(asked[query][0], bits, is_frame=True))

    def _add_value(self, entry_id: int, value: NearValue) -> None:
        owner = self._owner(entry_id)
        if owner is None or value.distance_bits > owner[1].radius_bits:
            return
        evidence = self._of(entry_id)
        # Of values that are as good, the first counts.
        if evidence.value is None or value.rank < evidence.value.rank:
            evidence.value = value

    def add_regions(self) -> None:
        """The upload's regions against those of every picture."""
        view = self._known.view
        if self._upload.regions is not None:
            found = find_regions(view, self._upload.regions, allowed_of=self._allowed_of)
            self._learn(found)
            for number, (entry_id, match) in enumerate(found.items()):
                part_bits = self._part_bits(entry_id, match) if number < _MOST_PARTS else None
                if confirms(match, part_bits):
                    evidence = self._of(entry_id)
                    evidence.regions, evidence.part_bits = match, part_bits
        for entry_id, evidence in self._evidence.items():
            evidence.known_regions = len(view.rows(entry_id, Kind.REGION)[0])

    def _part_bits(self, entry_id: int, match: RegionMatch) -> int | None:
        """How far the part of the upload that should show the known picture is from it, as PDQ."""
        if self._upload.picture is None:
            return None
        part = pdq_of_part(
            self._upload.picture, match.transform, is_mirrored=match.is_mirrored, sides=match.sides
        )
        if part is None or not part.is_trusted:
            return None
        value = np.frombuffer(part.value, np.uint8)
        told = self._known.view.explain(
            Kind.PDQ, value, entry_id, radius_bits=self._known.widest_bits
        )
        return None if told is None else told.distance_bits

    def add_videos(self) -> None:
        """The upload's frames against those of every video."""
        looks = self._upload.frames
        found = find_frames(self._known.view, [look.frames for look in looks])
        for entry_id, (number, match) in found.items():
            evidence = self._of(entry_id)
            evidence.frames = match
            evidence.look = looks[number].rendition, looks[number].turn

    def matches(self) -> Iterable[Match]:
        """One match for each content that something is said of."""
        self._learn(self._evidence)
        for entry_id, evidence in self._evidence.items():
            owner = self._owner(entry_id)
            verdict = judged(
                evidence,
                asks_regions=self._upload.regions is not None,
                is_drawn=lambda: self._upload.is_drawn,
            )
            if owner is not None and verdict is not None:
                yield self._match(evidence, *owner, *verdict)

    def _match(
        self, evidence: Evidence, content_id: str, bank: Bank, verdict: Verdict, reason: Reason
    ) -> Match:  # fmt: skip
        rendition, turn, box = Rendition.AS_SENT, Turn.NONE, None
        value, regions, frames = evidence.value, evidence.regions, evidence.frames
        named: tuple[SignalType, int, int]
        if evidence.equal_digest is not None:
            named = evidence.equal_digest, 0, 0
        elif frames is not None:
            rendition, turn = evidence.look
            named = SignalType.VPDQ, frames.median_bits, _FRAME_RADIUS_BITS
        elif value is not None and (regions is None or value.distance_bits <= CERTAIN_RADIUS_BITS):
            query = value.query
            rendition, turn, box = query.rendition, query.turn, query.box
            kind = SignalType.VPDQ if value.is_frame and not self._upload.frames else SignalType.PDQ
            named = kind, value.distance_bits, bank.radius_bits
        else:
            assert regions is not None  # noqa: S101  # something speaks for it
            turn = Turn.MIRRORED if regions.is_mirrored else Turn.NONE
            named = SignalType.RPDQ, regions.median_bits, REGION_RADIUS_BITS
        return Match(
            content_id, bank.name, bank.policy, *named, rendition, turn, verdict, reason, box,
            None if value is None else value.distance_bits, regions, frames,
            evidence.part_bits,
        )  # fmt: skip

    def _of(self, entry_id: int) -> Evidence:
        return self._evidence.setdefault(entry_id, Evidence())

    def _owner(self, entry_id: int) -> tuple[str, Bank] | None:
        self._learn((entry_id,))
        return self._owners.get(entry_id)

    def _learn(self, entry_ids: Iterable[int]) -> None:
        """Ask whose these entries are, all at once, but for those that were asked for before."""
        fresh = set(entry_ids) - self._asked
        if fresh:
            self._asked |= fresh
            self._owners |= self._known.owners_of(fresh)

    def _allowed_of(self, entry_ids: Iterable[int]) -> set[int]:
        self._learn(entry_ids)
        return {
            entry_id
            for entry_id in entry_ids
            if entry_id in self._owners and self._owners[entry_id][1].policy is BankPolicy.ALLOW
        }
