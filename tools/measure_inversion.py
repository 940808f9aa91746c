# SPDX-License-Identifier: Apache-2.0
"""Measures how much of a picture its own signals give away (docs/threat-model.md).

    photo ─► rpdq and PDQ ─► the likeliest picture with these bits ─► compared with the photo

`python tools/measure_inversion.py PHOTOS --out FOLDER` makes the signals of harmless photos itself,
rebuilds each photo from them alone, and writes `inversion.json` and `inversion.png`. It reads no
signal from elsewhere. About ten seconds a photo.

What it finds is a lower bound: somebody with a model that has learned what people look like will draw
more.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import skimage
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage.metrics import structural_similarity

from haechi.errors import HaechiError
from haechi.media import Picture, open_picture
from haechi.signals import CLOSE_SIDE_PIXELS, Regions, _rpdq, pdq, regions
from haechi.signals._region_hash import KEY_BITS
from inversion import (
    BITS,
    SAMPLES,
    Evidence,
    Floats,
    Plane,
    covered,
    pdq_bits,
    rebuilt,
    region_bits,
    squares_of,
)

REBUILT_SIDE_PX: Final = 320
COLUMNS: Final = 4
PANEL_PX: Final = 230
LABEL_PX: Final = 22
GREY_LEVELS: Final = 40


@dataclass(frozen=True, slots=True)
class Variant:
    """What an attacker holds of a report: how many regions, how many of their bits, and the PDQ.

    The regions are those that a report keeps, or, `is_of_any_size`, those that it would keep if their
    radius had no limit and there were up to 100.
    """

    name: str
    most: int = 100
    is_of_any_size: bool = False
    bits: int = BITS
    has_pdq: bool = True


PDQ_ALONE: Final = Variant("PDQ alone", most=0)
AS_KEPT: Final = Variant("as kept")
VARIANTS: Final = (
    AS_KEPT,
    Variant("as kept, 40", most=40),
    Variant("as kept, 20", most=20),
    Variant("as kept, without PDQ", has_pdq=False),
    Variant("as kept, keys alone", bits=KEY_BITS),
    Variant("100 of any size", is_of_any_size=True),
    Variant("60 of any size", most=60, is_of_any_size=True),
    Variant("20 of any size", most=20, is_of_any_size=True),
    PDQ_ALONE,
)
SHOWN: Final = (AS_KEPT.name, "as kept, 20", "100 of any size", PDQ_ALONE.name)
OUTLINED: Final = (AS_KEPT.name, "100 of any size")


@dataclass(frozen=True, slots=True)
class Subject:
    """A photo and its signals; `original` is its brightness at the size that is rebuilt."""

    name: str
    original: Floats
    regions: Regions
    regions_of_any_size: Regions
    pdq: bytes

    def held(self, variant: Variant) -> Regions:
        """The regions that are held, best first."""
        found = self.regions_of_any_size if variant.is_of_any_size else self.regions
        return found.at(np.arange(len(found))[: variant.most])


def fitted(picture: Plane, original: Floats, where: NDArray[np.bool_]) -> Floats:
    """The picture after the gain and offset that bring it nearest to the original there, 0-255."""
    gain, offset = np.polyfit(picture[where], original[where], 1)
    near: Floats = np.clip(gain * picture.astype(np.float64) + offset, 0.0, 255.0)
    return near


def attacked(subject: Subject, variant: Variant) -> tuple[Plane, dict[str, float]]:
    """The picture rebuilt from what is held, and how near it is to the original.

    Correlation and SSIM are those of the area that the regions held cover; `whole_…` of all of it.
    For a PDQ alone, which has no regions, both are of all of it.
    """
    original = subject.original
    height, width = original.shape
    shape = (height, width)
    kept = subject.held(variant)
    evidence: list[Evidence] = [pdq_bits(subject.pdq, shape)] if variant.has_pdq else []
    if len(kept):
        evidence.append(region_bits(kept, shape, variant.bits))
    picture = rebuilt(evidence, shape)
    everywhere = np.ones(shape, np.bool_)
    where = covered(kept, shape)
    figures = {"regions": float(len(kept)), "covered": float(np.mean(where))}
    for name, area in (("", where if where.any() else everywhere), ("whole_", everywhere)):
        near = fitted(picture, original, area)
        _, alike = structural_similarity(  # type: ignore[no-untyped-call]
            near, original, data_range=255.0, full=True, gaussian_weights=True
        )
        figures[f"{name}correlation"] = float(np.corrcoef(picture[area], original[area])[0, 1])
        figures[f"{name}ssim"] = float(np.mean(alike[area]))
    return picture, figures


def subject_of(path: Path) -> Subject | None:
    """The photo of a file with its signals; None when it cannot be read or has no regions."""
    try:
        picture = open_picture(path.read_bytes(), min_side_pixels=CLOSE_SIDE_PIXELS)
    except HaechiError:
        return None
    found = regions(picture)
    if not len(found):
        return None
    wide = of_any_size(picture)
    return Subject(path.stem, reduced(picture), found, wide, pdq(picture).value)


def of_any_size(picture: Picture) -> Regions:
    """What a report would keep if it kept up to 100 regions of any size."""
    # The measurement is about this very choice.
    usual = _rpdq._REPORT  # noqa: SLF001
    _rpdq._REPORT = replace(usual, most=100, most_radius=float("inf"))  # type: ignore[misc]  # noqa: SLF001
    try:
        return regions(picture)
    finally:
        _rpdq._REPORT = usual  # type: ignore[misc]  # noqa: SLF001


def reduced(picture: Picture) -> Floats:
    """The brightness at the size that is rebuilt."""
    height, width = picture.luma.shape
    scale = REBUILT_SIDE_PX / max(height, width)
    size = (max(SAMPLES, round(width * scale)), max(SAMPLES, round(height * scale)))
    return np.asarray(Image.fromarray(picture.luma).resize(size, Image.Resampling.LANCZOS), float)


def outlined(subject: Subject, kept: Regions) -> Image.Image:
    """The original, dark where no region lies, with the squares of these regions drawn on it."""
    shape = (subject.original.shape[0], subject.original.shape[1])
    light = np.where(covered(kept, shape), 0.6, 0.15)
    panel = Image.fromarray((subject.original * light).astype(np.uint8))
    draw = ImageDraw.Draw(panel)
    for x, y, radius, angle in squares_of(kept, max(shape)):
        turns = angle + np.pi / 4 + np.arange(4) * np.pi / 2
        corners = np.stack(
            [x + np.cos(turns) * radius * 2**0.5, y + np.sin(turns) * radius * 2**0.5]
        )
        draw.polygon([(float(a), float(b)) for a, b in corners.T], outline=255)
    return panel


def panels_of(subject: Subject) -> list[tuple[str, Image.Image]]:
    """What the figure shows, each with its label."""
    by_name = {variant.name: variant for variant in VARIANTS}
    everywhere = np.ones(subject.original.shape, np.bool_)
    panels = [("original", Image.fromarray(subject.original.astype(np.uint8)))]
    for name in SHOWN:
        variant = by_name[name]
        if name in OUTLINED:
            panels.append((f"{name}: where", outlined(subject, subject.held(variant))))
        near = fitted(attacked(subject, variant)[0], subject.original, everywhere)
        panels.append((f"rebuilt: {name}", Image.fromarray(near.astype(np.uint8))))
    return panels


def drawn(subject: Subject) -> Image.Image:
    """The figure of the threat model: original, where the regions lie, and what was rebuilt."""
    scale = PANEL_PX / max(subject.original.shape)
    height, width = (round(side * scale) for side in subject.original.shape)
    panels = panels_of(subject)
    rows = -(-len(panels) // COLUMNS)
    sheet = Image.new("L", (COLUMNS * width, rows * (height + LABEL_PX)), 255)
    draw = ImageDraw.Draw(sheet)
    for number, (label, panel) in enumerate(panels):
        left, top = number % COLUMNS * width, number // COLUMNS * (height + LABEL_PX)
        sheet.paste(panel.resize((width, height), Image.Resampling.LANCZOS), (left, top + LABEL_PX))
        draw.text((left + 4, top + 3), label, fill=0, font=ImageFont.load_default(13))
    return sheet.quantize(GREY_LEVELS, dither=Image.Dither.NONE)


def summary(rows: dict[str, list[dict[str, float]]]) -> dict[str, dict[str, float]]:
    """The mean of each figure over the photos, by variant."""
    return {
        name: {key: round(float(np.mean([row[key] for row in found])), 3) for key in found[0]}
        for name, found in rows.items()
    }


def measured(paths: list[Path], say: Callable[[str], None]) -> dict[str, Any]:
    """The figures of all variants over the photos that have regions."""
    rows: dict[str, list[dict[str, float]]] = {variant.name: [] for variant in VARIANTS}
    names = []
    for path in paths:
        subject = subject_of(path)
        if subject is None:
            say(f"{path.name}: no regions")
            continue
        names.append(subject.name)
        for variant in VARIANTS:
            rows[variant.name].append(attacked(subject, variant)[1])
        figures = rows[VARIANTS[0].name][-1]
        say(f"{path.name}: {figures['regions']:.0f} regions, r = {figures['correlation']:.2f}")
    return {"photos": names, "mean": summary(rows) if names else {}, "each": rows}


def main() -> None:
    """Measure, print the means, and write `inversion.json` and `inversion.png`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("photos", type=Path, help="a folder of harmless photos")
    parser.add_argument("--out", type=Path, required=True, help="where the figures go")
    parser.add_argument(
        "--most", type=int, default=24, help="so many photos, evenly from the folder"
    )
    portrait = Path(skimage.__file__).parent / "data" / "astronaut.png"
    parser.add_argument("--figure", type=Path, default=portrait, help="the photo that is drawn")
    chosen = parser.parse_args()
    paths = sorted(path for path in chosen.photos.rglob("*") if path.suffix != ".md")
    paths = [path for path in paths if path.is_file()]
    places = np.unique(np.linspace(0, len(paths) - 1, min(chosen.most, len(paths))).astype(int))
    found = measured([paths[place] for place in places], lambda line: print(line, flush=True))
    for name, figures in found["mean"].items():
        print(f"{name:26}", "  ".join(f"{key} {value:g}" for key, value in figures.items()))
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "inversion.json").write_text(json.dumps(found, indent=1) + "\n")
    shown = subject_of(chosen.figure)
    if shown is not None:
        file = io.BytesIO()
        drawn(shown).save(file, "PNG", optimize=True)
        (chosen.out / "inversion.png").write_bytes(file.getvalue())


if __name__ == "__main__":
    main()
