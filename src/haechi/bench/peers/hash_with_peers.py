# SPDX-License-Identifier: Apache-2.0
"""The fingerprints that other programs make of picture files, for `haechi bench edits`.

Asked with a list of paths; answers with one object a file, in order: `turns` (eight PDQ values, the first
of the picture as it is; pdqhash), `quality`, `perception` (its PHash of 256 bits) and `imagehash` (its
phash of 64 bits), all in hexadecimal digits; null for a file that Pillow cannot read.
"""

import json
import sys
import warnings

import imagehash
import numpy as np
import pdqhash
from perception import hashers
from PIL import Image

PHASH = hashers.PHash(hash_size=16)


def hashed(path: str) -> dict[str, object] | None:
    """The answer for one file."""
    try:
        with Image.open(path) as opened:
            picture = opened.convert("RGB")
    except OSError:
        return None
    pixels = np.asarray(picture)
    turns, quality = pdqhash.compute_dihedral(pixels)
    bits = np.asarray(PHASH.compute(picture, hash_format="vector"), dtype=bool)
    return {
        "turns": [np.packbits(turn).tobytes().hex() for turn in turns],
        "quality": int(quality),
        "perception": np.packbits(bits).tobytes().hex(),
        "imagehash": str(imagehash.phash(picture)),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump([hashed(path) for path in json.load(sys.stdin)], sys.stdout)
