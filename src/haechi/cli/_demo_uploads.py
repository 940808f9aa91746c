# SPDX-License-Identifier: Apache-2.0
"""The demo's pictures: photographs that installed packages bring, and harmless edits of two of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from haechi.errors import FileNotReadable

if TYPE_CHECKING:
    from PIL.Image import Image

_UNRELATED: Final = (
    "coffee.png",
    "chelsea.png",
    "rocket.jpg",
    "hubble_deep_field.jpg",
    "motorcycle_left.png",
    "camera.png",
    "coins.png",
    "moon.png",
    "retina.jpg",
)


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that arrives at the platform: what was done to which photo; `photo` 0 is unrelated."""

    path: Path
    photo: int
    edit: str


def two_photos() -> list[Path]:
    """The two photos that the person reports: public-domain portraits.

    Raises:
        FileNotReadable: a package does not bring them.
    """
    import matplotlib as mpl
    import skimage

    photos = [
        Path(skimage.__file__).parent / "data" / "astronaut.png",
        Path(mpl.get_data_path()) / "sample_data" / "grace_hopper.jpg",
    ]
    if not all(photo.is_file() for photo in photos):
        raise FileNotReadable
    return photos


def make_uploads(photos: list[Path], folder: Path) -> list[Upload]:
    """About forty files in `folder`: each photo in fifteen forms, and nine unrelated pictures."""
    import skimage
    from PIL import Image

    uploads = []
    for number, photo in enumerate(photos, 1):
        copy = folder / f"photo{number}-exact{photo.suffix}"
        shutil.copyfile(photo, copy)
        uploads.append(Upload(copy, number, "exact copy"))
        with Image.open(photo) as opened:
            original = opened.convert("RGB")
        for name, (edit, suffix, quality) in _edits().items():
            path = folder / f"photo{number}-{name.replace(' ', '-').replace('%', '')}{suffix}"
            edit(original).save(path, quality=quality)
            uploads.append(Upload(path, number, name))
    data = Path(skimage.__file__).parent / "data"
    for name in _UNRELATED:
        copy = folder / name
        shutil.copyfile(data / name, copy)
        uploads.append(Upload(copy, 0, "unrelated"))
    return uploads


def _edits() -> dict[str, tuple[Callable[[Image], Image], str, int]]:
    """Name → (edit, file ending, quality)."""
    from PIL import ImageOps

    def scaled(factor: float) -> Callable[[Image], Image]:
        return lambda image: image.resize(
            (round(image.width * factor), round(image.height * factor))
        )

    def cut(image: Image) -> Image:
        by_x, by_y = image.width // 100, image.height // 100
        return image.crop((by_x, by_y, image.width - by_x, image.height - by_y))

    def letterboxed(image: Image) -> Image:
        return ImageOps.expand(image, (0, image.height // 4), "black")

    def cropped(image: Image) -> Image:
        return image.crop((image.width // 4, image.height // 5, image.width, image.height))

    return {
        "recompressed 75": (lambda image: image, ".jpg", 75),
        "recompressed 30": (lambda image: image, ".jpg", 30),
        "as WebP": (lambda image: image, ".webp", 60),
        "half size": (scaled(0.5), ".jpg", 85),
        "double size": (scaled(2.0), ".jpg", 85),
        "mirrored": (ImageOps.mirror, ".jpg", 85),
        "turned 90": (lambda image: image.rotate(90, expand=True), ".jpg", 85),
        "white border": (lambda image: ImageOps.expand(image, 40, "white"), ".jpg", 85),
        "black bars": (letterboxed, ".jpg", 85),
        "border cut 1%": (cut, ".jpg", 85),
        "cropped": (cropped, ".jpg", 85),
        "turned 12": (lambda image: image.rotate(12, expand=True), ".jpg", 85),
        "captioned": (_captioned, ".jpg", 85),
        "on a page": (_on_a_page, ".jpg", 85),
    }


def _captioned(image: Image) -> Image:
    """A box of words over the lower part."""
    from PIL import ImageDraw

    edited = image.copy()
    top, step = image.height * 3 // 4, image.height // 24
    draw = ImageDraw.Draw(edited)
    draw.rectangle((0, top, image.width, image.height), "black")
    for line in range(3):
        y = top + step * (2 * line + 1)
        draw.rectangle((step, y, image.width * (5 - line) // 6, y + step // 2), "white")
    return edited


def _on_a_page(image: Image) -> Image:
    """Half as large, among the bars and lines of a drawn page."""
    from PIL import Image as Pictures
    from PIL import ImageDraw

    page = Pictures.new("RGB", (image.width, image.height * 3 // 2), "white")
    draw = ImageDraw.Draw(page)
    draw.rectangle((0, 0, page.width, page.height // 12), "#345")
    for y in range(page.height // 8, page.height, 28):
        draw.rectangle((24, y, page.width // 2 + y * 7 % (page.width // 3), y + 8), "#889")
    small = image.resize((image.width // 2, image.height // 2))
    page.paste(small, (image.width // 4, page.height // 3))
    return page
