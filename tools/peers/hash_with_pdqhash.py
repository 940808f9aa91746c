# SPDX-License-Identifier: Apache-2.0
"""What Meta's HMA does with a photo: Pillow decodes all of it, pdqhash hashes it. One JSON line a photo.

Runs in an environment of its own (requirements/peers.lock): `python hash_with_pdqhash.py ROUNDS PHOTO…`.
"""

import io
import json
import sys
import time
from pathlib import Path

import numpy as np
import pdqhash
from PIL import Image


def hash_once(data: bytes) -> tuple[str, int]:
    """The hash and quality of a photo, from its bytes."""
    with Image.open(io.BytesIO(data)) as opened:
        bits, quality = pdqhash.compute(np.asarray(opened.convert("RGB")))
    return np.packbits(bits).tobytes().hex(), int(quality)


def main(rounds: int, paths: list[str]) -> None:
    """Hash each photo; the time of the fastest round counts."""
    for path in paths:
        data = Path(path).read_bytes()
        times = []
        for _ in range(rounds):
            begun_s = time.perf_counter()
            value, quality = hash_once(data)
            times.append(time.perf_counter() - begun_s)
        print(
            json.dumps({"path": path, "value": value, "quality": quality, "ms": min(times) * 1000})
        )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
