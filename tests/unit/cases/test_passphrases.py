# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import re
import unicodedata
from functools import cache

import pytest
from argon2 import extract_parameters
from argon2.low_level import Type

from haechi.cases import _passphrase, check_passphrase, hash_passphrase, new_passphrase
from haechi.cases import new_case_number as new_number
from haechi.cases._number import as_case_number


def test_a_number_can_be_read_out_on_the_phone() -> None:
    made = {new_number() for _ in range(300)}
    assert len(made) == 300
    assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", one) for one in made)
    assert all(as_case_number(one) == one for one in made)


@pytest.mark.parametrize(("language", "script"), [("ko", "HANGUL"), ("en", "LATIN")])
def test_a_passphrase_is_six_words_of_the_language(language: str, script: str) -> None:
    made = {new_passphrase(language) for _ in range(50)}
    assert len(made) == 50
    for passphrase in made:
        assert len(set(passphrase.split(" "))) == 6
        letters = passphrase.replace(" ", "")
        assert all(script in unicodedata.name(letter) for letter in letters)
        assert unicodedata.is_normalized("NFC", passphrase)


def test_a_language_without_a_list_gets_english() -> None:
    assert new_passphrase("fr").isascii()


@pytest.mark.parametrize("name", ["korean", "english"])
def test_every_word_means_one_thing(name: str) -> None:
    """2,048 words that stay different when spelling does not matter: 11 bits each, 66 in all."""
    words = _passphrase._word_list(name)
    assert len({_passphrase._canonical(word) for word in words}) == 2048
    assert all(_passphrase._canonical(word).isalpha() for word in words)


def test_only_the_hash_is_kept_and_it_is_slow() -> None:
    stored = hash_passphrase("apple banana")
    assert "apple" not in stored
    parameters = extract_parameters(stored)
    assert parameters.type is Type.ID
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2
    assert stored != hash_passphrase("apple banana")


def test_the_right_one_opens_and_a_wrong_one_does_not() -> None:
    stored = hash_passphrase("apple banana cherry")
    assert check_passphrase(stored, "apple banana cherry")
    assert check_passphrase(stored, "applebananacherry")
    for wrong in ("", "apple banana", "apple banana cherry date", "banana apple cherry", "한글"):
        assert not check_passphrase(stored, wrong)


@pytest.mark.parametrize(
    "typed",
    [
        "옥수수 전체 사업",
        "옥수수전체사업",
        "옥 수 수 전체사업",
        "옥수수\u200b전체\u2060사업",
        "옥수수·전체…사업",
    ],
)
def test_korean_words_may_be_run_together(typed: str) -> None:
    assert check_passphrase(hash_passphrase("옥수수 전체 사업"), typed)


@pytest.mark.parametrize(("name", "least"), [("korean", 1), ("english", 0.9999)])
def test_run_together_hardly_any_two_passphrases_read_the_same(name: str, least: float) -> None:
    """The share of 2,048 ** 6 that stays different: every way to read letters is followed at once."""
    words = [_passphrase._canonical(word) for word in _passphrase._word_list(name)]
    begun: dict[str, set[str]] = {}
    for word in words:
        for end in range(1, len(word) + 1):
            begun.setdefault(word[: end - 1], set()).add(word[:end])
    whole = set(words)

    @cache
    def readings(state: frozenset[tuple[str, int]]) -> int:
        after: dict[str, set[tuple[str, int]]] = {}
        for start, count in state:
            for longer in begun.get(start, ()) if count < 6 else ():
                states = after.setdefault(longer[-1], set())
                states.add((longer, count))
                if longer in whole:
                    states.add(("", count + 1))
        return (("", 6) in state) + sum(readings(frozenset(states)) for states in after.values())

    assert least <= readings(frozenset({("", 0)})) / 2048**6 <= 1


@pytest.mark.parametrize("odd", ["\0", "\ud800", "a" * 200_000, "\u202e", "💥"])
def test_whatever_is_typed_is_an_answer(odd: str) -> None:
    assert not check_passphrase(hash_passphrase("apple"), odd)


def test_no_case_is_no_even_for_what_stands_in_its_place() -> None:
    for typed in ("", "apple", _passphrase._decoy_hash()):
        assert not check_passphrase(None, typed)
        assert not check_passphrase("", typed)


def test_no_case_is_no_even_if_the_decoy_were_known(monkeypatch: pytest.MonkeyPatch) -> None:
    decoy = hash_passphrase("apple")
    monkeypatch.setattr(_passphrase, "_decoy_hash", lambda: decoy)
    assert not check_passphrase(None, "apple")


def test_no_case_costs_the_same_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """One verification with the same parameters, whether the case exists or not."""
    _passphrase._decoy_hash()
    verified = []

    class Counting:
        def verify(self, stored: str, typed: str) -> bool:
            verified.append(extract_parameters(stored))
            return real.verify(stored, typed)

    real = _passphrase._HASHER
    stored = hash_passphrase("apple")
    monkeypatch.setattr(_passphrase, "_HASHER", Counting())
    check_passphrase(stored, "wrong")
    check_passphrase(None, "wrong")
    assert len(verified) == 2
    assert verified[0] == verified[1]
