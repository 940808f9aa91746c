# SPDX-License-Identifier: Apache-2.0
"""Wherever a clip was put, however fast: found there, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_frames import Scene, filmed, frame_list, joined

from haechi.match._frames import match_frames
from haechi.match._frames_near import looks_of, nearest, words_of
from haechi.signals import FrameList

_DENSE_S = 0.1


@settings(max_examples=60)
@given(
    seed=st.integers(0, 1000),
    known_s=st.integers(8, 40),
    before_s=st.integers(1, 60),
    speed=st.floats(0.8, 1.25),
    is_reversed=st.booleans(),
    noise_bits=st.integers(0, 12),
)
def test_a_clip_is_found_where_it_was_put(
    seed: int, known_s: int, before_s: int, speed: float, is_reversed: bool, noise_bits: int
) -> None:
    scene = Scene(seed)
    known = filmed(scene, known_s)
    last_s = known_s - 1
    clip = filmed(
        scene,
        last_s / speed + _DENSE_S,
        every_s=_DENSE_S,
        moment=(lambda t: last_s - t * speed) if is_reversed else (lambda t: t * speed),
        noise_bits=noise_bits,
        seed=seed,
    )
    query = joined(filmed(Scene(seed + 2000), before_s, every_s=_DENSE_S), clip)
    match = match_frames(1, query, known)
    assert match is not None
    assert match.is_whole
    only = max(match.ranges, key=lambda part: part.frames)
    assert only.speed == pytest.approx(-speed if is_reversed else speed, abs=0.08)
    shown_s = (only.query_from_s - before_s) * speed
    begins_s = last_s - only.known_to_s if is_reversed else only.known_from_s
    assert shown_s == pytest.approx(begins_s, abs=0.4)
    shown_s = (only.query_to_s - before_s) * speed
    ends_s = last_s - only.known_from_s if is_reversed else only.known_to_s
    assert shown_s == pytest.approx(ends_s, abs=0.4)


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(2, 30), st.floats(0.05, 1.0))
def test_another_scene_is_never_found(seed: int, query_s: int, known_s: int, hertz: float) -> None:
    query = filmed(Scene(seed, hertz), query_s, every_s=_DENSE_S)
    assert match_frames(1, query, filmed(Scene(seed + 1, hertz), known_s)) is None


_LISTS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 100), st.integers(0, 40)), max_size=30
)


def _list(records: list[tuple[int, int, int]]) -> FrameList:
    """Few different values, at any quality: much stands still, repeats and is not trusted."""
    values = Scene(3).at(np.array([7.0 * look for look, _, _ in records]))
    spacings = np.array([gap * 100 for _, _, gap in records])
    plain = frame_list(values, np.cumsum(spacings) / 1000)
    quality = np.array([quality for _, quality, _ in records], np.uint8)
    return FrameList(plain.values, quality, plain.at_ms)


@given(_LISTS, _LISTS)
def test_what_is_said_of_any_two_lists_holds(
    asked: list[tuple[int, int, int]], wanted: list[tuple[int, int, int]]
) -> None:
    query, known = _list(asked), _list(wanted)
    match = match_frames(1, query, known)
    ours, theirs = query.trusted(), known.trusted()
    if match is None:
        return
    distances = np.bitwise_count(ours.values[:, None] ^ theirs.values[None]).sum(axis=2)
    assert match.known_share == pytest.approx(float((distances.min(axis=0) <= 31).mean()))
    assert match.query_share == pytest.approx(float((distances.min(axis=1) <= 31).mean()))
    assert match.nearest_bits == distances.min()
    assert match.is_whole or any(part.known_s >= 5 for part in match.ranges)
    for part in match.ranges:
        assert round(part.query_from_s * 1000) in ours.at_ms
        assert round(part.query_to_s * 1000) in ours.at_ms
        assert part.query_from_s <= part.query_to_s
        assert part.known_from_s <= part.known_to_s
        assert part.frames >= 1
    assert [p.query_from_s for p in match.ranges] == sorted(p.query_from_s for p in match.ranges)


@given(st.binary(max_size=320), st.binary(max_size=320), st.integers(0, 256))
def test_distances_and_looks_are_those_counted_by_hand(
    one: bytes, other: bytes, radius_bits: int
) -> None:
    query = np.frombuffer(one[: len(one) // 32 * 32], np.uint8).reshape(-1, 32)
    known = np.frombuffer(other[: len(other) // 32 * 32], np.uint8).reshape(-1, 32)
    distances = np.bitwise_count(query[:, None] ^ known[None]).sum(axis=2).astype(int)
    to_known, to_query = nearest(words_of(query), words_of(known))
    assert to_known.tolist() == [min(row.tolist(), default=257) for row in distances]
    assert to_query.tolist() == [min(row.tolist(), default=257) for row in distances.T]
    firsts: list[int] = []
    expected = []
    own = np.bitwise_count(query[:, None] ^ query[None]).sum(axis=2)
    for place in range(len(query)):
        alike = [look for look, first in enumerate(firsts) if own[place, first] <= radius_bits]
        if not alike:
            firsts.append(place)
        expected.append(alike[0] if alike else len(firsts) - 1)
    look, count = looks_of(words_of(query), radius_bits)
    assert (look.tolist(), count) == (expected, len(firsts))
