# SPDX-License-Identifier: Apache-2.0
"""The folder of a follower as a bank, for whoever wants to look through files on the same machine."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from haechi.bank import Bank
from haechi.follower import HeldSet, open_held
from haechi.workflows._find import Known, find_matches
from haechi.workflows._fingerprint import HashedFile
from haechi.workflows._match import Match
from haechi.workflows._upload import upload_of_signals


@dataclass(frozen=True, slots=True)
class FollowedBank:
    """What a follower holds, searchable as it was when it was opened; who has left it since is not told."""

    _held: HeldSet

    def matches(self, hashed: HashedFile) -> list[Match]:
        """The contents that this file matches, best first."""
        upload = upload_of_signals(hashed.signals)
        if hashed.upload is not None:
            upload = replace(hashed.upload, queries=(*upload.queries, *hashed.upload.queries))
        known = Known(self._held.view(), self._owners_of, self._held.widest_bits)
        return find_matches(upload, known)

    def _owners_of(self, entry_ids: Collection[int]) -> dict[int, tuple[str, Bank]]:
        return {
            entry_id: (
                owner.content_id,
                Bank(owner.bank, owner.bank, owner.policy, owner.radius_bits),
            )
            for entry_id, owner in self._held.owners_of(entry_ids).items()
        }


def load_followed_bank(folder: Path) -> FollowedBank:
    """The bank that a follower keeps in this folder; it may go on following meanwhile.

    Raises:
        BrokenStore: no follower kept anything there, or it cannot be read.
    """
    return FollowedBank(open_held(folder))
