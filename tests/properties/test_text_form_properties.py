# SPDX-License-Identifier: Apache-2.0
"""What people and programs type in: one meaning, in whatever form it comes."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from haechi.cases import check_passphrase, hash_passphrase
from haechi.cases._number import as_case_number
from haechi.cases._passphrase import _canonical, _word_list
from haechi.values import SIGNAL_BITS, Signal, SignalType


def _values(kind: SignalType) -> st.SearchStrategy[bytes]:
    if kind in SIGNAL_BITS:
        return st.binary(min_size=SIGNAL_BITS[kind] // 8, max_size=SIGNAL_BITS[kind] // 8)
    if kind is SignalType.RPDQ:
        region = st.binary(min_size=38, max_size=38)
        head = st.sampled_from([b"\x01\xff\xff\x80\x00", b"\x01\x00\x01\xff\xff"])
        return st.builds(
            lambda h, r: h + b"".join(r), head, st.lists(region, min_size=1, max_size=4)
        )
    frame = st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 100))
    return st.lists(frame, min_size=1, max_size=4).map(
        lambda frames: b"".join(
            value + bytes([quality]) + number.to_bytes(4)
            for number, (value, quality) in enumerate(frames)
        )
    )


SIGNALS = st.sampled_from(SignalType).flatmap(
    lambda kind: st.builds(
        Signal,
        st.just(kind),
        _values(kind),
        st.integers(0, 100) if kind is SignalType.PDQ else st.none(),
    )
)
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NUMBERS = st.text(DIGITS, min_size=8, max_size=8)
GAPS = st.sampled_from(["", " ", "-", " - ", "–", "—", "\u3000", "\u200b", "\n", "\t", ".", "·"])
WORD_GAPS = st.sampled_from(
    ["", " ", "  ", "-", " - ", "–", "—", "\u3000", "\u00a0", "\n", "\r\n", "\t", ",", ", ", "·", ". ",
     "\u200b", "\ufeff ", "/", "_", "、"]
)  # fmt: skip
FORMS = st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"])
CASES = st.sampled_from([str, str.upper, str.title, str.lower, str.swapcase])


@given(SIGNALS, st.booleans())
def test_parsing_undoes_writing(signal: Signal, is_upper: bool) -> None:
    text = signal.hex.upper() if is_upper else signal.hex
    assert Signal.parse(signal.type.value, text, signal.quality) == signal
    assert Signal.parse(signal.type.value, text, signal.quality).hex == signal.hex


@given(st.text(max_size=70), st.sampled_from(SignalType))
def test_any_text_is_a_signal_or_refused(text: str, kind: SignalType) -> None:
    try:
        parsed = Signal.parse(kind.value, text)
    except ValueError as error:
        assert not text.strip() or len(text) < 8 or text not in str(error)  # noqa: PT017
    else:
        assert parsed.hex == text.lower()


def _typed(number: str, gaps: list[str], change: object) -> str:
    letters = [letter + gap for letter, gap in zip(number, gaps, strict=True)]
    return change("".join(letters))


@given(NUMBERS, st.lists(GAPS, min_size=8, max_size=8), CASES, FORMS)
def test_a_case_number_is_meant_however_it_is_typed(
    number: str, gaps: list[str], change: object, form: str
) -> None:
    typed = unicodedata.normalize(form, _typed(number, gaps, change))
    assert as_case_number(typed) == f"{number[:4]}-{number[4:]}"


@given(NUMBERS, st.data())
def test_letters_that_look_like_digits_are_digits(number: str, data: st.DataObject) -> None:
    looks = {"0": "0Oo", "1": "1IiLl"}
    typed = "".join(data.draw(st.sampled_from(looks.get(digit, digit))) for digit in number)
    assert as_case_number(typed) == f"{number[:4]}-{number[4:]}"


@given(NUMBERS)
def test_full_width_digits_of_an_east_asian_keyboard_are_digits(number: str) -> None:
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in number)
    assert as_case_number(wide) == f"{number[:4]}-{number[4:]}"


@given(st.text(max_size=40))
def test_any_text_becomes_something_that_every_database_takes(text: str) -> None:
    meant = as_case_number(text)
    assert meant.isascii()
    assert meant.replace("-", "").isalnum() or meant == "-"
    assert as_case_number(meant) == meant


PASSPHRASES = st.sampled_from(["korean", "english"]).flatmap(
    lambda name: st.lists(st.sampled_from(_word_list(name)), min_size=6, max_size=6)
)


@given(PASSPHRASES, st.lists(WORD_GAPS, min_size=7, max_size=7), CASES, FORMS)
def test_a_passphrase_is_meant_however_it_is_typed(
    words: list[str], gaps: list[str], change: object, form: str
) -> None:
    typed = gaps[6] + "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    typed = unicodedata.normalize(form, change(typed))
    assert _canonical(typed) == _canonical(" ".join(words))


@given(PASSPHRASES, PASSPHRASES)
def test_other_words_are_another_passphrase(one: list[str], other: list[str]) -> None:
    are_same = "".join(one) == "".join(other)
    assert are_same == (_canonical(" ".join(one)) == _canonical(" ".join(other)))


@hypothesis_settings(max_examples=5)
@given(PASSPHRASES, FORMS, FORMS)
def test_what_was_hashed_in_one_form_opens_in_another(
    words: list[str], kept: str, typed: str
) -> None:
    passphrase = " ".join(words)
    stored = hash_passphrase(unicodedata.normalize(kept, passphrase))
    assert check_passphrase(stored, unicodedata.normalize(typed, passphrase).upper())
    assert check_passphrase(stored, unicodedata.normalize(typed, "".join(words)))
    assert not check_passphrase(stored, " ".join(words[:5]))


@given(st.text(max_size=60))
@example("a\u0301\u200d\u0323")
@example("a\u0301\u00b8")
def test_canonical_is_stable(text: str) -> None:
    assert _canonical(_canonical(text)) == _canonical(text)
    _canonical(text).encode()
