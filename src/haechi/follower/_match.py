# SPDX-License-Identifier: Apache-2.0
"""Which contents that a follower holds an upload matches, and what its bank says about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from haechi.follower._store import Owner
from haechi.match import MOST_ENTRIES, FrameMatch, Kind, View, find_frames
from haechi.signals import FrameList
from haechi.values import BankPolicy, Signal, SignalType

__all__ = ["FollowerMatch", "find_known"]

_CERTAIN_FRAME_BITS: Final = 20
"""A single frame that is farther is worth a look by a person (docs/decisions/012)."""

_SINGLE: Final = frozenset({SignalType.PDQ, SignalType.MD5})

Owners = Callable[[Collection[int]], Mapping[int, Owner]]


@dataclass(frozen=True, slots=True)
class FollowerMatch:
    """One content that an upload matches: its opaque id, its bank, what to do, and how near it is.

    `policy` is that of the bank, `block` or `review`; of what only part of a video speaks for, or one
    frame that is not near, it is `review`. `signal` is what matched: an `md5` is at 0 bits, and a `vpdq`
    at the median of its frames.
    """

    content: str
    bank: str
    policy: BankPolicy
    distance_bits: int
    signal: SignalType


@dataclass(frozen=True, slots=True)
class _Near:
    distance_bits: int
    signal: SignalType
    is_sure: bool = True
    has_own_rule: bool = False


def find_known(
    view: View, signals: Sequence[Signal], owners_of: Owners, widest_bits: int
) -> list[FollowerMatch]:
    """The contents that an upload with these signals matches, nearest first, each once.

    A value counts within its bank's radius. A content of an `allow` bank vetoes whatever is no nearer
    than itself, and is never told. Regional signals and sha256 find nothing: they are not handed out.
    """
    near: dict[int, _Near] = {}
    for entry_id, found in _all_near(view, signals, widest_bits):
        best = near.get(entry_id)
        if best is None or _rank(found) < _rank(best):
            near[entry_id] = found
    owners = owners_of(near)
    matches = []
    for entry_id, found in near.items():
        owner = owners.get(entry_id)
        if owner is None or not (found.has_own_rule or found.distance_bits <= owner.radius_bits):
            continue
        policy = owner.policy
        if policy is BankPolicy.BLOCK and not found.is_sure:
            policy = BankPolicy.REVIEW
        matches.append(
            FollowerMatch(owner.content_id, owner.bank, policy, found.distance_bits, found.signal)
        )
    allowed = [match.distance_bits for match in matches if match.policy is BankPolicy.ALLOW]
    told = [match for match in matches if not allowed or match.distance_bits < min(allowed)]
    return sorted(told, key=lambda match: (match.distance_bits, match.content))


def _rank(near: _Near) -> tuple[bool, int]:
    return not near.is_sure, near.distance_bits


def _all_near(
    view: View, signals: Sequence[Signal], widest_bits: int
) -> Iterable[tuple[int, _Near]]:
    single = [signal for signal in signals if signal.type in _SINGLE]
    for signal, hits in zip(single, view.search(single, radius_bits=widest_bits), strict=True):
        for hit in hits:
            yield hit.entry_id, _Near(hit.distance_bits, signal.type)
    looks = [FrameList.from_signal(s) for s in signals if s.type is SignalType.VPDQ]
    for entry_id, (_, match) in find_frames(view, looks).items():
        yield entry_id, _of_video(match)
    pictures = [s.value for s in single if s.type is SignalType.PDQ and s.is_trusted]
    frames = [value.tobytes() for look in looks for value in look.trusted().values]
    yield from _crosswise(view, Kind.FRAME, pictures, widest_bits)
    yield from _crosswise(view, Kind.PDQ, frames, widest_bits)


def _of_video(match: FrameMatch) -> _Near:
    return _Near(match.median_bits, SignalType.VPDQ, match.is_whole, has_own_rule=True)


def _crosswise(
    view: View, kind: Kind, values: Sequence[bytes], widest_bits: int
) -> Iterable[tuple[int, _Near]]:
    """A picture among the frames of known videos, and a video's frames among known pictures."""
    if not values:
        return
    asked = np.frombuffer(b"".join(values), dtype=np.uint8).reshape(len(values), -1)
    found = view.search_values(kind, asked, widest_bits, most_entries=MOST_ENTRIES)
    told = SignalType.VPDQ if kind is Kind.FRAME else SignalType.PDQ
    for entry_id, bits in zip(found.entry_id.tolist(), found.distance_bits.tolist(), strict=True):
        yield entry_id, _Near(bits, told, bits <= _CERTAIN_FRAME_BITS)
