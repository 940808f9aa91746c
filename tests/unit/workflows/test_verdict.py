# SPDX-License-Identifier: Apache-2.0
"""What follows from what was found, as docs/decisions/012 says it."""

from __future__ import annotations

import pytest

from haechi.match import FrameMatch, RegionMatch
from haechi.signals import Rendition, Turn
from haechi.values import Signal, SignalType
from haechi.workflows._upload import Query
from haechi.workflows._verdict import Evidence, NearValue, Reason, Verdict, confirms, judged

PDQ = Signal(SignalType.PDQ, bytes(32), 100)


def _value(bits: int, *, is_plain: bool = True, is_frame: bool = False) -> NearValue:
    query = Query(PDQ) if is_plain else Query(PDQ, Rendition.TRIMMED, Turn.MIRRORED)
    return NearValue(query, bits, is_frame)


def _regions(share: float, expected: int = 100, score: float = 99.0) -> RegionMatch:
    """Regions that agree: by default so many that chance does not give them."""
    agree = round(share * expected)
    return RegionMatch(
        score, agree, expected, False, (1, 0, 0, 0, 1, 0), 2, 20, tuple(range(agree)), (1.0, 1.0)
    )


FEW = _regions(0.02)
"""Two of a hundred: they only point to a place."""

UNLIKE = _regions(0.9, score=13.9)
"""Many, but none much nearer than chance."""


def _frames(
    *, is_whole: bool = True, is_still: bool = False, known: float = 1.0, query: float = 1.0,
    median_bits: int = 4,
) -> FrameMatch:  # fmt: skip
    return FrameMatch(1, known, query, known, (), is_whole, is_still, 9, 0, median_bits)


def _judged(
    evidence: Evidence, *, asks_regions: bool = True, is_drawn: bool = False
) -> tuple[Verdict, Reason] | None:
    return judged(evidence, asks_regions=asks_regions, is_drawn=lambda: is_drawn)


def test_an_equal_file_is_the_same_whatever_else_is_said() -> None:
    evidence = Evidence(equal_digest=SignalType.MD5, value=_value(31), known_regions=100)
    assert _judged(evidence) == (Verdict.SAME, Reason.EQUAL_FILE)


@pytest.mark.parametrize(
    ("bits", "is_plain", "expected"),
    [
        (0, True, (Verdict.SAME, Reason.NEAR_VALUE)),
        (20, True, (Verdict.SAME, Reason.NEAR_VALUE)),
        (21, True, (Verdict.REVIEW, Reason.FAR_VALUE)),
        (20, False, (Verdict.EDITED, Reason.NEAR_VALUE)),
        (21, False, (Verdict.REVIEW, Reason.FAR_VALUE)),
    ],
)
@pytest.mark.parametrize(("asks_regions", "known_regions"), [(False, 100), (True, 7), (True, 0)])
def test_without_regions_on_both_sides_the_distance_decides(
    bits: int, is_plain: bool, expected: tuple, asks_regions: bool, known_regions: int
) -> None:
    evidence = Evidence(value=_value(bits, is_plain=is_plain), known_regions=known_regions)
    assert _judged(evidence, asks_regions=asks_regions) == expected


@pytest.mark.parametrize("known_regions", [0, 100])
@pytest.mark.parametrize(("bits", "is_found"), [(16, True), (17, False), (31, False)])
def test_drawn_pictures_must_be_nearer(bits: int, is_found: bool, known_regions: int) -> None:
    evidence = Evidence(value=_value(bits), known_regions=known_regions)
    assert (_judged(evidence, is_drawn=True) is not None) is is_found


@pytest.mark.parametrize(
    ("bits", "share", "expected"),
    [
        (6, None, (Verdict.SAME, Reason.NEAR_VALUE)),
        (6, 0.49, (Verdict.SAME, Reason.NEAR_VALUE)),
        (6, 0.5, (Verdict.SAME, Reason.NEAR_VALUE_AND_REGIONS)),
        (7, None, (Verdict.REVIEW, Reason.NEAR_VALUE_WITHOUT_REGIONS)),
        (16, 0.5, (Verdict.SAME, Reason.NEAR_VALUE_AND_REGIONS)),
        (16, 0.49, (Verdict.REVIEW, Reason.SOME_REGIONS)),
        (17, 0.9, (Verdict.EDITED, Reason.MOST_REGIONS)),
        (31, 0.5, (Verdict.EDITED, Reason.MOST_REGIONS)),
        (31, None, (Verdict.REVIEW, Reason.NEAR_VALUE_WITHOUT_REGIONS)),
        (None, 0.5, (Verdict.EDITED, Reason.MOST_REGIONS)),
        (None, 0.49, (Verdict.REVIEW, Reason.SOME_REGIONS)),
    ],
)
def test_regions_confirm_a_value_or_speak_for_themselves(
    bits: int | None, share: float | None, expected: tuple
) -> None:
    evidence = Evidence(
        value=None if bits is None else _value(bits),
        regions=None if share is None else _regions(share),
        known_regions=100,
    )
    assert _judged(evidence) == expected


@pytest.mark.parametrize(("bits", "verdict"), [(0, Verdict.EDITED), (16, Verdict.EDITED)])
def test_another_view_is_never_the_same(bits: int, verdict: Verdict) -> None:
    evidence = Evidence(
        value=_value(bits, is_plain=False), regions=_regions(0.9), known_regions=100
    )
    assert _judged(evidence) == (verdict, Reason.MOST_REGIONS)


@pytest.mark.parametrize(
    ("part_bits", "share", "expected"),
    [
        (20, 0.03, (Verdict.EDITED, Reason.SHOWN_WHOLE)),
        (21, 0.03, (Verdict.REVIEW, Reason.SOME_REGIONS)),
        (31, 0.49, (Verdict.REVIEW, Reason.SOME_REGIONS)),
        (None, 0.49, (Verdict.REVIEW, Reason.SOME_REGIONS)),
        (0, 0.9, (Verdict.EDITED, Reason.SHOWN_WHOLE)),
        (21, 0.5, (Verdict.EDITED, Reason.MOST_REGIONS)),
    ],
)
@pytest.mark.parametrize("bits", [None, 17, 31])
def test_what_is_near_where_its_regions_lie_is_shown_whole(
    part_bits: int | None, share: float, expected: tuple, bits: int | None
) -> None:
    evidence = Evidence(
        value=None if bits is None else _value(bits),
        regions=_regions(share),
        part_bits=part_bits,
        known_regions=100,
    )
    assert _judged(evidence) == expected


@pytest.mark.parametrize("found", [FEW, UNLIKE], ids=["few", "unlike"])
@pytest.mark.parametrize("part_bits", [0, 20, 31])
@pytest.mark.parametrize("bits", [None, 17, 31])
def test_regions_that_only_point_to_a_place_ask_for_a_person(
    found: RegionMatch, part_bits: int, bits: int | None
) -> None:
    evidence = Evidence(
        value=None if bits is None else _value(bits),
        regions=found,
        part_bits=part_bits,
        known_regions=100,
    )
    assert _judged(evidence) == (Verdict.REVIEW, Reason.SHOWN_WHOLE)


@pytest.mark.parametrize(("bits", "is_same"), [(6, True), (7, False)])
def test_a_copy_is_the_same_whatever_its_part_says(bits: int, is_same: bool) -> None:
    evidence = Evidence(value=_value(bits), regions=FEW, part_bits=31, known_regions=100)
    same = (Verdict.SAME, Reason.NEAR_VALUE)
    assert (_judged(evidence) == same) is is_same


@pytest.mark.parametrize("part_bits", [None, 0, 31, 32, 200])
def test_enough_regions_make_a_match_by_themselves(part_bits: int | None) -> None:
    assert confirms(_regions(0.03), part_bits)
    assert confirms(_regions(0.9, score=14.0), part_bits)


@pytest.mark.parametrize("found", [FEW, UNLIKE], ids=["few", "unlike"])
@pytest.mark.parametrize(
    ("part_bits", "expected"), [(0, True), (31, True), (32, False), (200, False), (None, False)]
)
def test_others_only_with_the_part_that_they_point_to(
    found: RegionMatch, part_bits: int | None, expected: bool
) -> None:
    assert confirms(found, part_bits) is expected


def test_the_regions_of_few_known_ones_count_all_the_same() -> None:
    evidence = Evidence(regions=_regions(1.0, expected=4), known_regions=4)
    assert _judged(evidence) == (Verdict.EDITED, Reason.MOST_REGIONS)


def test_what_nothing_speaks_for_is_no_match() -> None:
    assert _judged(Evidence(known_regions=100)) is None


@pytest.mark.parametrize(
    ("found", "is_plain", "expected"),
    [
        (_frames(), True, (Verdict.SAME, Reason.WHOLE_VIDEO)),
        (_frames(), False, (Verdict.EDITED, Reason.WHOLE_VIDEO)),
        (_frames(query=0.1), True, (Verdict.EDITED, Reason.WHOLE_VIDEO)),
        (_frames(median_bits=21), True, (Verdict.EDITED, Reason.WHOLE_VIDEO)),
        (_frames(is_still=True), True, (Verdict.SAME, Reason.WHOLE_VIDEO)),
        (_frames(is_still=True, median_bits=21), True, (Verdict.REVIEW, Reason.WHOLE_VIDEO)),
        (_frames(is_whole=False), True, (Verdict.REVIEW, Reason.PART_OF_VIDEO)),
    ],
)
def test_a_video_goes_by_how_much_of_it_is_there(
    found: FrameMatch, is_plain: bool, expected: tuple
) -> None:
    look = (Rendition.AS_SENT, Turn.NONE if is_plain else Turn.MIRRORED)
    assert _judged(Evidence(frames=found, look=look)) == expected


@pytest.mark.parametrize(("bits", "verdict"), [(20, Verdict.EDITED), (21, Verdict.REVIEW)])
def test_a_frame_like_a_picture_is_not_the_picture(bits: int, verdict: Verdict) -> None:
    evidence = Evidence(value=_value(bits, is_frame=True))
    assert _judged(evidence) == (verdict, Reason.FRAME)
