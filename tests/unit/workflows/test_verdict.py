# SPDX-License-Identifier: Apache-2.0
"""What follows from what was found, as docs/decisions/012 says it."""

from __future__ import annotations

import pytest

from haechi.match import FrameMatch, RegionMatch
from haechi.signals import Rendition, Turn
from haechi.values import Signal, SignalType
from haechi.workflows._upload import Query
from haechi.workflows._verdict import Evidence, NearValue, Reason, Verdict, judged

PDQ = Signal(SignalType.PDQ, bytes(32), 100)


def _value(bits: int, *, is_plain: bool = True, is_frame: bool = False) -> NearValue:
    query = Query(PDQ) if is_plain else Query(PDQ, Rendition.TRIMMED, Turn.MIRRORED)
    return NearValue(query, bits, is_frame)


def _regions(share: float, expected: int = 100) -> RegionMatch:
    return RegionMatch(
        99.0, round(share * expected), expected, False, (1, 0, 0, 0, 1, 0), 2, 20, ()
    )


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
        (6, None, (Verdict.SAME, Reason.NEAR_VALUE_AND_REGIONS)),
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
    assert _judged(Evidence(frames=found, is_plain_look=is_plain)) == expected


@pytest.mark.parametrize(("bits", "verdict"), [(20, Verdict.EDITED), (21, Verdict.REVIEW)])
def test_a_frame_like_a_picture_is_not_the_picture(bits: int, verdict: Verdict) -> None:
    evidence = Evidence(value=_value(bits, is_frame=True))
    assert _judged(evidence) == (verdict, Reason.FRAME)
