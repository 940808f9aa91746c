# SPDX-License-Identifier: Apache-2.0
"""Regional PDQ on the device: in a real Chromium, held region by region to the service's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
from device_page import FIGURES, Device, encoded, pdq_of, stripes
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from haechi.bench._edits_suite import Strength, all_edits, as_sent, edited
from haechi.match import match_regions
from haechi.match._regions_rule import DEFAULT_REGION_RULE
from haechi.media import open_picture
from haechi.signals import CLOSE_SIDE_PIXELS, Regions, query_regions, regions
from haechi.values import Signal

PHOTOS = Path(skimage.__file__).parent / "data"
SOME = ("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg")
SHARED = (
    "budgie/casa-mila.jpg",
    "budgie/perched-osprey.jpg",
    "kodak/kodim04.jpg",
    "kodak/kodim15.jpg",
)
SHORT_SIDE_PIXELS = 400
"""The size at which regions are looked for."""
MOST_REGIONS = 60
MOST_BYTES = 2400
RADII_PIXELS = (10, 50)
"""The smallest and the largest region of a report, at that size."""
STEPS_AN_OCTAVE = 24
POINTS = 0.02
"""How much of the recall may be lost when a reference is made in the browser."""

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


@dataclass(frozen=True)
class Agreement:
    """How many of one set's regions another has too, within a pixel; and how far apart those are in bits."""

    share: float
    bits: np.ndarray

    @classmethod
    def of(cls, one: Regions, other: Regions) -> Agreement:
        pixel = min(one.width, one.height) / SHORT_SIDE_PIXELS
        across = np.abs(np.subtract.outer(one.x.astype(float), other.x.astype(float)))
        down = np.abs(np.subtract.outer(one.y.astype(float), other.y.astype(float)))
        steps = np.abs(np.subtract.outer(one.scale.astype(int), other.scale.astype(int)))
        turned = np.subtract.outer(one.angle.astype(int), other.angle.astype(int))
        turned = np.abs((turned + 128) % 256 - 128)
        same = (across <= pixel) & (down <= pixel) & (steps <= 3) & (turned <= 4)
        bits = np.bitwise_count(one.values[:, None] ^ other.values[None]).sum(axis=2)
        nearest = np.where(same, bits, 999).min(axis=1, initial=999)
        return cls(float((nearest < 999).mean()), nearest[nearest < 999])

    def __str__(self) -> str:
        return (
            f"{self.share:.0%} found, {self.bits.mean():.1f} bits apart ({self.bits.max()} at most)"
        )


def rpdq_of(answer: dict[str, Any]) -> Regions | None:
    """The regions of the answer's `rpdq`, None where it has none."""
    assert answer["error"] is None
    values = [s["value"] for s in answer["signals"] if s["type"] == "rpdq"]
    return Regions.from_signal(Signal.parse("rpdq", values[0])) if values else None


def pythons_regions(data: bytes) -> Regions:
    """Those that the service itself makes of a file."""
    return regions(open_picture(data, min_side_pixels=CLOSE_SIDE_PIXELS))


def luma_regions(device: Device, luma: np.ndarray) -> Regions | None:
    """The regions that the JavaScript makes of the service's own brightness."""
    device.choose(luma.tobytes())
    value = device.page.evaluate(
        """async ([height, width]) => {
            const { rpdqOf } = await import("/static/js/rpdq.js");
            const [file] = document.querySelector("#files").files;
            return rpdqOf({ luma: new Uint8Array(await file.arrayBuffer()), width, height });
        }""",
        list(luma.shape),
    )
    return Regions.from_signal(Signal.parse("rpdq", value)) if value else None


@pytest.fixture(scope="module")
def photos(shared_dir: Path) -> list[Path]:
    """Photos of this machine; those of packages are always there."""
    shared = [shared_dir / "photos" / name for name in SHARED]
    return [PHOTOS / name for name in SOME] + [path for path in shared if path.is_file()]


# --- region by region -----------------------------------------------------------------------------


def test_of_the_same_brightness_the_regions_are_the_same(
    device: Device, photos: list[Path]
) -> None:
    """The arithmetic itself, without a browser's decoder in between."""
    for path in photos:
        picture = open_picture(path.read_bytes(), min_side_pixels=CLOSE_SIDE_PIXELS)
        known, found = regions(picture), luma_regions(device, picture.luma)
        assert found is not None
        assert (found.width, found.height) == (known.width, known.height)
        agreement = Agreement.of(known, found)
        FIGURES.info("%s, same brightness: %s", path.name, agreement)
        assert_same(known, found)


def assert_same(known: Regions, found: Regions) -> None:
    """All regions but one at most, and those nearly to the bit: the last digits of a float may differ."""
    agreement = Agreement.of(known, found)
    assert abs(len(found) - len(known)) <= 1
    assert agreement.share >= 1 - 1.5 / len(known)
    assert agreement.bits.max() <= 2


def test_what_is_dim_and_soft_has_the_same_regions(device: Device) -> None:
    """In such a photo brightnesses are few, and only that nothing is steep tells it from a drawing."""
    photo = Image.open(PHOTOS / "coffee.png").convert("RGB").filter(ImageFilter.GaussianBlur(2))
    file = encoded(photo.point(lambda value: int(value * 0.3 + 20)), "PNG")
    picture = open_picture(file, min_side_pixels=CLOSE_SIDE_PIXELS)
    known, found = regions(picture), luma_regions(device, picture.luma)
    assert found is not None
    assert len(known) >= 20
    assert_same(known, found)


def test_a_photo_among_letters_has_the_same_regions(device: Device) -> None:
    """Its regions stand behind those of more than a thousand letters."""
    page = Image.new("RGB", (800, 1400), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(26)
    for line in range(44):
        words = "The quick brown fox jumps over the lazy dog. " * 2
        draw.text((20, 10 + 31 * line), words, "black", font=font)
    page.paste(Image.open(PHOTOS / "coffee.png").convert("RGB").resize((360, 300)), (220, 900))
    picture = open_picture(encoded(page, "PNG"), min_side_pixels=CLOSE_SIDE_PIXELS)
    known, found = regions(picture), luma_regions(device, picture.luma)
    assert found is not None
    assert len(known) >= 20
    assert_same(known, found)


def test_of_a_file_most_regions_are_the_same(device: Device, photos: list[Path]) -> None:
    for path, answer in zip(photos, device.fingerprint(*photos), strict=True):
        known, found = pythons_regions(path.read_bytes()), rpdq_of(answer)
        assert found is not None
        agreement = Agreement.of(known, found)
        FIGURES.info("%s: %s", path.name, agreement)
        assert agreement.share >= 0.7
        assert agreement.bits.mean() <= 12


def test_edited_photos_are_found_as_well_as_by_the_services_own_regions(
    device: Device, photos: list[Path]
) -> None:
    """Known pictures hashed in the browser, and each edit of one of them as the service sees it."""
    chosen = photos[::2]
    theirs = [rpdq_of(answer) for answer in device.fingerprint(*chosen)]
    ours = [pythons_regions(path.read_bytes()) for path in chosen]
    sent = [as_sent(Image.open(path)) for path in chosen]
    edits = [edit for edit in all_edits() if edit.strength is Strength.MIDDLE]
    by_device, by_service = 0, 0
    for turn, edit in enumerate(edits):
        place = turn % len(chosen)
        others = [picture for other, picture in enumerate(sent) if other != place]
        file = edited(sent[place], edit, seed=3, others=others)
        query = query_regions(open_picture(file, min_side_pixels=CLOSE_SIDE_PIXELS))
        by_device += is_found(query, theirs[place])
        by_service += is_found(query, ours[place])
    FIGURES.info("of %d edits %d found by theirs, %d by ours", len(edits), by_device, by_service)
    assert by_service >= 0.8 * len(edits)
    assert by_device >= by_service - POINTS * len(edits)


def is_found(query: Regions, known: Regions | None) -> bool:
    assert known is not None
    match = match_regions(query, known)
    return match is not None and DEFAULT_REGION_RULE.accepts(match.score, match.regions)


def test_another_photo_is_not_found(device: Device, photos: list[Path]) -> None:
    answers = device.fingerprint(*photos)
    for number, path in enumerate(photos):
        query = query_regions(open_picture(path.read_bytes(), min_side_pixels=CLOSE_SIDE_PIXELS))
        for place, answer in enumerate(answers):
            assert is_found(query, rpdq_of(answer)) == (place == number)


# --- the record -----------------------------------------------------------------------------------


def test_a_record_is_small_and_the_one_of_the_service(device: Device) -> None:
    [answer] = device.fingerprint(PHOTOS / "astronaut.png")
    assert [signal["type"] for signal in answer["signals"]] == ["pdq", "rpdq", "md5", "sha256"]
    value = answer["signals"][1]["value"]
    assert len(value) // 2 < MOST_BYTES
    found = Regions.from_signal(Signal.parse("rpdq", value))
    assert len(found) == MOST_REGIONS
    assert found.to_signal().hex == value


def test_no_region_is_larger_than_a_report_may_show(device: Device, photos: list[Path]) -> None:
    """Large ones show the scene; and the last bit of each, the constant one, is 0."""
    half_a_step = 2 ** (0.5 / STEPS_AN_OCTAVE)
    for answer in device.fingerprint(*photos):
        found = rpdq_of(answer)
        assert found is not None
        short_side = min(found.width, found.height) / max(found.width, found.height)
        radii = found.radius / short_side * SHORT_SIDE_PIXELS
        assert radii.min() >= RADII_PIXELS[0] / half_a_step
        assert radii.max() <= RADII_PIXELS[1] * half_a_step
        assert not (found.values[:, -1] & 1).any()


@pytest.mark.parametrize("file_format", ["JPEG", "PNG"])
def test_a_note_on_turning_changes_nothing(device: Device, file_format: str) -> None:
    photo = Image.open(PHOTOS / "coffee.png").convert("RGB")
    note = Image.Exif()
    note[0x0112] = 6
    answers = device.fingerprint(
        encoded(photo, file_format), encoded(photo, file_format, exif=note)
    )
    one, other = (answer["signals"][1] for answer in answers)
    assert one["type"] == "rpdq"
    assert one == other


@pytest.mark.parametrize("size", [(1, 1), (5, 5), (16, 400), (23, 23), (3000, 40), (640, 641)])
def test_pictures_of_any_size_are_as_the_service_has_them(
    device: Device, size: tuple[int, int]
) -> None:
    file = encoded(stripes(*size), "PNG")
    found = rpdq_of(device.fingerprint(file)[0])
    assert (0 if found is None else len(found)) == len(pythons_regions(file))


def test_what_is_drawn_or_flat_has_no_regions(device: Device) -> None:
    """Letters and boxes are shared by pictures that have nothing to do with one another."""
    page = Image.new("RGB", (900, 1200), "white")
    draw = ImageDraw.Draw(page)
    for line in range(40):
        draw.text(
            (60, 40 + 28 * line), "The quick brown fox jumps over the lazy dog. " * 2, "black"
        )
        draw.rounded_rectangle((700, 40 + 28 * line, 860, 60 + 28 * line), 6, (200, 220, 255))
    flat = Image.new("RGB", (640, 480), (120, 90, 200))
    for answer in device.fingerprint(encoded(page, "PNG"), encoded(flat, "PNG")):
        assert pdq_of(answer)
        assert rpdq_of(answer) is None


def test_a_smaller_picture_is_the_mean_of_squares(device: Device) -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (133, 71, 4), dtype=np.uint8)
    device.choose(pixels.tobytes())
    found = device.page.evaluate(
        """async ([height, width]) => {
            const { ReducedLuma, readLumaRow } = await import("/static/js/luma.js");
            const [file] = document.querySelector("#files").files;
            const pixels = new Uint8Array(await file.arrayBuffer());
            const reduced = new ReducedLuma(width, height, 20);
            const row = new Float64Array(width);
            for (let y = 0; y < height; y++) {
                readLumaRow(pixels, y * width * 4, false, row);
                reduced.addRow(row);
            }
            const picture = reduced.finish();
            return { ...picture, luma: Array.from(picture.luma) };
        }""",
        list(pixels.shape[:2]),
    )
    luma = pixels[..., :3] @ np.array([0.299, 0.587, 0.114])
    means = [[luma[y : y + 3, x : x + 3].mean() for x in range(0, 71, 3)] for y in range(0, 133, 3)]
    assert (found["width"], found["height"]) == (24, 45)
    assert found["luma"] == np.floor(np.array(means) + 0.5).ravel().tolist()
