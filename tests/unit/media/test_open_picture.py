# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from haechi.errors import (
    DamagedFile,
    DecodingStopped,
    FileTooLarge,
    TooManyPixels,
    UnsupportedFormat,
)
from haechi.media import Limits, PictureFormat, _open, open_picture
from haechi.media._still import planes_of


def _photo(width: int = 160, height: int = 120, seed: int = 1) -> Image.Image:
    """A harmless picture: smooth coloured noise."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def _heic(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=95)
    return buffer.getvalue()


def _luma(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").convert("L"))


def _far(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


_PHOTO = _photo()
_FADING = Image.linear_gradient("L").resize(_PHOTO.size)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_png_modes_are_read_as_pillow_reads_them(mode: str) -> None:
    data = _saved(_PHOTO.convert(mode), "PNG")
    expected = _luma(Image.open(io.BytesIO(data)))
    picture = open_picture(data)
    assert np.array_equal(picture.luma, expected)
    assert picture.format is PictureFormat.PNG
    assert (picture.source_width, picture.source_height) == _PHOTO.size
    assert picture.on_white is None


@pytest.mark.parametrize("mode", ["HSV", "YCbCr", "LAB", "CMYK", "PA", "I", "F"])
def test_other_modes_have_a_brightness_too(mode: str) -> None:
    image = _PHOTO.convert("P").convert(mode) if mode == "PA" else _PHOTO.convert(mode)
    if mode == "I":
        image = image.point(lambda value: value * 257)
    luma, _ = planes_of(image)
    expected = _PHOTO.convert("P") if mode == "PA" else _PHOTO
    assert luma.mode == "L"
    assert _far(np.asarray(luma), _luma(expected)) < 3


def test_sixteen_bits_are_scaled_not_clipped() -> None:
    deep = Image.fromarray(_luma(_PHOTO).astype(np.uint16) * 257)
    assert np.array_equal(open_picture(_saved(deep, "PNG")).luma, _luma(_PHOTO))
    picture = open_picture(_saved(deep, "PNG", transparency=int(_luma(_PHOTO)[5, 5]) * 257))
    assert picture.on_white is not None
    assert picture.on_white[5, 5] == 255


@pytest.mark.parametrize(
    ("mode", "options"),
    [("L", {}), ("RGB", {}), ("RGB", {"keep_rgb": True}), ("CMYK", {}), ("RGB", {"progressive": True}),
     ("CMYK", {"progressive": True})],
)  # fmt: skip
def test_jpeg_kinds(mode: str, options: dict[str, object]) -> None:
    data = _saved(_PHOTO.convert(mode), "JPEG", quality=92, **options)
    expected = _luma(Image.open(io.BytesIO(data)))
    assert _far(open_picture(data).luma, expected) < 1


def test_jpeg_of_unusual_subsampling() -> None:
    data = bytearray(_saved(_PHOTO, "JPEG", subsampling=0))
    data[data.index(b"\xff\xc0") + 11] = 0x31  # three brightness samples to one of colour
    assert open_picture(bytes(data)).luma.shape == (120, 160)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize(("side", "reduction"), [(1000, 1), (1100, 2), (1700, 4), (2064, 8)])
def test_large_jpegs_are_reduced(side: int, reduction: int, *, progressive: bool) -> None:
    data = _saved(_photo(side + 101, side), "JPEG", progressive=progressive)
    picture = open_picture(data)
    assert picture.reduction == reduction
    whole = Image.open(io.BytesIO(data)).convert("L")
    assert _far(picture.luma, np.asarray(whole.reduce(reduction))) < 1.5
    assert min(open_picture(data, min_side_pixels=900).luma.shape) >= 900


def test_leaving_scans_out_changes_no_pixel() -> None:
    data = _saved(_photo(2101, 2070), "JPEG", progressive=True)
    sequential = io.BytesIO()
    # The same coefficients, stored the other way: requantising with the same tables is exact.
    Image.open(io.BytesIO(data)).save(sequential, "JPEG", quality="keep")
    assert open_picture(data).reduction == 8
    difference = open_picture(data).luma.astype(int) - open_picture(sequential.getvalue()).luma
    assert np.abs(difference).max() <= 1


def test_large_others_are_reduced() -> None:
    picture = open_picture(_saved(_photo(2100, 2050), "PNG", compress_level=1))
    assert picture.reduction == 2
    assert picture.luma.shape == (1025, 1050)


@pytest.mark.parametrize("form", ["WEBP", "AVIF", "GIF"])
def test_other_formats(form: str) -> None:
    picture = open_picture(_saved(_PHOTO, form))
    assert picture.format.value == form.lower()
    assert _far(picture.luma, _luma(_PHOTO)) < 6


def test_heic() -> None:
    picture = open_picture(_heic(_PHOTO))
    assert picture.format is PictureFormat.HEIC
    assert _far(picture.luma, _luma(_PHOTO)) < 4
    with pytest.raises(TooManyPixels):
        open_picture(_heic(_PHOTO), Limits(max_pixels=100))


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_counts(form: str) -> None:
    still = _saved(_PHOTO, form)
    moving = _saved(_PHOTO, form, save_all=True, append_images=[_photo(seed=2)])
    assert _far(open_picture(moving).luma, open_picture(still).luma) < 2


@pytest.mark.parametrize("form", ["PNG", "WEBP", "AVIF", "HEIC"])
def test_a_picture_carried_by_alpha_alone_shows_on_white_and_on_black(form: str) -> None:
    black = Image.new("L", _PHOTO.size)
    hidden = Image.merge("RGBA", (black, black, black, _PHOTO.convert("L")))
    picture = open_picture(_heic(hidden) if form == "HEIC" else _saved(hidden, form))
    assert picture.luma.max() <= 2
    assert picture.on_black is not None
    assert picture.on_black.max() <= 2
    assert picture.on_white is not None
    assert _far(picture.on_white, 255 - _luma(_PHOTO)) < 6


def test_grounds_are_those_of_ordinary_compositing() -> None:
    faded = _PHOTO.copy()
    faded.putalpha(_FADING)
    picture = open_picture(_saved(faded, "PNG"))
    assert np.array_equal(picture.luma, _luma(_PHOTO))
    for ground, plane in ((255, picture.on_white), (0, picture.on_black)):
        below = Image.new("RGBA", _PHOTO.size, (ground, ground, ground, 255))
        assert plane is not None
        assert np.abs(plane.astype(int) - _luma(Image.alpha_composite(below, faded))).max() <= 2


@pytest.mark.parametrize(
    ("mode", "transparency"), [("P", 3), ("P", bytes(range(64))), ("L", 90), ("1", 0)]
)
def test_declared_transparency_is_alpha(mode: str, transparency: object) -> None:
    image = _PHOTO.quantize(64) if mode == "P" else _PHOTO.convert(mode)
    picture = open_picture(_saved(image, "PNG", transparency=transparency))
    assert np.array_equal(picture.luma, _luma(image))
    assert picture.on_white is not None


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_the_turn_is_told_and_not_applied(form: str, turn: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    picture = open_picture(_saved(_photo(48, 32), form, exif=exif.tobytes()))
    assert picture.exif_turn == turn
    assert picture.luma.shape == (32, 48)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))


def _png_of(width: int, height: int) -> bytes:
    header = _chunk(b"IHDR", struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (30_001, 1), (1, 2**31 - 1)])
def test_a_header_that_claims_too_much(width: int, height: int) -> None:
    with pytest.raises(TooManyPixels):
        open_picture(_png_of(width, height))


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "JPEG", "AVIF"])
def test_a_real_bomb_is_not_unpacked(form: str) -> None:
    data = _saved(Image.new("RGB", (2000, 1500)), form)
    assert open_picture(data, Limits(max_pixels=3_000_000)).source_width == 2000
    with pytest.raises(TooManyPixels):
        open_picture(data, Limits(max_pixels=2_999_999))
    with pytest.raises(TooManyPixels):
        open_picture(data, Limits(max_side_pixels=1999))


def test_too_many_bytes() -> None:
    with pytest.raises(FileTooLarge):
        open_picture(b"\xff\xd8\xff" + bytes(2000), Limits(max_bytes=1000))


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\0\0\0\x18ftypisom\0\0\0\0isommp42", b"RIFF\0\0\0\0AVI LIST"]
)
def test_nothing_that_we_read(data: bytes) -> None:
    with pytest.raises(UnsupportedFormat):
        open_picture(data)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIC"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_file_is_damaged(form: str, share: float) -> None:
    data = _heic(_PHOTO) if form == "HEIC" else _saved(_PHOTO, form)
    with pytest.raises(DamagedFile) as caught:
        open_picture(data[: int(len(data) * share)])
    assert caught.value.__cause__ is not None or form == "WEBP"


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_short_and_closed_again_is_damaged(*, progressive: bool) -> None:
    data = _saved(_PHOTO, "JPEG", progressive=progressive)
    with pytest.raises(DamagedFile):
        open_picture(data[: len(data) * 2 // 3] + b"\xff\xd9")


@pytest.mark.parametrize("extra", [1, 40, 400])
def test_harmless_faults_of_jpegs_are_forgiven(extra: int) -> None:
    data = _saved(_PHOTO, "JPEG")
    whole = open_picture(data).luma
    trailing = data + bytes(extra) + data
    padded = data[:-2] + b"\x07" * extra + data[-2:]
    scan = data.index(b"\xff\xda")
    spectrum = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big") - 3
    ill_filled = data[:spectrum] + bytes(3) + data[spectrum + 3 :]
    for faulty in (trailing, padded, padded + trailing, ill_filled):
        assert np.array_equal(open_picture(faulty).luma, whole)


def test_a_reader_out_of_memory_is_not_a_damaged_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(_open, "open_jpeg", greedy)
    with pytest.raises(DecodingStopped):
        open_picture(_saved(_PHOTO, "JPEG"))
