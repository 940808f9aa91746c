# SPDX-License-Identifier: Apache-2.0
"""PDQ against a slow oracle that takes the published steps one by one (pdq/hashing.pdf)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import REALLY_TURNED

from haechi.media import Picture, PictureFormat
from haechi.signals import Rendition, Turn, distance_bits, pdq, pdq_views
from haechi.signals._sampling import Part, four_sampled, sampled
from haechi.values import SIGNAL_BITS, Signal, SignalType


def _box(line: np.ndarray, window: int) -> np.ndarray:
    """The four phases of the reference: gather, grow, slide, shrink."""
    half = (window + 2) // 2
    out = np.zeros(len(line))
    total, size, left, right, written = 0.0, 0, 0, 0, 0
    for _ in range(half - 1):
        total += line[right]
        size, right = size + 1, right + 1
    for _ in range(window - half + 1):
        total += line[right]
        size, right = size + 1, right + 1
        out[written] = total / size
        written += 1
    for _ in range(len(line) - window):
        total += line[right] - line[left]
        left, right = left + 1, right + 1
        out[written] = total / size
        written += 1
    for _ in range(half - 1):
        total -= line[left]
        size, left = size - 1, left + 1
        out[written] = total / size
        written += 1
    assert written == len(line)
    return out


def _torben(values: np.ndarray) -> float:
    """The lower median, by Torben Mogensen's halving of the range."""
    low, high = values.min(), values.max()
    while True:
        guess = (low + high) / 2
        less, greater = values[values < guess], values[values > guess]
        equal = values.size - less.size - greater.size
        below = less.max() if less.size else low
        above = greater.min() if greater.size else high
        if less.size <= (values.size + 1) // 2 and greater.size <= (values.size + 1) // 2:
            break
        if less.size > greater.size:
            high = below
        else:
            low = above
    if less.size >= (values.size + 1) // 2:
        return float(below)
    if less.size + equal >= (values.size + 1) // 2:
        return float(guess)
    return float(above)


def _number(bits: np.ndarray) -> int:
    words = [sum(1 << column for column in range(16) if bits[row, column]) for row in range(16)]
    return sum(word << 16 * row for row, word in enumerate(words))


def _oracle(luma: np.ndarray) -> tuple[int, int, int]:
    """The value, the bits of it that hang on rounding, and the quality."""
    height, width = luma.shape
    image = luma.astype(np.float64)
    for _ in range(2):
        image = np.apply_along_axis(_box, 1, image, -(-width // 128))
        image = np.apply_along_axis(_box, 0, image, -(-height // 128))
    rows = [int((i + 0.5) * height / 64) for i in range(64)]
    columns = [int((j + 0.5) * width / 64) for j in range(64)]
    samples = image[np.ix_(rows, columns)]
    steps = (np.diff(samples, axis=0).ravel(), np.diff(samples, axis=1).ravel())
    gradient = sum(int(np.abs(np.trunc(step * 100 / 255)).sum()) for step in steps)
    frequency, place = np.arange(1, 17)[:, None], np.arange(64)[None, :]
    dct = np.sqrt(2 / 64) * np.cos(np.pi / 2 / 64 * frequency * (2 * place + 1))
    transformed = dct @ samples @ dct.T
    median = _torben(transformed.ravel())
    value, unsure = _number(transformed > median), _number(np.abs(transformed - median) < 1e-9)
    return value, unsure, min(100, gradient // 90)


@st.composite
def _lumas(draw: st.DrawFn) -> np.ndarray:
    height, width = draw(st.integers(5, 400)), draw(st.integers(5, 400))
    grain = draw(st.sampled_from([1, 3, 8, 40]))
    noise = np.random.default_rng(draw(st.integers(0, 2**32))).integers(
        draw(st.sampled_from([0, 200])), 256, (-(-height // grain), -(-width // grain)), np.uint8
    )
    return np.kron(noise, np.ones((grain, grain), np.uint8))[:height, :width].copy()


def _picture(luma: np.ndarray) -> Picture:
    height, width = luma.shape
    return Picture(np.ascontiguousarray(luma), width, height, PictureFormat.PNG)


@given(_lumas())
@settings(max_examples=40, deadline=None)
def test_the_fast_way_is_the_published_way(luma: np.ndarray) -> None:
    signal = pdq(_picture(luma))
    value, unsure, quality = _oracle(luma)
    # A gradient that is a whole percentage but for rounding may fall on either side, and so may a
    # coefficient that equals the median: tiny pictures, sampled several times over, have such.
    assert signal.quality is not None
    assert abs(signal.quality - quality) <= 1
    assert (int.from_bytes(signal.value, "big") ^ value) & ~unsure == 0


def test_no_bit_of_an_ordinary_picture_hangs_on_rounding() -> None:
    for height, width in ((64, 64), (257, 390), (400, 129)):
        luma = np.random.default_rng(height).integers(0, 256, (height, width), np.uint8)
        value, unsure, quality = _oracle(luma)
        assert unsure.bit_count() <= 1  # the median itself
        assert pdq(_picture(luma)) == Signal(SignalType.PDQ, value.to_bytes(32, "big"), quality)


@given(_lumas(), st.sampled_from(Turn))
@settings(max_examples=30, deadline=None)
def test_a_view_is_the_value_of_the_turned_picture(luma: np.ndarray, turn: Turn) -> None:
    # Of the whole picture: a flat edge of these is cut away in further views.
    views = {
        view.turn: view.signal
        for view in pdq_views(_picture(luma))
        if view.rendition is Rendition.AS_SENT
    }
    turned = np.ascontiguousarray(REALLY_TURNED[turn](luma))
    _, unsure, _ = _oracle(turned)
    if unsure.bit_count() > 1:
        return  # Full of ties, which rounding decides.
    known = pdq(_picture(turned))
    # A value that came before under another turn is not said again: then that view is the one.
    candidates = [views[turn]] if turn in views else list(views.values())
    assert min(distance_bits(candidate, known) for candidate in candidates) <= 1


@given(_lumas(), st.integers(1, 8), st.data())
@settings(max_examples=25, deadline=None)
def test_a_part_is_sampled_as_if_it_were_cut_out(
    luma: np.ndarray, reduction: int, data: st.DataObject
) -> None:
    height, width = luma.shape
    top, left = data.draw(st.integers(0, height - 5)), data.draw(st.integers(0, width - 5))
    rows, columns = data.draw(st.integers(5, height - top)), data.draw(st.integers(5, width - left))
    # The last pixel may stand for fewer source samples than the others.
    sides = rows * reduction - data.draw(st.integers(0, reduction - 1)), columns * reduction
    luma.setflags(write=False)
    here = four_sampled(luma, Part(top, left, *sides, reduction))
    cut = luma[top : top + rows, left : left + columns].copy()
    cut.setflags(write=False)
    assert np.array_equal(here, four_sampled(cut, Part(0, 0, *sides, reduction)))
    assert np.array_equal(here[0, 0], sampled(cut, Part(0, 0, *sides, reduction)))
    if sides == (rows, columns):
        for is_flipped, is_mirrored in np.ndindex(2, 2):
            turned = cut[:: 1 - 2 * is_flipped, :: 1 - 2 * is_mirrored].copy()
            turned.setflags(write=False)
            expected = sampled(turned, Part(0, 0, *sides, 1))
            assert np.allclose(here[is_flipped, is_mirrored], expected, rtol=0, atol=1e-9)


@given(st.sampled_from(sorted(SIGNAL_BITS)), st.binary(min_size=32, max_size=32))
def test_hex_and_parse_are_inverse(kind: SignalType, data: bytes) -> None:
    value = data[: SIGNAL_BITS[kind] // 8]
    signal = Signal(kind, value, 100 if kind is SignalType.PDQ else None)
    assert Signal.parse(kind.value, signal.hex) == signal
    assert Signal.parse(kind.value, signal.hex.upper()) == signal
