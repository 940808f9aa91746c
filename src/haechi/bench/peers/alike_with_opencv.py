# SPDX-License-Identifier: Apache-2.0
"""Which photos of a folder show the same picture: by pixels, and by no program that is measured here.

Asked with a list of paths; answers with pairs of places in it. SIFT keypoints of two photos are matched
(Lowe, 2004), a homography is fitted by RANSAC, one photo is laid over the other with it, and blocks of both
are correlated: photos of one place agree on keypoints and not on blocks (reference/matching.md, 0.4).
"""

import itertools
import json
import sys
from typing import Any

import cv2  # type: ignore[import-not-found]  # in the peers' environment only
import numpy as np
from numpy.typing import NDArray

LONG_SIDE = 480
FEATURES = 500
RATIO = 0.75
LEAST_INLIERS = 12
BLOCK = 16
TEXTURED_LEVELS = 3.0
ALIKE = 0.8
LEAST_SHARE = 0.5
LEAST_BLOCKS = 24


def seen(path: str) -> NDArray[np.uint8] | None:
    """The photo in gray, small."""
    gray = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    if gray is None:
        return None
    scale = LONG_SIDE / max(gray.shape)
    small: NDArray[np.uint8] = cv2.resize(
        gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    return small


def agreeing_share(
    one: NDArray[np.uint8], other: NDArray[np.uint8], turn: NDArray[np.float64]
) -> float:
    """The share of textured blocks that correlate when `one` is laid over `other`."""
    size = (other.shape[1], other.shape[0])
    laid = cv2.warpPerspective(one, turn, size)
    covered = cv2.warpPerspective(np.full_like(one, 255), turn, size)
    agree = blocks = 0
    for y in range(0, size[1] - BLOCK + 1, BLOCK):
        for x in range(0, size[0] - BLOCK + 1, BLOCK):
            where = np.s_[y : y + BLOCK, x : x + BLOCK]
            if covered[where].min() < 255:
                continue
            first, second = (part[where].astype(np.float64).ravel() for part in (laid, other))
            if min(first.std(), second.std()) < TEXTURED_LEVELS:
                continue
            blocks += 1
            agree += np.corrcoef(first, second)[0, 1] > ALIKE
    return agree / blocks if blocks >= LEAST_BLOCKS else 0.0


def is_alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two photos, each with its keypoints and descriptors, show the same picture."""
    pairs = cv2.BFMatcher().knnMatch(one[2], other[2], k=2)
    good = [m[0] for m in pairs if len(m) == 2 and m[0].distance < RATIO * m[1].distance]
    if len(good) < LEAST_INLIERS:
        return False
    points = [
        np.array([keypoints[index].pt for index in places], dtype=np.float32)
        for keypoints, places in (
            (one[1], [match.queryIdx for match in good]),
            (other[1], [match.trainIdx for match in good]),
        )
    ]
    turn, inliers = cv2.findHomography(*points, cv2.RANSAC, 4.0)
    if turn is None or inliers.sum() < LEAST_INLIERS:
        return False
    try:
        back = np.linalg.inv(turn)
    except np.linalg.LinAlgError:
        return False
    shares = agreeing_share(one[0], other[0], turn), agreeing_share(other[0], one[0], back)
    return max(shares) >= LEAST_SHARE


def main() -> None:
    """Answer for the paths on standard input."""
    sift = cv2.SIFT_create(nfeatures=FEATURES)
    photos = []
    for path in json.load(sys.stdin):
        gray = seen(path)
        found = sift.detectAndCompute(gray, None) if gray is not None else (None, None)
        has_some = found[1] is not None and len(found[1]) >= 2
        photos.append((gray, *found) if has_some else None)
    pairs = []
    for (i, one), (j, other) in itertools.combinations(enumerate(photos), 2):
        if one is not None and other is not None and is_alike(one, other):
            pairs.append([i, j])
    json.dump(pairs, sys.stdout)


if __name__ == "__main__":
    main()
