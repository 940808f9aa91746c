# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from installations import NOBODY, OPERATOR, PLATFORM, image, pdq_value, person, report

from haechi.cases import _sessions
from haechi.errors import NotFound, WrongPassphrase
from haechi.values import Actor, ActorKind
from haechi.workflows import (
    Context,
    OpenedCase,
    actor_of_session,
    actor_of_token,
    admit_partner,
    dismiss_partner,
    enter_case,
    leave_case,
    list_partners,
)


@pytest.fixture
def opened(ctx: Context) -> OpenedCase:
    return report(ctx, image(pdq_value(1)))


def test_number_and_passphrase_open_the_case(ctx: Context, opened: OpenedCase) -> None:
    token = enter_case(ctx, case_number=opened.case.number, passphrase=opened.passphrase)
    assert actor_of_session(ctx, token) == person(opened)
    assert actor_of_session(ctx, opened.session_token) == person(opened)


def test_a_wrong_number_and_a_wrong_passphrase_are_one_answer(
    ctx: Context, opened: OpenedCase
) -> None:
    other = report(ctx, image(pdq_value(2)))
    sentences = set()
    for number, passphrase in (
        ("0000-0000", opened.passphrase),
        (opened.case.number, other.passphrase),
        (opened.case.number, ""),
        ("", ""),
        ("\0", "\0"),
        (other.case.number, opened.passphrase),
    ):
        with pytest.raises(WrongPassphrase) as caught:
            enter_case(ctx, case_number=number, passphrase=passphrase)
        sentences.add((caught.value.sentence, caught.value.field))
    assert len(sentences) == 1


def test_leaving_ends_the_session_and_no_other(ctx: Context, opened: OpenedCase) -> None:
    token = enter_case(ctx, case_number=opened.case.number, passphrase=opened.passphrase)
    leave_case(ctx, token)
    leave_case(ctx, token)
    leave_case(ctx, "no such token")
    assert actor_of_session(ctx, token) is None
    assert actor_of_session(ctx, opened.session_token) == person(opened)


@pytest.mark.parametrize("token", ["", "x", "hp_x", "0" * 43])
def test_no_session_no_person(ctx: Context, opened: OpenedCase, token: str) -> None:
    assert actor_of_session(ctx, token) is None


def test_a_case_id_or_number_is_no_session(ctx: Context, opened: OpenedCase) -> None:
    for guess in (opened.case.id, opened.case.number, opened.passphrase):
        assert actor_of_session(ctx, guess) is None


def test_a_session_ends_when_it_is_not_used(
    ctx: Context, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty minutes by default, counted from the last use."""
    now = datetime.now(UTC)
    for minutes, is_alive in ((19, True), (38, True), (57, True), (78, False), (79, False)):
        moment = now + timedelta(minutes=minutes)
        monkeypatch.setattr(_sessions, "utc_now", lambda at=moment: at)
        found = actor_of_session(ctx, opened.session_token)
        assert (found == person(opened)) is is_alive


def test_a_token_is_its_partner_with_its_scopes_until_dismissed(ctx: Context) -> None:
    partner, token = admit_partner(ctx, OPERATOR, name="Platform", scopes=["match"])
    assert actor_of_token(ctx, token) == Actor(
        ActorKind.PARTNER, partner.id, frozenset({"match"}), partner.reader
    )
    assert partner.reader == replace(PLATFORM.reader, partner_id=partner.id)
    assert actor_of_token(ctx, token + "x") is None
    dismiss_partner(ctx, OPERATOR, name="Platform")
    assert actor_of_token(ctx, token) is None
    with pytest.raises(NotFound):
        dismiss_partner(ctx, OPERATOR, name="Platform")
    (listed,) = list_partners(ctx, OPERATOR)
    assert listed.partner.revoked_at is not None


def test_a_session_is_no_token_and_a_token_no_session(ctx: Context, opened: OpenedCase) -> None:
    _, token = admit_partner(ctx, OPERATOR, name="Platform", scopes=["match"])
    assert actor_of_token(ctx, opened.session_token) is None
    assert actor_of_session(ctx, token) is None
    assert Actor(ActorKind.NOBODY) == NOBODY
