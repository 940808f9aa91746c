# SPDX-License-Identifier: Apache-2.0
"""What the peers say of an upload, by the thresholds that their own documentation names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ._peers import ask_peer

__all__ = ["PEERS", "Hashes", "peer_hashes", "peers_said"]

Hashes = dict[str, Any] | None
"""A file as the peers fingerprint it (peers/hash_with_peers.py); None where Pillow cannot read it."""

_PDQ_RADIUS_BITS: Final = 31
_PDQ_LEAST_QUALITY: Final = 50
_PERCEPTION_SHARE: Final = 0.2
_PERCEPTION_BITS: Final = 256
_IMAGEHASH_BITS: Final = 10


@dataclass(frozen=True, slots=True)
class _Rule:
    """Whether an upload is taken for a known picture; the values as whole numbers."""

    values: Callable[[dict[str, Any]], list[str]]
    most_bits: float
    least_quality: int = 0


PEERS: Final[dict[str, _Rule]] = {
    # ThreatExchange: 31 bits, and what has a quality under 50 is not indexed or looked for.
    "PDQ ≤ 31": _Rule(lambda found: found["turns"][:1], _PDQ_RADIUS_BITS, _PDQ_LEAST_QUALITY),
    "PDQ ≤ 31, 8 turns": _Rule(lambda found: found["turns"], _PDQ_RADIUS_BITS, _PDQ_LEAST_QUALITY),
    # Its documentation: "PHash with hash_size=16 and with 0.2 as the distance threshold".
    "perception PHash < 0.2": _Rule(
        lambda found: [found["perception"]], _PERCEPTION_SHARE * _PERCEPTION_BITS - 1e-9
    ),
    # It names none; the article that its documentation refers to calls more than 10 of 64 different.
    "imagehash phash ≤ 10": _Rule(lambda found: [found["imagehash"]], _IMAGEHASH_BITS),
}
"""By name; the name is what the table calls it."""


def peer_hashes(paths: Sequence[Path]) -> list[Hashes]:
    """The peers' fingerprints of these files.

    Raises:
        OutsideServiceFailed: the peers' environment cannot be set up, or one ended with an error.
    """
    return list(ask_peer("hash_with_peers", [str(path) for path in paths]))


def peers_said(upload: Hashes, known: Sequence[Hashes]) -> dict[str, frozenset[int]]:
    """For each peer the places of the known pictures that it takes the upload for."""
    return {name: frozenset(_places(rule, upload, known)) for name, rule in PEERS.items()}


def _places(rule: _Rule, upload: Hashes, known: Sequence[Hashes]) -> list[int]:
    if upload is None or upload["quality"] < rule.least_quality:
        return []
    asked = [int(value, 16) for value in rule.values(upload)]
    found = []
    for place, other in enumerate(known):
        if other is None or other["quality"] < rule.least_quality:
            continue
        value = int(rule.values(other)[0], 16)
        if min((value ^ one).bit_count() for one in asked) <= rule.most_bits:
            found.append(place)
    return found
