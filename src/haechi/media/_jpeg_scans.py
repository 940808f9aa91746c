# SPDX-License-Identifier: Apache-2.0
"""The marker structure of a JPEG file (ITU-T T.81 annex B): EXIF, and the scans that we need.

A progressive JPEG spreads its pixels over many scans. Brightness at one eighth of the size needs
those with the constant coefficients and no others; brightness at any size needs no colour. Leaving
scans out makes such files several times faster to decode and changes no pixel of what is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

__all__ = ["Segment", "end_of", "exif_of", "luma_scans_only", "segments", "with_scans_made_plain"]

_SOI: Final = 0xD8
_EOI: Final = 0xD9
_SOS: Final = 0xDA
_SOF_SEQUENTIAL: Final = frozenset({0xC0, 0xC1})
_SOF_PROGRESSIVE: Final = 0xC2
_APP1: Final = 0xE1
_DQT: Final = 0xDB
# Inside entropy-coded data: a stuffed 0xFF, restart markers, fill bytes. They do not end a scan.
_SCAN_ENDS: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
# Where a frame header, from its marker on, names its first component.
_FIRST_COMPONENT: Final = 10
_PLAIN_SPECTRUM: Final = bytes((0, 63, 0))


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker with all that belongs to it: bytes `start` to `end`, a scan with its data.

    `body` is where its parameters begin, behind the two bytes of length.
    """

    marker: int
    start: int
    body: int
    end: int


def _end_of_scan(data: bytes, at: int) -> int:
    following = _SCAN_ENDS.search(data, at)
    return following.start() if following else len(data)


def segments(data: bytes, *, is_header_only: bool = False) -> Iterator[Segment]:
    """The segments of a JPEG file in order, up to the end-of-image marker where there is one.

    Stops without an error where the structure breaks off; with `is_header_only`, before the first
    scan. To find the end of a scan costs a look at all of its bytes.
    """
    at = 2
    while at + 4 <= len(data) or data[at : at + 2] == b"\xff\xd9":
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _EOI:
            yield Segment(marker, at, at + 2, at + 2)
            return
        if marker == _SOS and is_header_only:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            end = _end_of_scan(data, end)
        yield Segment(marker, at, at + 4, end)
        at = end


def exif_of(data: bytes) -> bytes | None:
    """The EXIF block before the first scan, or None."""
    for segment in segments(data, is_header_only=True):
        if segment.marker == _APP1 and data[segment.body : segment.body + 4] == b"Exif":
            return data[segment.body : segment.end]
    return None


def _spectrum_at(data: bytes, scan: Segment) -> int:
    """Where the three bytes begin that say which coefficients a scan carries."""
    return scan.body + 1 + 2 * data[scan.body]


def _is_well_formed(data: bytes, scan: Segment) -> bool:
    """Whether the header of a scan is all there."""
    return scan.body < len(data) and _spectrum_at(data, scan) + 3 <= min(scan.end, len(data))


def end_of(data: bytes) -> int | None:
    """Where the end-of-image marker begins, or None; what follows it is not the picture's."""
    return next((segment.start for segment in segments(data) if segment.marker == _EOI), None)


def _constant_steps_only(tables: bytes) -> bytes:
    """Quantisation tables with the steps of all but the constant coefficient set to zero.

    A decoder that finds detail missing guesses at it and smooths the constants too. It cannot guess
    without the steps, so it leaves the constants as they are; at one eighth only those are used.
    """
    emptied = bytearray(tables)
    at = 0
    while at < len(tables):
        step_bytes = 2 if tables[at] >> 4 else 1
        end = min(at + 1 + 64 * step_bytes, len(tables))
        kept = min(at + 1 + step_bytes, end)
        emptied[kept:end] = bytes(end - kept)
        at = end
    return bytes(emptied)


def _first_component(data: bytes) -> int | None:
    """How a progressive file calls its first component; None when it is not progressive."""
    for segment in segments(data, is_header_only=True):
        name_at = segment.start + _FIRST_COMPONENT
        if segment.marker == _SOF_PROGRESSIVE and name_at < min(segment.end, len(data)):
            return data[name_at]
    return None


def luma_scans_only(data: bytes, *, constant_only: bool) -> bytes:
    """A JPEG file without the scans that brightness does not need; only progressive ones have such.

    With `constant_only`, only the scans of the constant coefficients stay: all that decoding at one
    eighth of the size uses. The first component must be the brightness; this is not checked. What
    is left out is not looked at either, so damage there goes unnoticed, and harms nothing. Without
    an end-of-image marker the file comes back as it is, for the codec to refuse.
    """
    luma = _first_component(data)
    if luma is None:
        return data
    kept = [data[:2]]
    for segment in segments(data):
        whole = data[segment.start : segment.end]
        if segment.marker == _SOS:
            if not _is_well_formed(data, segment):
                return data
            components = data[segment.body + 1 : _spectrum_at(data, segment) : 2]
            carries_detail = data[_spectrum_at(data, segment)] > 0
            if luma not in components or (constant_only and carries_detail):
                continue
        elif segment.marker == _DQT and constant_only:
            whole = whole[:4] + _constant_steps_only(whole[4:])
        kept.append(whole)
        if segment.marker == _EOI:
            return b"".join(kept)
    return data


def with_scans_made_plain(data: bytes) -> bytes:
    """A sequential JPEG with the spectrum of every scan set to 0-63, as its kind requires.

    Some phones write zeros there. Decoders ignore the field, and complain.
    """
    mended = bytearray(data)
    sequential = False
    for segment in segments(data):
        sequential = sequential or segment.marker in _SOF_SEQUENTIAL
        if sequential and segment.marker == _SOS and _is_well_formed(data, segment):
            at = _spectrum_at(data, segment)
            mended[at : at + 3] = _PLAIN_SPECTRUM
    return bytes(mended)
