# SPDX-License-Identifier: Apache-2.0
"""What an upload is asked about with: its signals, and every look at it where we have its pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from haechi.media import Frame, Picture
from haechi.signals import (
    Box,
    FrameList,
    Regions,
    Rendition,
    Turn,
    VpdqView,
    digests,
    is_drawn,
    pdq_views,
    query_regions,
    vpdq_views,
)
from haechi.values import Signal, SignalType


@dataclass(frozen=True, slots=True)
class Query:
    """One signal of the upload, and the view of the upload that it was made from."""

    signal: Signal
    rendition: Rendition = Rendition.AS_SENT
    turn: Turn = Turn.NONE
    box: Box | None = None


@dataclass(frozen=True)
class Upload:
    """One upload: single values, regions, and the frames of a video under several turns.

    `regions` is None where nobody looked for any. `picture` is there for closer questions only.
    """

    queries: tuple[Query, ...] = ()
    regions: Regions | None = None
    frames: tuple[VpdqView, ...] = ()
    picture: Picture | None = None

    @cached_property
    def is_drawn(self) -> bool:
        """Whether the picture is a page, a chart, a drawing; False for what we have no pixels of."""
        return self.picture is not None and is_drawn(self.picture)


def upload_of_signals(signals: Sequence[Signal]) -> Upload:
    """The upload that somebody else made these signals of; of several `rpdq` the last counts."""
    found = [Regions.from_signal(s) for s in signals if s.type is SignalType.RPDQ]
    lists = [FrameList.from_signal(s) for s in signals if s.type is SignalType.VPDQ]
    single = [s for s in signals if s.type not in {SignalType.RPDQ, SignalType.VPDQ}]
    return Upload(
        tuple(Query(signal) for signal in single),
        found[-1] if found else None,
        tuple(VpdqView(Rendition.AS_SENT, Turn.NONE, frames) for frames in lists),
    )


def upload_of_file(chunks: Iterable[bytes]) -> Upload:
    """The upload that is asked about by its bytes alone."""
    return upload_of_signals(digests(chunks))


def upload_of_picture(picture: Picture) -> Upload:
    """Every look at a picture. Wants `CLOSE_SIDE_PIXELS` decoded, where the source has them."""
    views = pdq_views(picture)
    queries = tuple(Query(view.signal, view.rendition, view.turn, view.box) for view in views)
    return Upload(queries, query_regions(picture), picture=picture)


def upload_of_frames(frames: Iterable[Frame]) -> Upload:
    """Every look at a video. Wants ten frames a second; goes over them once."""
    return Upload(frames=vpdq_views(frames))
