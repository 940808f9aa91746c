# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest

from haechi.media import Picture, PictureFormat
from haechi.signals import distance_bits, pdq, pdq_views
from haechi.values import PDQ_TRUSTED_QUALITY, Signal, SignalType


def _picture(luma: np.ndarray) -> Picture:
    height, width = luma.shape
    return Picture(np.ascontiguousarray(luma, np.uint8), width, height, PictureFormat.PNG)


def _noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (4, 4), (4, 900), (900, 4), (1, 5000)])
def test_a_tiny_picture_has_the_value_nought(height: int, width: int) -> None:
    picture = _picture(_noise(height, width))
    assert pdq(picture) == Signal(SignalType.PDQ, bytes(32), 0)
    assert [view.signal for view in pdq_views(picture)] == [pdq(picture)]


@pytest.mark.parametrize(
    ("height", "width"), [(5, 5), (5, 3000), (63, 65), (64, 64), (127, 129), (1, 5), (30_000, 5)]
)
def test_odd_sizes_are_hashed(height: int, width: int) -> None:
    signal = pdq(_picture(_noise(height, width)))
    assert signal.type is SignalType.PDQ
    assert len(signal.value) == 32


def test_half_of_the_bits_are_set_when_there_is_something_to_see() -> None:
    signal = pdq(_picture(np.kron(_noise(32, 32), np.ones((16, 16)))))
    assert int.from_bytes(signal.value, "big").bit_count() == 128
    assert signal.quality == 100


def test_a_flat_picture_is_not_trusted() -> None:
    signal = pdq(_picture(np.full((200, 300), 255)))
    assert signal.quality == 0
    assert not signal.is_trusted


def test_quality_cuts_every_gradient_to_a_whole_percentage() -> None:
    # 64×64 is sampled as it is. Along each row 32 steps of 26/255 = 10.196 %, cut to 10; the last
    # column has no step behind it: 64 rows × (32 up + 31 down) × 10 // 90 = 448, capped at 100.
    columns = np.tile(np.array([0, 26] * 32), (64, 1))
    assert pdq(_picture(columns)).quality == 100
    # One edge: 64 steps of 10 % = 640 // 90 = 7.
    edge = np.zeros((64, 64))
    edge[:, 32:] = 26
    assert pdq(_picture(edge)).quality == 7
    # A step of 2/255 is less than one percent, and counts for nothing.
    edge[:, 32:] = 2
    assert pdq(_picture(edge)).quality == 0


def test_bits_count_from_the_last_row_of_words() -> None:
    # Brightness falls along x as half a cosine: all energy in frequency 1 of the columns, and noughts
    # elsewhere are not above the (lower) median of nought. But frequency 0 of the rows is left out,
    # so the rows get half a cosine as well: only coefficient (1, 1) stands out, bit 0 of word 0.
    wave = np.cos(np.pi * (np.arange(64) + 0.5) / 64)
    luma = np.rint(128 + 120 * wave[:, None] * wave[None, :])
    value = int.from_bytes(pdq(_picture(luma)).value, "big")
    assert value & 1
    dark = int.from_bytes(pdq(_picture(256 - luma)).value, "big")
    assert not dark & 1


@pytest.mark.parametrize("reduction", [2, 3, 4, 8])
def test_a_reduced_picture_keeps_the_geometry_of_its_source(reduction: int) -> None:
    blocks = np.kron(_noise(40, 52), np.ones((20, 20)))[:793, :1031]
    height, width = blocks.shape
    down, across = -(-height // reduction), -(-width // reduction)
    padded = np.pad(
        blocks, ((0, down * reduction - height), (0, across * reduction - width)), mode="edge"
    )
    reduced = padded.reshape(down, reduction, across, reduction).mean(axis=(1, 3))
    small = np.rint(reduced).astype(np.uint8)
    picture = Picture(small, width, height, PictureFormat.PNG, reduction)
    assert distance_bits(pdq(picture), pdq(_picture(blocks))) <= (4 if reduction < 8 else 12)


def test_trusted_quality_is_a_property_of_the_signal() -> None:
    assert Signal(SignalType.PDQ, bytes(32), PDQ_TRUSTED_QUALITY).is_trusted
