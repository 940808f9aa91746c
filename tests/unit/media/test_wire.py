# SPDX-License-Identifier: Apache-2.0
"""A child that has been taken over sends what it likes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from haechi import errors
from haechi.media import Limits, Picture, PictureFormat
from haechi.media._wire import error_reply, picture_reply, received

_LIMITS = Limits(max_pixels=10_000, max_side_pixels=200)


def _received(reply: bytes) -> Picture:
    def read(count: int) -> bytes:
        assert count <= 10_000, "memory set aside for an unchecked number"
        data = stream.read(count)
        if len(data) < count:
            raise errors.DecodingStopped
        return data

    stream = io.BytesIO(reply)
    return received(read, _LIMITS)


def test_a_picture_comes_through() -> None:
    planes = [np.full((3, 4), value, np.uint8) for value in (1, 2, 3)]
    sent = Picture(planes[0], 8, 5, PictureFormat.WEBP, 2, 7, *planes[1:])
    got = _received(b"".join(picture_reply(sent)))
    assert (got.source_width, got.source_height, got.reduction, got.exif_turn) == (8, 5, 2, 7)
    assert got.format is PictureFormat.WEBP
    assert [plane[0, 0] for plane in got.planes] == [1, 2, 3]


@pytest.mark.parametrize(
    "kind",
    [errors.DamagedFile, errors.UnsupportedFormat, errors.DecodingStopped],
)
def test_an_error_comes_through(kind: type[errors.MediaError]) -> None:
    with pytest.raises(kind):
        _received(b"".join(error_reply(kind())))


def test_limits_are_named_by_the_parent() -> None:
    for error in (_LIMITS.too_large(), _LIMITS.too_many_pixels()):
        with pytest.raises(type(error)) as caught:
            _received(b"".join(error_reply(error)))
        assert caught.value.sentence == error.sentence


def test_an_error_of_another_kind_is_a_damaged_file() -> None:
    with pytest.raises(errors.DamagedFile):
        _received(b"".join(error_reply(errors.FileNotReadable())))


@pytest.mark.parametrize(
    "header",
    [
        (9, 1, 1, 1, 4, 4),
        (0, 0, 1, 1, 4, 4),
        (0, 9, 1, 1, 4, 4),
        (0, 1, 2, 1, 4, 4),
        (0, 1, 0, 1, 4, 4),
        (0, 1, 255, 1, 4, 4),
        (0, 1, 1, 0, 4, 4),
        (0, 1, 1, 1, 0, 4),
        (0, 1, 1, 1, 201, 1),
        (0, 1, 1, 1, 200, 200),
        (0, 1, 1, 1, 2**32 - 1, 2**32 - 1),
    ],
)
def test_numbers_that_cannot_be(header: tuple[int, ...]) -> None:
    with pytest.raises(errors.DecodingStopped):
        _received(struct.pack("!BBBBIII", 0, *header) + bytes(20_000))


@pytest.mark.parametrize(
    "reply", [b"", b"\x06", b"\xff", b"\0\0", struct.pack("!BBBBIII", 0, 0, 1, 1, 1, 9, 9)]
)
def test_replies_that_break_off(reply: bytes) -> None:
    with pytest.raises(errors.DecodingStopped):
        _received(reply)
