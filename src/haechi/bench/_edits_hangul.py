# SPDX-License-Identifier: Apache-2.0
"""Korean letters drawn from strokes: the same on every machine, with or without a Korean font."""

from __future__ import annotations

import functools
import unicodedata
from typing import Final

from PIL import Image, ImageDraw

__all__ = ["hangul_mask"]

_Way = tuple[tuple[float, float], ...]
_Box = tuple[float, float, float, float]

_RING: Final = "ring"
_FINE: Final = 3
"""Syllables are drawn this many times larger and then reduced, so that their edges are smooth."""

_CONSONANTS: Final[dict[str, tuple[_Way, ...]]] = {
    "ㄱ": (((0, 0.05), (1, 0.05), (0.8, 1)),),
    "ㄴ": (((0, 0), (0, 1), (1, 1)),),
    "ㄷ": (((1, 0), (0, 0), (0, 1), (1, 1)),),
    "ㄹ": (((0, 0), (1, 0), (1, 0.5), (0, 0.5), (0, 1), (1, 1)),),
    "ㅁ": (((0, 0), (1, 0), (1, 1), (0, 1), (0, 0)),),
    "ㅂ": (((0, 0), (0, 1), (1, 1), (1, 0)), ((0, 0.5), (1, 0.5))),
    "ㅅ": (((0.5, 0), (0, 1)), ((0.4, 0.4), (1, 1))),
    "ㅇ": (),
    "ㅈ": (((0, 0.05), (1, 0.05)), ((0.5, 0.05), (0, 1)), ((0.4, 0.45), (1, 1))),
    "ㅊ": (((0.35, 0), (0.65, 0)), ((0, 0.25), (1, 0.25)), ((0.5, 0.25), (0, 1)), ((0.4, 0.55), (1, 1))),
    "ㅋ": (((0, 0.05), (1, 0.05), (0.8, 1)), ((0, 0.5), (0.9, 0.5))),
    "ㅌ": (((1, 0), (0, 0), (0, 1), (1, 1)), ((0, 0.5), (1, 0.5))),
    "ㅍ": (((0, 0), (1, 0)), ((0, 1), (1, 1)), ((0.3, 0), (0.3, 1)), ((0.7, 0), (0.7, 1))),
    "ㅎ": (((0.3, 0), (0.7, 0)), ((0, 0.25), (1, 0.25))),
}  # fmt: skip
_RINGS: Final[dict[str, _Box]] = {"ㅇ": (0.0, 0.0, 1.0, 1.0), "ㅎ": (0.12, 0.42, 0.88, 1.0)}

_PAIRS: Final = {
    "ㄲ": "ㄱㄱ", "ㄸ": "ㄷㄷ", "ㅃ": "ㅂㅂ", "ㅆ": "ㅅㅅ", "ㅉ": "ㅈㅈ", "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ",
    "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ",
    "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ",
}  # fmt: skip

_STANDING: Final[dict[str, tuple[_Way, ...]]] = {
    "ㅏ": (((0.4, 0), (0.4, 1)), ((0.4, 0.45), (1, 0.45))),
    "ㅐ": (((0.2, 0), (0.2, 1)), ((0.9, 0), (0.9, 1)), ((0.2, 0.45), (0.9, 0.45))),
    "ㅑ": (((0.4, 0), (0.4, 1)), ((0.4, 0.3), (1, 0.3)), ((0.4, 0.6), (1, 0.6))),
    "ㅒ": (((0.2, 0), (0.2, 1)), ((0.9, 0), (0.9, 1)), ((0.2, 0.3), (0.9, 0.3)), ((0.2, 0.6), (0.9, 0.6))),
    "ㅓ": (((0.8, 0), (0.8, 1)), ((0.1, 0.45), (0.8, 0.45))),
    "ㅔ": (((0.5, 0), (0.5, 1)), ((1, 0), (1, 1)), ((0, 0.45), (0.5, 0.45))),
    "ㅕ": (((0.8, 0), (0.8, 1)), ((0.1, 0.3), (0.8, 0.3)), ((0.1, 0.6), (0.8, 0.6))),
    "ㅖ": (((0.5, 0), (0.5, 1)), ((1, 0), (1, 1)), ((0, 0.3), (0.5, 0.3)), ((0, 0.6), (0.5, 0.6))),
    "ㅣ": (((0.6, 0), (0.6, 1)),),
}  # fmt: skip
_LYING: Final[dict[str, tuple[_Way, ...]]] = {
    "ㅗ": (((0, 0.8), (1, 0.8)), ((0.5, 0.1), (0.5, 0.8))),
    "ㅛ": (((0, 0.8), (1, 0.8)), ((0.33, 0.1), (0.33, 0.8)), ((0.67, 0.1), (0.67, 0.8))),
    "ㅜ": (((0, 0.3), (1, 0.3)), ((0.5, 0.3), (0.5, 1))),
    "ㅠ": (((0, 0.3), (1, 0.3)), ((0.33, 0.3), (0.33, 1)), ((0.67, 0.3), (0.67, 1))),
    "ㅡ": (((0, 0.6), (1, 0.6)),),
}
_BOTH: Final = {
    "ㅘ": "ㅗㅏ",
    "ㅙ": "ㅗㅐ",
    "ㅚ": "ㅗㅣ",
    "ㅝ": "ㅜㅓ",
    "ㅞ": "ㅜㅔ",
    "ㅟ": "ㅜㅣ",
    "ㅢ": "ㅡㅣ",
}

_INITIALS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS: Final = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


def hangul_mask(text: str, size_px: int, *, thickness: float = 0.1) -> Image.Image:
    """The lines of the text, centred under one another, as a mask. Letters other than Hangul, `?`
    and spaces are left out; `thickness` is that of a stroke as a share of the size.
    """
    size_px = max(8, size_px)
    lines = text.split("\n")
    advance, height = round(size_px * 0.95), round(size_px * 1.3)
    widths = [sum(advance if letter != " " else advance // 2 for letter in line) for line in lines]
    mask = Image.new("L", (max(1, *widths, advance), height * len(lines)), 0)
    for row, (line, width) in enumerate(zip(lines, widths, strict=True)):
        x = (mask.width - width) // 2
        for letter in line:
            if letter != " ":
                glyph = _syllable(letter, size_px, thickness)
                edge = (glyph.width - size_px) // 2
                mask.paste(255, (x - edge, row * height + size_px // 6 - edge), glyph)
            x += advance if letter != " " else advance // 2
    return mask


@functools.lru_cache(maxsize=1024)
def _syllable(letter: str, size_px: int, thickness: float) -> Image.Image:
    """One syllable as a mask of `size_px` on each side, and an edge around it for thick strokes."""
    side, edge = size_px * _FINE, size_px // 8 * _FINE
    glyph = Image.new("L", (side + 2 * edge, side + 2 * edge), 0)
    pen = ImageDraw.Draw(glyph)
    width = max(1, round(side * thickness))
    for ways, ring, (left, top, right, bottom) in _parts(letter):
        for way in ways:
            points = [
                (
                    edge + side * (left + x * (right - left)),
                    edge + side * (top + y * (bottom - top)),
                )
                for x, y in way
            ]
            pen.line(points, 255, width, joint="curve")
            for x, y in (points[0], points[-1]):
                pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)
        if ring is not None:
            box = (
                edge + side * (left + ring[0] * (right - left)) - width / 2,
                edge + side * (top + ring[1] * (bottom - top)) - width / 2,
                edge + side * (left + ring[2] * (right - left)) + width / 2,
                edge + side * (top + ring[3] * (bottom - top)) + width / 2,
            )
            pen.ellipse(box, None, 255, width)
    return glyph.reduce(_FINE)


def _parts(letter: str) -> list[tuple[tuple[_Way, ...], _Box | None, _Box]]:
    """The strokes of a syllable, each with its ring, if it has one, and the box they lie in."""
    if letter == "?":
        hook = ((0.3, 0.25), (0.4, 0.12), (0.6, 0.12), (0.7, 0.3), (0.5, 0.5), (0.5, 0.62))
        return [((hook, ((0.5, 0.8), (0.5, 0.82))), None, (0, 0, 1, 1))]
    code = ord(unicodedata.normalize("NFC", letter)) - 0xAC00
    if not 0 <= code < 11172:
        return []
    initial, vowel = _INITIALS[code // 588], _VOWELS[code % 588 // 28]
    final = _FINALS[code % 28 - 1] if code % 28 else ""
    foot = 0.52 if final else 0.92
    pair = _BOTH.get(vowel, vowel)
    lying = pair[0] if pair[0] in _LYING else ""
    standing = pair[-1] if pair[-1] in _STANDING else ""
    right = 0.56 if standing else 0.84
    split = foot * 0.55 if lying else foot
    parts = _consonant(initial, (0.14, 0.08, right, split))
    if lying:
        parts.append(
            (_LYING[lying], None, (0.06, split + 0.08, 0.94 if not standing else 0.66, foot))
        )
    if standing:
        parts.append((_STANDING[standing], None, (0.66, 0.04, 0.94, foot + 0.04)))
    if final:
        parts += _consonant(final, (0.2, 0.66, 0.84, 0.94))
    return parts


def _consonant(letter: str, box: _Box) -> list[tuple[tuple[_Way, ...], _Box | None, _Box]]:
    """A consonant in its box; two narrow ones side by side where it is a pair."""
    if letter in _PAIRS:
        left, top, right, bottom = box
        middle = (left + right) / 2
        first, second = tuple(_PAIRS[letter])
        return [
            *_consonant(first, (left, top, middle - 0.05, bottom)),
            *_consonant(second, (middle + 0.05, top, right, bottom)),
        ]
    return [(_CONSONANTS[letter], _RINGS.get(letter), box)]
