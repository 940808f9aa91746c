# SPDX-License-Identifier: Apache-2.0
"""Whatever the bytes: a whole picture or one of our errors."""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator

import numpy as np
import pillow_heif
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from haechi.errors import MediaError
from haechi.media import Decoder, Limits, Picture, open_picture

_LIMITS = Limits(max_pixels=1_000_000, max_side_pixels=4000)
_KINDS = (
    "jpeg",
    "progressive",
    "cmyk",
    "png",
    "palette",
    "webp",
    "lossless",
    "gif",
    "avif",
    "heic",
)
_CUT_ANYWHERE = ("jpeg", "progressive", "cmyk", "png", "palette", "webp", "lossless", "gif")


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _heic(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=60)
    return buffer.getvalue()


@functools.cache
def _file(kind: str) -> bytes:
    noise = np.random.default_rng(5).integers(0, 256, (9, 12, 4), np.uint8)
    image = Image.fromarray(noise).resize((96, 64), Image.Resampling.BICUBIC)
    colour = image.convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "jpeg": lambda: _saved(colour, "JPEG", exif=exif.tobytes()),
        "progressive": lambda: _saved(colour, "JPEG", progressive=True),
        "cmyk": lambda: _saved(colour.convert("CMYK"), "JPEG"),
        "png": lambda: _saved(image, "PNG"),
        "palette": lambda: _saved(colour.quantize(32), "PNG", transparency=bytes(range(32))),
        "webp": lambda: _saved(image, "WEBP"),
        "lossless": lambda: _saved(image, "WEBP", lossless=True),
        "gif": lambda: _saved(colour, "GIF", save_all=True, append_images=[colour.rotate(180)]),
        "avif": lambda: _saved(image, "AVIF", speed=10),
        "heic": lambda: _heic(colour),
    }[kind]()


def _opened(data: bytes) -> Picture | None:
    try:
        return open_picture(data, _LIMITS)
    except MediaError:
        return None


@given(st.sampled_from(_KINDS), st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_any_bytes_behind_any_beginning(kind: str, tail: bytes) -> None:
    for kept in (0, 12, 30):
        _opened(_file(kind)[:kept] + tail)


@given(
    st.sampled_from(_KINDS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
@settings(max_examples=250, deadline=None)
def test_any_change_to_a_good_file(
    kind: str, changes: list[tuple[float, int]], cut: tuple[float, float]
) -> None:
    data = bytearray(_file(kind))
    for share, byte in changes:
        data[int(share * len(data))] = byte
    begin, end = sorted(int(share * len(data)) for share in cut)
    _opened(bytes(data))
    del data[begin:end]
    _opened(bytes(data))


@pytest.mark.parametrize("kind", _CUT_ANYWHERE)
def test_a_file_cut_short_is_refused_or_whole(kind: str) -> None:
    data = _file(kind)
    whole = open_picture(data)
    # Every place near both ends, and a sample of those between.
    places = {*range(40), *range(40, len(data), 37), *range(len(data) - 40, len(data))}
    for place in sorted(places):
        picture = _opened(data[:place])
        if picture is not None:
            assert all(map(np.array_equal, picture.planes, whole.planes)), place


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(_LIMITS) as decoder:
        yield decoder


@example(kind="heic", share=0.0, byte=0)
@example(kind="avif", share=0.0, byte=0)
@given(st.sampled_from(_KINDS), st.floats(0, 1, exclude_max=True), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_the_child_answers_as_this_process(
    decoder: Decoder, kind: str, share: float, byte: int
) -> None:
    for data in (_file(kind), _changed(_file(kind), share, byte)):
        here = there = None
        try:
            here = open_picture(data, _LIMITS)
        except MediaError as error:
            with pytest.raises(type(error)):
                decoder.picture(data)
        else:
            there = decoder.picture(data)
            assert [plane.tobytes() for plane in here.planes] == [
                plane.tobytes() for plane in there.planes
            ]
            assert (here.exif_turn, here.format) == (there.exif_turn, there.format)


def _changed(data: bytes, share: float, byte: int) -> bytes:
    at = int(share * len(data))
    return data[:at] + bytes([byte]) + data[at + 1 :]
