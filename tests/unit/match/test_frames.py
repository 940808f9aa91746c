# SPDX-License-Identifier: Apache-2.0
"""Whether one video shows another, and where: on frame lists with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from made_frames import Scene, filmed, frame_list, joined, turned

from haechi.match._frames import FrameMatch, TimeRange, entries_to_compare, match_frames
from haechi.match._frames_rule import DEFAULT_FRAME_RULE, FrameRule
from haechi.signals import FrameList

_SCENE = Scene(1)
_KNOWN = filmed(_SCENE, 30)
_DENSE_S = 0.1


def _other(seconds: float, seed: int = 99) -> FrameList:
    return filmed(Scene(seed), seconds, every_s=_DENSE_S)


def _found(query: FrameList, known: FrameList = _KNOWN) -> FrameMatch:
    match = match_frames(7, query, known)
    assert match is not None
    assert match.entry_id == 7
    return match


def _only_range(match: FrameMatch) -> TimeRange:
    (only,) = match.ranges
    return only


def test_a_video_shows_itself() -> None:
    match = _found(_KNOWN)
    assert match.is_whole
    assert (match.known_share, match.query_share, match.timed_share) == (1.0, 1.0, 1.0)
    assert _only_range(match) == TimeRange(0.0, 29.0, 0.0, 29.0, 1.0, 30)
    assert (match.nearest_bits, match.median_bits, match.looks) == (0, 0, 30)


def test_a_clip_inside_a_long_upload_is_whole() -> None:
    query = joined(_other(300), filmed(_SCENE, 30, every_s=_DENSE_S), _other(270, 98))
    match = _found(query)
    assert match.is_whole
    assert match.known_share >= 0.99
    assert match.query_share < 0.2
    only = _only_range(match)
    assert only.query_from_s == pytest.approx(300, abs=0.2)
    assert only.query_to_s == pytest.approx(329, abs=0.2)
    assert (only.known_from_s, only.known_to_s) == (0.0, 29.0)
    assert only.speed == pytest.approx(1.0, abs=0.01)


def test_a_cut_between_two_sampled_frames() -> None:
    # Sampled once a second on both sides, half a second apart, the two share nothing.
    apart = filmed(_SCENE, 29, moment=lambda t: t + 0.5)
    assert match_frames(7, apart, _KNOWN) is None
    match = _found(filmed(_SCENE, 29, every_s=_DENSE_S, moment=lambda t: t + 0.55))
    assert match.is_whole
    assert _only_range(match).known_from_s == pytest.approx(1.0)
    assert _only_range(match).query_from_s == pytest.approx(0.45, abs=0.11)


@pytest.mark.parametrize("speed", [0.8, 0.9, 1.1, 1.25])
def test_another_speed(speed: float) -> None:
    match = _found(filmed(_SCENE, 29 / speed, every_s=_DENSE_S, moment=lambda t: t * speed))
    assert match.is_whole
    assert _only_range(match).speed == pytest.approx(speed, abs=0.01)
    assert _only_range(match).known_s >= 27


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_a_speed_out_of_bounds_is_not_explained_by_one_line(speed: float) -> None:
    match = match_frames(
        7, filmed(_SCENE, 29 / speed, every_s=_DENSE_S, moment=lambda t: t * speed), _KNOWN
    )
    assert match is None or all(
        part.speed is not None and DEFAULT_FRAME_RULE.allows(part.speed) for part in match.ranges
    )


@pytest.mark.parametrize("speed", [1.0, 0.8, 1.25])
def test_backwards(speed: float) -> None:
    match = _found(filmed(_SCENE, 29 / speed, every_s=_DENSE_S, moment=lambda t: 29 - t * speed))
    assert match.is_whole
    only = _only_range(match)
    assert only.speed == pytest.approx(-speed, abs=0.01)
    assert only.query_from_s < only.query_to_s
    assert only.known_from_s < only.known_to_s


def test_a_part_is_a_part() -> None:
    query = joined(_other(20), filmed(_SCENE, 10, every_s=_DENSE_S, moment=lambda t: t + 10.3))
    match = _found(query)
    assert not match.is_whole
    assert match.known_share == pytest.approx(10 / 30, abs=0.07)
    assert match.timed_share == pytest.approx(10 / 30, abs=0.07)
    only = _only_range(match)
    assert (only.known_from_s, only.known_to_s) == (11.0, 20.0)
    assert only.query_from_s == pytest.approx(20.7, abs=0.2)


def test_a_short_part_is_nothing() -> None:
    query = joined(_other(20), filmed(_SCENE, 4, every_s=_DENSE_S, moment=lambda t: t + 10))
    assert match_frames(7, query, _KNOWN) is None
    assert match_frames(7, query, _KNOWN, FrameRule(min_run_s=2.0)) is not None


def test_pieces_in_another_order_are_told_one_by_one() -> None:
    pieces = [
        filmed(_SCENE, 10, every_s=_DENSE_S, moment=lambda t, start=start: t + start)
        for start in (20, 10, 0)
    ]
    match = _found(joined(*pieces))
    assert match.is_whole
    assert match.timed_share >= 0.9
    starts = [(round(part.query_from_s), round(part.known_from_s)) for part in match.ranges]
    assert starts == [(0, 20), (10, 10), (20, 0)]


def test_a_clip_shown_twice_is_found_twice() -> None:
    once = filmed(_SCENE, 30, every_s=_DENSE_S)
    match = _found(joined(once, _other(20), once))
    assert [round(part.query_from_s) for part in match.ranges] == [0, 50]
    assert all(part.known_s == 29 for part in match.ranges)
    assert match.timed_share == 1.0


def test_bits_that_differ_everywhere() -> None:
    match = _found(filmed(_SCENE, 30, every_s=_DENSE_S, noise_bits=20))
    assert match.is_whole
    assert 5 <= match.median_bits <= 20
    # Too far for the index but for a frame or two, and still one stretch of time: a caption.
    values = turned(_SCENE.at(np.arange(30.0)), 46, 3)
    values[[4, 20]] = _KNOWN.values[[4, 20]]
    captioned = _found(frame_list(values, np.arange(30.0)))
    assert captioned.is_whole
    assert captioned.known_share < 0.1
    assert captioned.timed_share >= 0.9
    # With none near enough the index points to nothing, and nothing is said.
    assert (
        match_frames(7, frame_list(turned(_KNOWN.values, 46, 3), np.arange(30.0)), _KNOWN) is None
    )


def test_two_different_videos() -> None:
    for seed in range(20):
        assert match_frames(7, _other(60, seed + 2), _KNOWN) is None


def _still(seed: int, seconds: float, *, every_s: float = 1.0, noise_bits: int = 4) -> FrameList:
    """A picture that stands still, with the bits that encoding turns."""
    times_s = np.arange(0, seconds, every_s)
    values = np.repeat(Scene(seed).at(np.zeros(1)), len(times_s), axis=0)
    return frame_list(turned(values, noise_bits, seed), times_s)


def test_a_video_that_stands_still_has_no_time() -> None:
    match = _found(joined(_other(20), _still(5, 30), _other(20, 98)), _still(5, 40))
    assert match.is_whole
    assert match.is_still
    assert match.looks == 1
    only = _only_range(match)
    assert only.speed is None
    assert only.query_from_s == pytest.approx(20, abs=0.2)
    assert only.query_to_s == pytest.approx(49, abs=0.2)
    assert (only.known_from_s, only.known_to_s) == (0.0, 39.0)


def test_two_long_still_videos_end_soon_and_make_sense() -> None:
    match = _found(_still(5, 3000), _still(5, 3000))
    assert match.is_still
    assert len(match.ranges) == 1


def test_a_still_stretch_is_no_match_by_itself() -> None:
    card = _still(5, 25)
    known = joined(card, filmed(_SCENE, 10))
    # The card alone is 71 % of the known frames, then 90 %.
    assert match_frames(7, joined(_still(5, 30), _other(30)), known) is None
    mostly_card = joined(_still(5, 90), filmed(_SCENE, 10))
    assert match_frames(7, _still(5, 60), mostly_card) is None
    # With what comes behind, it is.
    match = _found(joined(_other(5), _still(5, 25), filmed(_SCENE, 10, every_s=_DENSE_S)), known)
    assert match.is_whole


def test_a_few_shared_stills_are_no_match() -> None:
    titles = [_still(seed, 3) for seed in (5, 6)]
    known = joined(titles[0], titles[1], filmed(_SCENE, 20))
    assert match_frames(7, joined(titles[0], titles[1], _other(30)), known) is None


def test_black_frames_count_nowhere() -> None:
    black = frame_list(np.zeros((20, 32), np.uint8), np.arange(20.0), quality=0)
    assert match_frames(7, black, black) is None
    assert match_frames(7, _KNOWN, black) is None
    assert match_frames(7, black, _KNOWN) is None
    assert match_frames(7, joined(black, _other(30)), joined(black, _KNOWN)) is None
    match = _found(joined(black, filmed(_SCENE, 30, every_s=_DENSE_S)), joined(black, _KNOWN))
    assert (match.is_whole, match.known_share) == (True, 1.0)
    assert _only_range(match).query_from_s == pytest.approx(20.0)


def test_nothing_is_in_nothing() -> None:
    nothing = frame_list(np.zeros((0, 32), np.uint8), [])
    assert match_frames(7, nothing, _KNOWN) is None
    assert match_frames(7, _KNOWN, nothing) is None


def test_one_frame_is_a_picture() -> None:
    one = filmed(_SCENE, 0.5)
    assert len(one) == 1
    match = _found(_KNOWN, one)
    assert (match.is_whole, match.is_still, match.looks) == (True, True, 1)


def test_shares_are_those_of_vpdq() -> None:
    # Three of four known frames are in the query, which has five others.
    values = np.concatenate([_KNOWN.values[:3], Scene(50).at(np.arange(5) * 9.0)])
    query = frame_list(values, np.arange(8.0))
    known = frame_list(_KNOWN.values[:4], np.arange(4.0))
    match = match_frames(7, query, known, FrameRule(min_run_s=2.0))
    assert match is not None
    assert match.known_share == 0.75
    assert match.query_share == 3 / 8


def test_entries_to_compare_are_the_most_hit_first() -> None:
    query = np.array([0, 0, 0, 1, 2, 2, 3])
    entries = np.array([5, 5, 9, 5, 9, 4, 4])
    assert entries_to_compare(query, entries) == [4, 5, 9]
    assert entries_to_compare(np.append(query, 7), np.append(entries, 9)) == [9, 4, 5]
    assert entries_to_compare(np.array([], np.int64), np.array([], np.int64)) == []
