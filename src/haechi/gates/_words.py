# SPDX-License-Identifier: Apache-2.0
"""The gates' sentences, in English and Korean: one catalogue, `words.toml`."""

from __future__ import annotations

import functools
import tomllib
from importlib import resources
from typing import Final

LANGUAGES: Final = ("en", "ko")


@functools.cache
def catalogue() -> dict[str, dict[str, str]]:
    """Language → key → sentence."""
    text = resources.files("haechi.gates").joinpath("words.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))


def language_of(wanted: str | None) -> str:
    """The language to answer in, for an `Accept-Language` header or a tag such as `ko-KR`; else English.

    Browsers name the one they like best first, so weights are left aside.
    """
    for tag in (wanted or "").split(","):
        language = tag.partition(";")[0].strip().partition("-")[0].lower()
        if language in LANGUAGES:
            return language
    return LANGUAGES[0]


def say(language: str, key: str, **params: object) -> str:
    """The sentence in this language, with its gaps filled."""
    return catalogue()[language][key].format(**params)
