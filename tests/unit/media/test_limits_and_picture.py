# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from haechi.errors import FileTooLarge, TooManyPixels
from haechi.media import Limits, Picture, PictureFormat


@pytest.mark.parametrize(
    "wrong",
    [{"max_bytes": 0}, {"max_pixels": -1}, {"max_side_pixels": 0}, {"timeout_s": 0.0},
     {"timeout_s": float("nan")}, {"memory_bytes": 0}],
)  # fmt: skip
def test_a_limit_lies_above_zero(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limits(**wrong)  # type: ignore[arg-type]


def test_limits_are_inclusive_and_name_themselves() -> None:
    limits = Limits(max_bytes=1024 * 1024, max_pixels=2_000_000, max_side_pixels=2000)
    limits.check_bytes(1024 * 1024)
    limits.check_sides(2000, 1000)
    with pytest.raises(FileTooLarge, match="at most 1 MiB"):
        limits.check_bytes(1024 * 1024 + 1)
    with pytest.raises(TooManyPixels, match="at most 2 megapixels and 2000 pixels a side"):
        limits.check_sides(2001, 1)
    with pytest.raises(TooManyPixels):
        limits.check_sides(2000, 1001)


def _luma(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width), np.uint8)


def test_a_picture_is_read_only_and_shows_no_pixels() -> None:
    picture = Picture(_luma(3, 5), 10, 6, PictureFormat.PNG, reduction=2)
    assert not picture.luma.flags.writeable
    assert repr(picture) == "Picture(png, 10×6)"


@pytest.mark.parametrize(
    ("luma", "more"),
    [
        (_luma(3, 4), {}),
        (_luma(6, 10).T, {}),
        (_luma(6, 10).astype(np.float32), {}),
        (_luma(6, 10), {"exif_turn": 9}),
        (_luma(6, 10), {"reduction": 0}),
        (_luma(6, 10), {"on_white": _luma(6, 10)}),
        (_luma(6, 10), {"on_white": _luma(6, 10), "on_black": _luma(3, 5)}),
    ],
)
def test_what_does_not_fit_is_refused(luma: np.ndarray, more: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Picture(luma, 10, 6, PictureFormat.PNG, **more)  # type: ignore[arg-type]
