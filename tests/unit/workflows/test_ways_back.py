# SPDX-License-Identifier: Apache-2.0
"""Coming back without the passphrase, changing it, and guessing."""

from __future__ import annotations

import json
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from installations import NOBODY, OPERATOR, image, pdq_value, person, report

from haechi.cases import _passphrase
from haechi.errors import AlreadySent, NotFound, WrongPassphrase
from haechi.workflows import (
    CaseReport,
    Context,
    OpenedCase,
    _once,
    actor_of_session,
    change_passphrase,
    end_split,
    enter_case,
    erase_case,
    make_codes,
    make_split,
    open_case,
    read_case,
    recover_case,
    tell_half,
    upkeep,
)
from haechi.workflows._tries import Tries


@pytest.fixture
def opened(ctx: Context) -> OpenedCase:
    return report(ctx, image(pdq_value(1)))


def _enter(ctx: Context, opened: OpenedCase, passphrase: str) -> str:
    return enter_case(ctx, case_number=opened.case.number, passphrase=passphrase)


def _key() -> str:
    return secrets.token_urlsafe(24)


def _recover(ctx: Context, opened: OpenedCase, code: str, send_key: str = ""):
    return recover_case(
        ctx, case_number=opened.case.number, code=code, language="ko", send_key=send_key
    )


def test_a_code_gives_a_new_passphrase_and_ends_the_old(ctx: Context, opened: OpenedCase) -> None:
    codes = make_codes(ctx, person(opened), present=opened.passphrase)
    recovered = _recover(ctx, opened, codes[3])
    assert recovered.case_number == opened.case.number
    assert actor_of_session(ctx, recovered.session_token) == person(opened)
    assert actor_of_session(ctx, opened.session_token) is None
    assert _enter(ctx, opened, recovered.passphrase)
    with pytest.raises(WrongPassphrase):
        _enter(ctx, opened, opened.passphrase)
    with pytest.raises(WrongPassphrase):
        _recover(ctx, opened, codes[3])
    assert read_case(ctx, person(opened)).codes_left == 7


def test_both_halves_bring_her_back(ctx: Context, opened: OpenedCase) -> None:
    hers = make_split(ctx, person(opened), present=opened.passphrase)
    theirs = tell_half(ctx, OPERATOR, case_number=opened.case.number)
    for alone in (hers, theirs):
        with pytest.raises(WrongPassphrase):
            _recover(ctx, opened, alone)
    assert read_case(ctx, person(opened)).half_told_at is not None
    assert _enter(ctx, opened, _recover(ctx, opened, hers + theirs).passphrase)
    with pytest.raises(NotFound):
        tell_half(ctx, OPERATOR, case_number=opened.case.number)


def test_a_split_that_was_ended_opens_nothing(ctx: Context, opened: OpenedCase) -> None:
    hers = make_split(ctx, person(opened), present=opened.passphrase)
    theirs = tell_half(ctx, OPERATOR, case_number=opened.case.number)
    end_split(ctx, person(opened))
    with pytest.raises(WrongPassphrase):
        _recover(ctx, opened, hers + theirs)


def test_sent_twice_a_code_is_used_once_and_shows_the_same(
    ctx: Context, opened: OpenedCase
) -> None:
    codes = make_codes(ctx, person(opened), present=opened.passphrase)
    key = _key()
    first, second = (_recover(ctx, opened, codes[0], key) for _ in range(2))
    assert first.passphrase == second.passphrase
    assert read_case(ctx, person(opened)).codes_left == 7


def test_codes_and_halves_are_the_same_when_sent_twice(ctx: Context, opened: OpenedCase) -> None:
    key = _key()
    actor = person(opened)
    for make in (make_codes, make_split):
        made = [make(ctx, actor, present=opened.passphrase, send_key=key) for _ in range(2)]
        assert made[0] == made[1]
    other = report(ctx, image(pdq_value(2)))
    with pytest.raises(NotFound):
        make_codes(ctx, person(other), present=other.passphrase, send_key=key)


@pytest.mark.parametrize("make", [make_codes, make_split])
def test_an_open_page_alone_makes_no_key(ctx: Context, opened: OpenedCase, make) -> None:
    for present in ("", "six other words that are wrong"):
        with pytest.raises(WrongPassphrase):
            make(ctx, person(opened), present=present)
    case = read_case(ctx, person(opened))
    assert (case.codes_left, case.has_split) == (0, False)


def test_who_knew_the_old_passphrase_is_out_after_a_change(ctx: Context) -> None:
    key = _key()
    sent = CaseReport([image(pdq_value(1))], (), "en", send_key=key)
    opened = open_case(ctx, sent)
    actor = person(opened)
    codes = make_codes(ctx, actor, present=opened.passphrase)
    hers = make_split(ctx, actor, present=opened.passphrase)
    theirs = tell_half(ctx, OPERATOR, case_number=opened.case.number)
    change_passphrase(
        ctx, actor, present=opened.passphrase, language="en", session_token=opened.session_token
    )
    for code in (codes[0], hers + theirs):
        with pytest.raises(WrongPassphrase):
            _recover(ctx, opened, code)
    # What was sent first, sent again, shows no dead passphrase and opens no session.
    with pytest.raises(AlreadySent):
        open_case(ctx, sent)
    assert not read_case(ctx, actor).has_split


def test_a_passphrase_changed_while_it_is_checked_opens_nothing(
    ctx: Context, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = _passphrase.check_passphrase

    def check_and_change(stored: str | None, typed: str) -> bool:
        matches = real(stored, typed)
        monkeypatch.undo()
        change_passphrase(
            ctx, person(opened), present=opened.passphrase, language="en",
            session_token=opened.session_token,
        )  # fmt: skip
        return matches

    monkeypatch.setattr("haechi.cases.check_passphrase", check_and_change)
    with pytest.raises(WrongPassphrase):
        _enter(ctx, opened, opened.passphrase)


def test_every_way_of_coming_in_is_shown(ctx: Context) -> None:
    sent = CaseReport([image(pdq_value(1))], (), "en", send_key=_key())
    opened = open_case(ctx, sent)
    actor = person(opened)
    assert len(read_case(ctx, actor).visits) == 1
    open_case(ctx, sent)
    assert len(read_case(ctx, actor).visits) == 2
    codes = make_codes(ctx, actor, present=opened.passphrase)
    _recover(ctx, opened, codes[0])
    assert len(read_case(ctx, actor).visits) == 3


def test_what_was_told_of_an_earlier_half_is_no_alarm(ctx: Context, opened: OpenedCase) -> None:
    actor = person(opened)
    make_split(ctx, actor, present=opened.passphrase)
    tell_half(ctx, OPERATOR, case_number=opened.case.number)
    assert read_case(ctx, actor).half_told_at is not None
    make_split(ctx, actor, present=opened.passphrase)
    assert read_case(ctx, actor).half_told_at is None


@pytest.mark.parametrize("verb", ["recover", "erase"])
def test_a_double_tap_at_the_same_moment_gets_one_answer(each_ctx: Context, verb: str) -> None:
    ctx = each_ctx
    opened = report(ctx, image(pdq_value(1)))
    codes = make_codes(ctx, person(opened), present=opened.passphrase)
    key = _key()
    start = threading.Barrier(2)

    def tap(_: int) -> object:
        start.wait()
        if verb == "recover":
            return _recover(ctx, opened, codes[0], key).passphrase
        return json.dumps(erase_case(ctx, person(opened), send_key=key))

    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(tap, range(2)))) == 1


def test_a_new_passphrase_needs_the_present_one(ctx: Context, opened: OpenedCase) -> None:
    elsewhere = _enter(ctx, opened, opened.passphrase)

    def change(present: str, key: str = "") -> str:
        return change_passphrase(
            ctx, person(opened), present=present, language="en",
            session_token=opened.session_token, send_key=key,
        )  # fmt: skip

    with pytest.raises(WrongPassphrase):
        change("six other words that are wrong")
    key = _key()
    fresh = change(opened.passphrase, key)
    assert change(opened.passphrase, key) == fresh
    assert _enter(ctx, opened, fresh)
    assert actor_of_session(ctx, opened.session_token) == person(opened)
    assert actor_of_session(ctx, elsewhere) is None
    with pytest.raises(WrongPassphrase):
        _enter(ctx, opened, opened.passphrase)


def test_an_erased_case_cannot_be_recovered(ctx: Context, opened: OpenedCase) -> None:
    codes = make_codes(ctx, person(opened), present=opened.passphrase)
    key = _key()
    _recover(ctx, opened, codes[0], key)
    erase_case(ctx, person(opened))
    with pytest.raises(WrongPassphrase):
        _recover(ctx, opened, codes[1])
    with pytest.raises(AlreadySent):
        _recover(ctx, opened, codes[0], key)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cheapest Argon2id there is, and a list of every hash that is tried against."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    tried: list[str] = []

    class Counting:
        def hash(self, text: str) -> str:
            return quick.hash(text)

        def verify(self, stored: str, text: str) -> bool:
            tried.append(stored)
            return quick.verify(stored, text)

    monkeypatch.setattr(_passphrase, "_HASHER", Counting())
    _passphrase._decoy_hash.cache_clear()
    yield tried
    _passphrase._decoy_hash.cache_clear()


def test_ten_thousand_wrong_passphrases_neither_help_nor_lock_her_out(
    ctx: Context, quick_hashes: list[str]
) -> None:
    opened = report(ctx, image(pdq_value(1)))
    pauses = []
    for number in range(10_000):
        with pytest.raises(WrongPassphrase) as caught:
            _enter(ctx, opened, f"wrong words {number}")
        pauses.append(caught.value.hold_back_s)
    assert pauses[:5] == [0.0] * 5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 8.0
    # Hers is right, and is not held back; nobody had to unlock anything.
    token = _enter(ctx, opened, opened.passphrase)
    assert actor_of_session(ctx, token) == person(opened)


def test_no_case_costs_the_same_work_and_the_same_pause(
    ctx: Context, quick_hashes: list[str]
) -> None:
    """Times are not measured: what takes the time is counted."""
    opened = report(ctx, image(pdq_value(1)))
    told = {}
    for number in (opened.case.number, "0000-0000"):
        quick_hashes.clear()
        pauses = []
        for _ in range(12):
            with pytest.raises(WrongPassphrase) as caught:
                enter_case(ctx, case_number=number, passphrase="wrong")
            pauses.append(caught.value.hold_back_s)
        told[number] = (len(quick_hashes), pauses, caught.value.sentence)
    assert told[opened.case.number] == told["0000-0000"]


def test_a_wrong_code_is_held_back_like_a_wrong_passphrase(
    ctx: Context, opened: OpenedCase
) -> None:
    pauses = {}
    for number in (opened.case.number, "0000-0000"):
        pauses[number] = []
        for _ in range(8):
            with pytest.raises(WrongPassphrase) as caught:
                recover_case(ctx, case_number=number, code="0" * 16, language="en")
            pauses[number].append(caught.value.hold_back_s)
    assert pauses[opened.case.number] == pauses["0000-0000"]
    assert pauses["0000-0000"][-1] > 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2000)), max_size=60))
def test_pauses_grow_by_number_and_are_forgotten(tries: list[tuple[str, float]]) -> None:
    now = [0.0]
    counter = Tries(clock=lambda: now[0])
    told: dict[str, tuple[int, float]] = {}
    for number, wait_s in tries:
        now[0] += wait_s
        count, at = told.get(number, (0, now[0]))
        count = 1 if now[0] - at > 900 else count + 1
        told[number] = (count, now[0])
        expected = 0.0 if count <= 5 else min(0.5 * 2 ** (count - 6), 8.0)
        assert counter.count_wrong(number) == expected


def test_the_memory_of_tries_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("haechi.workflows._tries._MOST_NUMBERS", 10)
    counter = Tries()
    for number in range(1000):
        counter.count_wrong(str(number))
    assert len(counter._wrong) == 10


def test_upkeep_forgets_answers(ctx: Context, opened: OpenedCase, monkeypatch) -> None:
    key = _key()
    first = make_codes(ctx, person(opened), present=opened.passphrase, send_key=key)
    upkeep(ctx)
    assert make_codes(ctx, person(opened), present=opened.passphrase, send_key=key) == first
    monkeypatch.setattr(_once, "_ANSWER_KEPT", _once._ANSWER_KEPT * 0)
    upkeep(ctx)
    with pytest.raises(AlreadySent):
        make_codes(ctx, person(opened), present=opened.passphrase, send_key=key)


def test_nobody_recovers_without_a_number(ctx: Context) -> None:
    for number in ("", "\0", "한글", "0000-0000"):
        with pytest.raises(WrongPassphrase):
            recover_case(ctx, case_number=number, code="", language="en")
    assert NOBODY.id == ""
