# SPDX-License-Identifier: Apache-2.0
"""What people write on photos, in chats and on pages, in English and in Korean. All made up."""

from __future__ import annotations

from typing import Final

from ._edits_edit import Surroundings

__all__ = ["NAMES", "block_of_text", "korean_sentence", "paragraph", "sentence", "wrapped"]

NAMES: Final = (
    "Minji",
    "Robin",
    "Sora K.",
    "family",
    "Alex (work)",
    "Jun",
    "climbing group",
    "Noor",
)

_SAYINGS: Final = (
    "who took this one?",
    "look at the light here",
    "best day of the year",
    "when it is only monday",
    "me waiting for the bus",
    "nobody told me it was that far",
    "wait for it",
    "have you seen this already",
    "same time next week?",
    "I can not believe this is real",
    "no way",
    "we should go there together",
    "is that near your place",
    "send me the recipe too please",
    "ok see you at seven",
    "haha yes",
    "that was before the rain",
    "my mother will love it",
    "found this on my old phone",
    "what do you think?",
    "do not forget the keys",
    "new here, please be kind",
    "I will call you later tonight",
    "on my way, ten minutes",
    "can you bring the blue bag when you come",
    "it looked much bigger when we stood in front of it",
    "part two tomorrow",
    "link in the comments",
)

_WHO: Final = ("my sister", "the neighbour", "everybody", "our teacher", "the driver", "a friend",
               "the whole team", "the baker", "her brother", "nobody", "the old man", "my boss")  # fmt: skip
_DID: Final = ("found", "forgot", "painted", "carried", "sold", "wanted", "repaired", "lost",
               "photographed", "explained", "bought", "borrowed", "hid", "returned")  # fmt: skip
_WHAT: Final = ("the red bicycle", "a box of apples", "the wrong key", "two old chairs", "the map",
                "a very small dog", "the last ticket", "our kitchen table", "the green door",
                "a bag of rice", "the boat", "an umbrella", "the heavy ladder")  # fmt: skip
_WHERE: Final = ("at the station", "behind the school", "on the bridge", "near the harbour",
                 "in the rain", "before breakfast", "after the concert", "on the way home",
                 "across the street", "in the second week", "without a word", "up the hill")  # fmt: skip

_KOREAN: Final = (
    "이거 어디서 찍었어?",
    "오늘 날씨 정말 좋다",
    "내일 몇 시에 만나",
    "우리 또 가자",
    "밥은 먹었어?",
    "진짜 예쁘다",
    "조금만 기다려 줘",
    "집에 가는 길이야",
    "비가 그치면 나갈게",
    "엄마가 좋아하겠다",
    "주말에 같이 볼래?",
    "사진 더 있어?",
    "벌써 도착했어",
    "커피 한 잔 할까",
    "오랜만이야 잘 지냈어?",
    "여기 바람이 너무 세다",
)


def sentence(around: Surroundings) -> str:
    """One thing that somebody writes: a saying, or a made-up sentence."""
    return around.one_of(_SAYINGS) if around.chance(0.6) else _statement(around)


def korean_sentence(around: Surroundings) -> str:
    """One thing that somebody writes in Korean."""
    return around.one_of(_KOREAN)


def _statement(around: Surroundings) -> str:
    return " ".join(around.one_of(words) for words in (_WHO, _DID, _WHAT, _WHERE))


def paragraph(around: Surroundings, sentences: int) -> str:
    """So many made-up sentences in one line of text."""
    return " ".join(f"{_statement(around).capitalize()}." for _ in range(sentences))


def block_of_text(
    around: Surroundings, lines: int, *, longest: int = 26, is_korean: bool = False
) -> str:
    """So many lines of at most about `longest` letters."""
    found: list[str] = []
    while len(found) < lines:
        text = korean_sentence(around) if is_korean else sentence(around)
        found += wrapped(text, longest)
    return "\n".join(found[:lines])


def wrapped(text: str, longest: int) -> list[str]:
    """The text in lines of at most `longest` letters, broken between words."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > longest:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines
