# SPDX-License-Identifier: Apache-2.0
"""Counting wrong pictures: uploads of which something is said that is not so, by class of negative."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from haechi.workflows import Verdict

from ._edits_peers import PEERS
from ._edits_round import EditedUpload, Looked
from ._figures import Figure
from ._intervals import at_most
from ._negatives_kinds import NegativePair, NegativeSet

__all__ = ["pair_figures", "structured_figures", "wrong_among_edits", "wrong_among_others"]

Judged = tuple[Looked, Callable[[int], bool]]
"""What was said of an upload, and whether a known picture, by its place, would be a wrong one."""


def wrong_among_edits(uploads: Sequence[EditedUpload], photos: int) -> Iterator[Figure]:
    """Random negatives: every edited photo against every other photo that is not seen in it."""
    judged = [(one.looked, _not_in(one)) for one in uploads]
    yield from _figures("edited photos among the others", judged, photos)


def _not_in(upload: EditedUpload) -> Callable[[int], bool]:
    shown = upload.lent | {upload.photo}
    return lambda place: place not in shown


def wrong_among_others(uploads: Sequence[EditedUpload]) -> Iterator[Figure]:
    """Random negatives: photos of another folder, of which not one is known."""
    photos = len({one.photo for one in uploads})
    judged: list[Judged] = [(one.looked, lambda _place: True) for one in uploads]
    yield from _figures("unrelated photos", judged, photos)


def structured_figures(
    looks: Sequence[tuple[NegativeSet, Sequence[Looked]]], known: int
) -> Iterator[Figure]:
    """Structured negatives: each file against the photos, and against the others of its own set."""
    everything: list[Judged] = []
    by_set: list[tuple[str, list[Judged]]] = []
    for negatives, answers in looks:
        judged = [
            (looked, _wrong_in_set(known, place, shown))
            for place, (looked, shown) in enumerate(zip(answers, negatives.shows, strict=True))
        ]
        everything += judged
        by_set.append((negatives.name, judged))
    yield from _figures(f"structured pictures of {len(by_set)} kinds", everything, len(everything))
    for name, judged in by_set:
        count, worst = _count(judged)
        if count or any(_peer_count(judged, peer) for peer in PEERS):
            said = ", ".join(f"{many} {verdict}" for verdict, many in worst.items())
            label = f"wrong pictures, {name}, {len(judged)} uploads" + (
                f" ({said})" if said else ""
            )
            yield from _beside_peers(label, judged, count)


def _wrong_in_set(known: int, own: int, shown: int | None) -> Callable[[int], bool]:
    return lambda place: place not in {known + own, shown}


def _figures(what: str, judged: Sequence[Judged], photos: int) -> Iterator[Figure]:
    count, worst = _count(judged)
    name = f"wrong pictures, {what}, {len(judged)} uploads of {photos}"
    yield from _beside_peers(name, judged, count, is_held=True)
    for verdict in Verdict:
        yield Figure(f"of these as {verdict}: {what}", worst[verdict], "uploads")
    bound = at_most(min(count, photos), photos)
    yield Figure(f"so at most this share of pictures (95 %): {what}", bound, "")


def _beside_peers(
    name: str, judged: Sequence[Judged], count: int, *, is_held: bool = False
) -> Iterator[Figure]:
    for peer in PEERS:
        is_first = is_held and peer == next(iter(PEERS))
        yield Figure(
            name, count, "uploads", peer, _peer_count(judged, peer),
            goal="none" if is_first else None,
            holds=count == 0 if is_first else None,
        )  # fmt: skip


def _count(judged: Sequence[Judged]) -> tuple[int, Counter[Verdict]]:
    """How many uploads name a wrong picture, and the worst verdict of each."""
    worst: Counter[Verdict] = Counter()
    order = list(Verdict)
    for looked, is_wrong in judged:
        verdicts = [said.verdict for place, said in looked.ours.items() if is_wrong(place)]
        if verdicts:
            worst[min(verdicts, key=order.index)] += 1
    return worst.total(), worst


def _peer_count(judged: Sequence[Judged], peer: str) -> int:
    return sum(any(map(is_wrong, looked.peers[peer])) for looked, is_wrong in judged)


def pair_figures(
    what: str, pairs: Sequence[NegativePair], looks: Sequence[Looked], *, may_be_same: bool
) -> Iterator[Figure]:
    """Pairs of one scene or moment: what is said of the second against the first.

    `review` is right, and nothing at all is right too. `same` is wrong, unless even pixels do not tell
    the two photographs apart (`may_be_same`).
    """
    said = Counter(
        looked.ours[place].verdict for place, looked in enumerate(looks) if place in looked.ours
    )
    for verdict in Verdict:
        is_held = verdict is Verdict.SAME and not may_be_same
        name = f"{what}, {len(pairs)} pairs: said to be {verdict}"
        value = said[verdict]
        goal, holds = ("none", value == 0) if is_held else (None, None)
        yield Figure(name, value, "pairs", goal=goal, holds=holds)
    for peer in PEERS:
        theirs = sum(place in looked.peers[peer] for place, looked in enumerate(looks))
        yield Figure(
            f"{what}, {len(pairs)} pairs: said anything", said.total(), "pairs", peer, theirs
        )
