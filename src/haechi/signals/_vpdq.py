# SPDX-License-Identifier: Apache-2.0
"""vPDQ: the PDQ of a video's frames, with their quality and their time (vpdq/README of
facebook/ThreatExchange).

A value is one record a frame, in the order of time: 32 bytes PDQ, 1 byte quality, 4 bytes
milliseconds, big-endian. Frames that may not be matched (quality under 50: black, nearly flat) are
kept in it, so that a video made of nothing else has a signal too; it matches nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from haechi.values import FRAME_BYTES, MOST_FRAMES, PDQ_TRUSTED_QUALITY, Signal, SignalType

from ._pdq import pdq
from ._views import Rendition, Turn, pdq_views

if TYPE_CHECKING:
    from haechi.media import Frame

__all__ = ["FrameList", "VpdqView", "hma_text", "vpdq", "vpdq_views"]

Bytes: TypeAlias = NDArray[np.uint8]
Milliseconds: TypeAlias = NDArray[np.uint32]

_RECORD: Final = np.dtype([("value", "u1", 32), ("quality", "u1"), ("at_ms", ">u4")])
_BOTH_WAYS: Final = (Turn.NONE, Turn.MIRRORED)
_RENDITIONS: Final = (Rendition.AS_SENT, Rendition.TRIMMED)


@dataclass(frozen=True, slots=True, eq=False)
class FrameList:
    """The frames of a video as arrays, in the order of time; read-only.

    `values` is uint8 (n, 32), the PDQ of each; `quality` uint8 (n,), 0-100; `at_ms` uint32 (n,),
    ascending. May be empty. Two lists are equal only when they are the same object,
    and the repr shows no value.

    Raises:
        ValueError: a shape, type or number does not fit the others.
    """

    values: Bytes
    quality: Bytes
    at_ms: Milliseconds

    def __post_init__(self) -> None:
        count = len(self.at_ms)
        arrays = (self.values, self.quality, self.at_ms)
        if [array.dtype for array in arrays] != [np.uint8, np.uint8, np.uint32] or [
            array.shape for array in arrays
        ] != [(count, 32), (count,), (count,)]:
            raise ValueError("a frame has 32 bytes, a quality and a time")
        if count and (self.quality.max() > 100 or not (self.at_ms[1:] >= self.at_ms[:-1]).all()):
            raise ValueError("qualities lie between 0 and 100, and times ascend")
        for array in arrays:
            array.setflags(write=False)

    def __len__(self) -> int:
        """How many frames."""
        return len(self.at_ms)

    def __repr__(self) -> str:
        return f"FrameList({len(self)} frames)"

    @property
    def is_trusted(self) -> NDArray[np.bool_]:
        """Which frames may be matched: those of quality 50 or more, bool (n,)."""
        trusted: NDArray[np.bool_] = self.quality >= PDQ_TRUSTED_QUALITY
        return trusted

    def trusted(self) -> FrameList:
        """The frames that may be matched."""
        kept = self.is_trusted
        return FrameList(self.values[kept], self.quality[kept], self.at_ms[kept])

    @classmethod
    def of(cls, records: Sequence[tuple[bytes, int, int]]) -> Self:
        """The list of (PDQ value, quality, milliseconds), in the order of time."""
        values = np.frombuffer(b"".join(value for value, _, _ in records), np.uint8)
        return cls(
            values.reshape(len(records), 32),
            np.array([quality for _, quality, _ in records], np.uint8),
            np.array([at_ms for _, _, at_ms in records], np.uint32),
        )

    @classmethod
    def from_signal(cls, signal: Signal) -> Self:
        """The frames of a `vpdq` signal.

        Raises:
            ValueError: it is of another type.
        """
        if signal.type is not SignalType.VPDQ:
            raise ValueError(f"a {signal.type} has no frames")
        records = np.frombuffer(signal.value, _RECORD)
        return cls(
            np.ascontiguousarray(records["value"]),
            np.ascontiguousarray(records["quality"]),
            records["at_ms"].astype(np.uint32),
        )

    def to_signal(self) -> Signal:
        """The `vpdq` signal of these frames, of which there must be 1 to 10,800.

        Raises:
            ValueError: there are none, or too many.
        """
        if not 1 <= len(self) <= MOST_FRAMES:
            raise ValueError(f"a vpdq has between 1 and {MOST_FRAMES} frames")
        records = np.empty(len(self), _RECORD)
        records["value"], records["quality"], records["at_ms"] = (
            self.values,
            self.quality,
            self.at_ms,
        )
        value = records.tobytes()
        assert len(value) == len(self) * FRAME_BYTES  # noqa: S101 - one layout, said in two places
        return Signal(SignalType.VPDQ, value)


@dataclass(frozen=True, slots=True)
class VpdqView:
    """The frames of an upload after `rendition`, then `turn`, both done to each of them."""

    rendition: Rendition
    turn: Turn
    frames: FrameList


def _timed(frames: Iterable[Frame]) -> Iterator[tuple[Frame, int]]:
    """Each frame with its time in milliseconds; one later when that is taken."""
    last_ms = -1
    for frame in frames:
        last_ms = max(round(frame.at_s * 1000), last_ms + 1)
        yield frame, last_ms


def vpdq(frames: Iterable[Frame]) -> Signal:
    """The vPDQ of a video's frames, which must be in order: one record each.

    Frames of low quality are in it; a video of nothing else has a vPDQ that matches nothing. Keeps
    no more than one picture at a time.

    Raises:
        ValueError: no frame, or more than 10,800.
    """
    records = []
    for frame, at_ms in _timed(frames):
        signal = pdq(frame.picture)
        records.append((signal.value, signal.quality or 0, at_ms))
    return FrameList.of(records).to_signal()


def vpdq_views(
    frames: Iterable[Frame], *, turns: Sequence[Turn] = _BOTH_WAYS
) -> tuple[VpdqView, ...]:
    """The frames of an upload in every rendition under these turns, as sent and unturned first.

    Unless told otherwise, as sent and mirrored; a phone's film may lie on its side as well. When a
    flat border was found around some frame there is the rendition `trimmed`, with the other frames
    as they are. A frame that looks the same under two views may be left out of the later one.
    Goes over the frames once.
    """
    records: dict[tuple[Rendition, Turn], list[tuple[bytes, int, int]]] = {
        (rendition, turn): [] for rendition in _RENDITIONS for turn in turns
    }
    was_trimmed = False
    for frame, at_ms in _timed(frames):
        seen = {
            (view.rendition, view.turn): (view.signal.value, view.signal.quality or 0, at_ms)
            for view in pdq_views(frame.picture, renditions=_RENDITIONS)
        }
        was_trimmed |= (Rendition.TRIMMED, Turn.NONE) in seen
        for (rendition, turn), kept in records.items():
            record = seen.get((rendition, turn)) or seen.get((Rendition.AS_SENT, turn))
            if record is not None:
                kept.append(record)
    return tuple(
        VpdqView(rendition, turn, FrameList.of(kept))
        for (rendition, turn), kept in records.items()
        if rendition is Rendition.AS_SENT or was_trimmed
    )


def hma_text(signal: Signal) -> str:
    """A `vpdq` as python-threatexchange writes it: a JSON list of `HEX,QUALITY,SECONDS`.

    Seconds to the millisecond; python-threatexchange itself rounds them to three digits in all.

    Raises:
        ValueError: the signal is of another type.
    """
    frames = FrameList.from_signal(signal)
    return json.dumps(
        [
            f"{value.tobytes().hex()},{quality},{at_ms / 1000:.3f}"
            for value, quality, at_ms in zip(
                frames.values, frames.quality.tolist(), frames.at_ms.tolist(), strict=True
            )
        ]
    )
