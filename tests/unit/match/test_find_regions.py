# SPDX-License-Identifier: Apache-2.0
"""Which known pictures an upload's regions show, among many that share a sticker."""

from __future__ import annotations

import numpy as np
import pytest

from haechi.match import Index, find_regions
from haechi.signals import LONG_SIDE, Regions

REGIONS = 24


def _regions(seed: int, count: int = REGIONS) -> Regions:
    """Regions of nobody's picture, spread over it."""
    random = np.random.default_rng(seed)
    return Regions(
        random.integers(0, 256, (count, 32), dtype=np.uint8),
        random.integers(9_000, 56_000, count).astype(np.uint16),
        random.integers(9_000, 40_000, count).astype(np.uint16),
        random.integers(130, 160, count).astype(np.uint8),
        random.integers(0, 256, count).astype(np.uint8),
        LONG_SIDE,
        49_151,
    )


def _joined(*parts: Regions) -> Regions:
    columns = [(p.values, p.x, p.y, p.scale, p.angle) for p in parts]
    return Regions(
        *(np.concatenate(column) for column in zip(*columns, strict=True)), LONG_SIDE, 49_151
    )


@pytest.fixture
def sticker() -> Regions:
    return _regions(1, 16)


def _index(entries: dict[int, Regions]) -> Index:
    index = Index()
    index.add((entry_id, [regions.to_signal()]) for entry_id, regions in entries.items())
    return index


def test_the_picture_that_is_shown_is_found_and_no_other() -> None:
    known = {entry_id: _regions(entry_id) for entry_id in range(2, 40)}
    found = find_regions(_index(known).view(), _joined(known[7], _regions(99)))
    assert list(found) == [7]
    assert (found[7].regions, found[7].share) == (REGIONS, 1.0)
    assert set(found[7].in_query) == set(range(REGIONS))
    assert list(find_regions(_index(known).view(), known[9].mirrored())) == [9]


def test_nothing_is_found_by_nothing() -> None:
    view = _index({2: _regions(2)}).view()
    assert find_regions(view, _regions(2).at(np.zeros(0, np.int64))) == {}
    assert find_regions(Index().view(), _regions(2)) == {}
    assert find_regions(view, _regions(3)) == {}


def test_a_sticker_in_very_many_pictures_pushes_none_out(sticker: Regions) -> None:
    """More of them than are compared, each with more votes than the one that has something of its own."""
    known = {entry_id: _joined(sticker, _regions(entry_id)) for entry_id in range(2, 120)}
    known[500] = _regions(500, 8)
    found = find_regions(_index(known).view(), _joined(sticker, known[500]))
    assert 500 in found
    assert found[500].share == 1.0
    assert found[2].share < 0.5, "of a picture that only shares the sticker most is missing"


def test_what_is_allowed_explains_its_regions_away(sticker: Regions) -> None:
    known = {
        2: _joined(sticker, _regions(2)),
        3: _joined(sticker, _regions(3)),
        9: sticker,
    }
    upload = _joined(sticker, _regions(3))
    view = _index(known).view()
    assert set(find_regions(view, upload)) == {2, 3, 9}
    found = find_regions(view, upload, allowed_of=lambda entry_ids: {9} & set(entry_ids))
    assert set(found) == {3, 9}
    assert found[3].regions == REGIONS
