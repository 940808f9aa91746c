# SPDX-License-Identifier: Apache-2.0
"""Real photographs: PDQ of the scaled decode against PDQ of every pixel."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from haechi.media import Picture, PictureFormat, open_picture
from haechi.signals import distance_bits, pdq


def test_decoding_less_costs_at_most_four_bits(shared_dir: Path) -> None:
    distances = {}
    for file in sorted((shared_dir / "photos").glob("*/*.jpg"))[::3]:
        data = file.read_bytes()
        with Image.open(io.BytesIO(data)) as image:
            luma = np.array(image.convert("RGB").convert("L"))
        height, width = luma.shape
        whole = Picture(luma, width, height, PictureFormat.JPEG)
        distances[file.name] = distance_bits(pdq(open_picture(data)), pdq(whole))
    assert len(distances) >= 10
    assert {name: bits for name, bits in distances.items() if bits > 4} == {}
    assert sum(bits <= 2 for bits in distances.values()) >= 0.9 * len(distances)
