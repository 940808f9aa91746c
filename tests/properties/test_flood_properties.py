# SPDX-License-Identifier: Apache-2.0
"""The flood guard: copies of one picture are one look, however many; unlike pictures are one look each."""

from __future__ import annotations

import itertools
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from installations import flipped, pdq_value
from made_pictures import PHOTOS, as_picture, photo
from PIL import Image

from haechi.settings import Settings
from haechi.signals import pdq
from haechi.values import Signal
from haechi.workflows._flood import LOOK_BITS, FloodGuard

LIMIT = Settings().flood_looks_per_hour
SEEDS = st.integers(1, 10_000)


@given(
    SEEDS,
    st.lists(st.tuples(st.integers(0, LOOK_BITS), SEEDS), min_size=1, max_size=3 * LIMIT),
)
def test_copies_of_one_picture_are_one_look(seed: int, copies: list[tuple[int, int]]) -> None:
    """The picture was seen; each copy is no further from it than a re-encoding moves a value."""
    guard = FloodGuard()
    counts = [guard.count("con_1", [pdq_value(seed)])]
    counts += [
        guard.count("con_1", [flipped(pdq_value(seed), bits, seed=way)]) for bits, way in copies
    ]
    assert set(counts) == {1}


@given(SEEDS, st.lists(st.tuples(st.integers(0, LOOK_BITS // 2), SEEDS), max_size=3 * LIMIT))
def test_copies_are_one_look_also_where_the_picture_itself_was_never_seen(
    seed: int, copies: list[tuple[int, int]]
) -> None:
    """Two copies are from each other at most what both are from the picture."""
    guard = FloodGuard()
    for bits, way in copies:
        assert guard.count("con_1", [flipped(pdq_value(seed), bits, seed=way)]) == 1


@given(st.lists(SEEDS, min_size=LIMIT, max_size=2 * LIMIT, unique=True))
def test_unlike_pictures_are_one_look_each(seeds: list[int]) -> None:
    guard = FloodGuard()
    counts = [guard.count("con_1", [pdq_value(seed)]) for seed in seeds]
    assert counts == list(range(1, len(seeds) + 1))
    assert counts[-1] >= LIMIT


@given(st.lists(SEEDS, min_size=2, max_size=200, unique=True))
def test_one_upload_is_one_look_whatever_it_is_made_of(seeds: list[int]) -> None:
    """The frames of one video do not put what one of them matches under quarantine."""
    guard = FloodGuard()
    values: list[Signal] = [pdq_value(seed) for seed in seeds]
    assert [guard.count("con_1", values) for _ in range(3)] == [1, 1, 1]


@pytest.mark.parametrize("name", PHOTOS[:2])
def test_encodings_of_one_picture_never_come_near_the_limit(name: str) -> None:
    """Smaller ones and worse ones, as they go from hand to hand."""
    guard, whole, count = FloodGuard(), photo(name), 0
    for parts, quality in itertools.product(range(8, 3, -1), range(95, 15, -8)):
        size = (whole.width * parts // 8, whole.height * parts // 8)
        stored = BytesIO()
        whole.resize(size).save(stored, "JPEG", quality=quality)
        with Image.open(stored) as copy:
            count = guard.count("con_1", [pdq(as_picture(np.asarray(copy)))])
    assert 1 <= count <= LIMIT // 8
