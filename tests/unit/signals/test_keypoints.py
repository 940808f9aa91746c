# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import numpy as np
import pytest
from made_pictures import PHOTOS, clouds, photo, with_blob

from haechi.signals._keypoints import ANGLE, RESPONSE, SIGMA, X, Y, keypoints
from haechi.signals._orientation import angles_of
from haechi.signals._scale_space import scale_space


def _found(plane: np.ndarray, *, least_sigma: float = 0.0, angles: int = 1) -> np.ndarray:
    return keypoints(scale_space(plane), least_sigma=least_sigma, angles=angles)


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The angles between directions, in radians."""
    return np.abs((one - other + np.pi) % (2 * np.pi) - np.pi)


@pytest.mark.parametrize("levels", [-60, 60])
@pytest.mark.parametrize("sigma", [3, 4, 6, 9, 13, 20, 30])
def test_a_spot_is_found_where_it_is_and_as_large_as_it_is(sigma: float, levels: float) -> None:
    found = _found(with_blob(300, 320, x=150.3, y=140.7, sigma=sigma, levels=levels))
    assert len(found) == 1
    spot = found[0]
    assert np.hypot(spot[X] - 150.3, spot[Y] - 140.7) <= max(0.06, 0.03 * sigma)
    # Where the difference of the Gaussians s and 2^(1/3) s answers most to a spot of this size.
    assert spot[SIGMA] == pytest.approx(sigma * 2.0 ** (-1 / 6), rel=0.03)
    # And how much: s² / (s² + t²) of one less of the other.
    whole = abs(levels) * (1 / (1 + 2 ** (-1 / 3)) - 1 / (1 + 2 ** (1 / 3)))
    assert spot[RESPONSE] == pytest.approx(whole, rel=0.05)


def test_every_spot_of_many_is_found_and_nothing_else() -> None:
    plane = np.full((300, 400), 128.0, np.float32)
    places = [(60, 50, 4, 50), (200, 60, 7, -70), (330, 80, 5, 40), (90, 220, 11, 60)]
    places += [(240, 200, 6, -40), (350, 240, 9, -60)]
    for x, y, sigma, levels in places:
        plane += with_blob(300, 400, x=x, y=y, sigma=sigma, levels=levels) - 128.0
    found = _found(plane)
    for x, y, sigma, _ in places:
        near = np.hypot(found[:, X] - x, found[:, Y] - y) < 0.2 * sigma
        assert (near & (np.abs(found[:, SIGMA] / sigma - 0.89) < 0.1)).sum() == 1
    strong = found[found[:, RESPONSE] > 3.0]
    assert len(strong) == len(places)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_has_none(level: int) -> None:
    assert _found(np.full((200, 260), level, np.float32)).shape == (0, 5)


@pytest.mark.parametrize("degrees", [0, 10, 27, 45, 90, 133])
@pytest.mark.parametrize("softness", [1.0, 4.0])
def test_a_straight_edge_has_none(degrees: float, softness: float) -> None:
    y, x = np.mgrid[0:300, 0:300]
    turn = np.radians(degrees)
    across = (x - 150) * np.cos(turn) + (y - 150) * np.sin(turn)
    plane = (128.0 + 160.0 * np.clip(across / softness, -0.5, 0.5)).astype(np.float32)
    assert len(_found(plane)) == 0
    # The same contrast as a spot has one: it is the straightness that counts.
    assert len(_found(with_blob(300, 300, x=150, y=150, sigma=6, levels=80))) == 1


def test_a_faint_spot_is_not_kept() -> None:
    # Of which a bit less than an eighth is left as the response: 1.7 levels are asked for.
    assert len(_found(with_blob(120, 120, x=60, y=60, sigma=6, levels=12))) == 0
    assert len(_found(with_blob(120, 120, x=60, y=60, sigma=6, levels=18))) == 1


def test_only_keypoints_of_the_least_size_and_the_same_ones() -> None:
    plane = clouds(1, 240, 320).astype(np.float32)
    every = _found(plane)
    assert every[:, SIGMA].min() < 4.0
    for least in (2.0, 3.5, 6.0, 11.0):
        large = _found(plane, least_sigma=least)
        assert np.array_equal(large, every[every[:, SIGMA] >= least])
    assert len(_found(plane, least_sigma=11.0)) > 0


@pytest.mark.parametrize("turns", range(4))
def test_a_spot_that_the_border_nearly_touches_is_not_looked_at(turns: int) -> None:
    """Its surroundings are half the picture's own mirror image."""
    for x, count in ((3, 0), (8, 1)):
        plane = with_blob(120, 140, x=x, y=60, sigma=2.5, levels=80)
        octaves = scale_space(np.ascontiguousarray(np.rot90(plane, turns)))
        found = keypoints(octaves[:1], least_sigma=0.0, angles=1)
        assert len(found) == count


def _turned_back(found: np.ndarray, width: int) -> np.ndarray:
    """Keypoints of a picture turned a quarter counter-clockwise, as they lie in the upright one."""
    back = found.copy()
    back[:, X], back[:, Y] = width - 1 - found[:, Y], found[:, X]
    back[:, ANGLE] = found[:, ANGLE] + np.pi / 2
    return back


def _nearest(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each keypoint the one of the others that is nearest in place and size."""
    far = np.hypot(
        one[:, None, X] - others[None, :, X], one[:, None, Y] - others[None, :, Y]
    ) / one[:, None, SIGMA] + np.abs(np.log(one[:, None, SIGMA] / others[None, :, SIGMA]))
    return others[np.argmin(far, axis=1)]


def test_the_finest_octave_of_a_turned_picture_has_the_same_keypoints_turned() -> None:
    plane = clouds(2, 240, 320).astype(np.float32)
    upright = keypoints(scale_space(plane)[:1], least_sigma=0.0, angles=1)
    octaves = scale_space(np.ascontiguousarray(np.rot90(plane)))[:1]
    turned = _turned_back(keypoints(octaves, least_sigma=0.0, angles=1), 320)
    assert len(turned) == len(upright) > 50
    same = _nearest(upright, turned)
    assert np.abs(same[:, [X, Y, SIGMA]] - upright[:, [X, Y, SIGMA]]).max() < 0.01
    # Between two equally strong directions either may come out.
    assert np.mean(_apart(same[:, ANGLE], upright[:, ANGLE]) < 0.01) > 0.98


@pytest.mark.parametrize("name", PHOTOS)
def test_a_turned_photo_has_nearly_the_same_keypoints_turned(name: str) -> None:
    plane = np.asarray(photo(name), np.float32)
    upright = _found(plane)
    turned = _turned_back(_found(np.ascontiguousarray(np.rot90(plane))), plane.shape[1])
    same = _nearest(upright, turned)
    off = np.hypot(same[:, X] - upright[:, X], same[:, Y] - upright[:, Y]) / upright[:, SIGMA]
    is_same = (off < 0.2) & (np.abs(np.log(same[:, SIGMA] / upright[:, SIGMA])) < 0.1)
    is_same &= _apart(same[:, ANGLE], upright[:, ANGLE]) < 0.2
    assert np.mean(is_same) > 0.9


def test_a_larger_picture_has_the_same_keypoints_larger() -> None:
    small = with_blob(150, 160, x=75, y=70, sigma=5, levels=70)
    large = with_blob(300, 320, x=150, y=140, sigma=10, levels=70)
    one, other = _found(small)[0], _found(large)[0]
    assert other[[X, Y, SIGMA]] == pytest.approx(2 * one[[X, Y, SIGMA]], rel=0.02)


@pytest.mark.parametrize("degrees", range(0, 360, 15))
def test_a_ramp_points_where_it_rises(degrees: int) -> None:
    y, x = np.mgrid[0:81, 0:81]
    turn = np.radians(degrees)
    ramp = (128.0 + 1.5 * ((x - 40) * np.cos(turn) + (y - 40) * np.sin(turn))).astype(np.float32)
    rows = np.zeros((2, 5))
    spots = np.array([[40.0, 40.0, 3.0, 9.0]])
    assert angles_of(ramp, spots, np.array([0]), 4.0, 2, rows, 0) == 1
    assert rows[0, [X, Y, SIGMA, RESPONSE]].tolist() == [160.0, 160.0, 12.0, 9.0]
    assert _apart(rows[0, ANGLE], turn) < np.radians(1.5)


def test_two_slopes_are_two_directions_the_stronger_first() -> None:
    y, x = np.mgrid[0:81, 0:81]
    # To the left it rises to the left, to the right it rises downwards, and nearly as much.
    plane = np.where(x < 40, 2.0 * (40 - x), 1.85 * (y - 40)).astype(np.float32)
    spots, rows = np.array([[40.0, 40.0, 3.0, 9.0]]), np.zeros((4, 5))
    assert angles_of(plane, spots, np.array([0]), 1.0, 1, rows, 0) == 1
    assert angles_of(plane, spots, np.array([0]), 1.0, 2, rows, 1) == 3
    assert rows[0, ANGLE] == rows[1, ANGLE]
    assert sorted(_apart(rows[1:3, ANGLE], np.pi)) == pytest.approx([0.0, np.pi / 2], abs=0.15)
    # A weak second slope is no direction.
    plane = np.where(x < 40, 2.0 * (40 - x), 1.0 * (y - 40)).astype(np.float32)
    assert angles_of(plane, spots, np.array([0]), 1.0, 2, rows, 0) == 1
    assert _apart(rows[0, ANGLE], np.pi) < 0.15


def test_where_nothing_slopes_there_is_no_direction() -> None:
    spots, rows = np.array([[40.0, 40.0, 3.0, 9.0]]), np.zeros((2, 5))
    assert angles_of(np.full((81, 81), 7.0, np.float32), spots, np.array([0]), 1.0, 2, rows, 0) == 0
