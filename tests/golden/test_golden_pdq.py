# SPDX-License-Identifier: Apache-2.0
"""The published images: against the reference's values, on the files as they are."""

from __future__ import annotations

import io
import json
from pathlib import Path

from PIL import Image, ImageOps

from haechi.media import Picture, PictureFormat, open_picture
from haechi.signals import distance_bits, pdq, pdq_views
from haechi.values import Signal


def _expected(folder: Path) -> dict[str, Signal]:
    images = json.loads((folder / "expected.json").read_text())["images"]
    return {
        name: Signal.parse("pdq", image["pdq"], image["quality"]) for name, image in images.items()
    }


def test_every_image_mode_is_as_the_reference_has_it(shared_dir: Path) -> None:
    folder = shared_dir / "conformance" / "pdq"
    distances = {}
    for name, expected in _expected(folder).items():
        signal = pdq(open_picture((folder / name).read_bytes()))
        assert signal.quality is not None
        assert expected.quality is not None
        assert abs(signal.quality - expected.quality) <= 1, name
        if expected.quality >= 80:
            distances[name] = distance_bits(signal, expected)
    assert {name: bits for name, bits in distances.items() if bits > 10} == {}
    assert sum(bits <= 4 for bits in distances.values()) >= 15
    assert sum(bits == 0 for bits in distances.values()) >= 15


def test_exif_turned_pixels_match_the_upright_picture(shared_dir: Path) -> None:
    file = shared_dir / "conformance" / "pdq" / "exif-rotn-8.jpg"
    picture = open_picture(file.read_bytes())
    assert (picture.format, picture.exif_turn) == (PictureFormat.JPEG, 8)
    with Image.open(file) as image:
        upright = ImageOps.exif_transpose(image).convert("L").reduce(3)
    known = pdq(_as_picture(upright))
    nearest = min(pdq_views(picture), key=lambda view: distance_bits(view.signal, known))
    assert nearest.turn.value == "turned_270"
    assert distance_bits(nearest.signal, known) <= 10


def _as_picture(image: Image.Image) -> Picture:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return open_picture(buffer.getvalue())


def test_the_turned_bridges_are_turns_of_the_first(shared_dir: Path) -> None:
    folder = shared_dir / "conformance" / "pdq"
    expected = _expected(folder)
    views = pdq_views(open_picture((folder / "bridge-1-original.jpg").read_bytes()))
    found = {}
    for name in sorted(expected):
        if name.startswith("bridge-"):
            nearest = min(views, key=lambda view: distance_bits(view.signal, expected[name]))
            assert distance_bits(nearest.signal, expected[name]) <= 10, name
            found[name] = nearest.turn
    assert len(set(found.values())) == 5
