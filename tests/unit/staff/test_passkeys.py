# SPDX-License-Identifier: Apache-2.0
"""Passkeys sign in alone, and only as they were asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from installations import OPERATOR, context_on
from soft_authenticator import PRESENT, SoftAuthenticator
from staff_accounts import PASSWORD, Clock, actor, add, verbs

from haechi import workflows
from haechi.errors import (
    MalformedField,
    NotFound,
    WrongSignIn,
)
from haechi.values import StaffRole
from haechi.workflows import Context


class TestPasskeys:
    @pytest.fixture
    def passkey(self, ctx: Context) -> SoftAuthenticator:
        """Of a user who has nothing else."""
        made = SoftAuthenticator()
        half = workflows.accept_invitation(ctx, token=add(ctx), password=PASSWORD)
        options = workflows.ask_passkey(ctx, actor(ctx, half), session_token=half)
        workflows.add_passkey(
            ctx, actor(ctx, half), session_token=half, answer=made.create(options), name=""
        )
        return made

    def test_one_alone_signs_in_and_its_answer_counts_once(
        self, ctx: Context, passkey: SoftAuthenticator
    ) -> None:
        token, options = workflows.begin_passkey(ctx)
        answer = passkey.show(options)
        whole = workflows.enter_with_passkey(ctx, token, answer=answer)
        assert actor(ctx, whole).role is StaffRole.ADMIN
        for waiting in (token, workflows.begin_passkey(ctx)[0], "", whole):
            with pytest.raises(WrongSignIn):
                workflows.enter_with_passkey(ctx, waiting, answer=answer)
        assert verbs(ctx).count("sign_in") == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"flags": PRESENT},
            {"flags": 0},
            {"origin": "https://evil.example"},
            {"origin": "http://localhost:8001"},
            {"host": "evil.example"},
            {"credential_id": b"unknown credential"},
            {"user_handle": b"usr_other"},
            {"key": SoftAuthenticator().key},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_what_is_not_as_asked_opens_nothing(
        self, ctx: Context, passkey: SoftAuthenticator, change: dict[str, Any]
    ) -> None:
        token, options = workflows.begin_passkey(ctx)
        with pytest.raises(WrongSignIn):
            workflows.enter_with_passkey(
                ctx, token, answer=replace(passkey, **change).show(options)
            )

    @pytest.mark.parametrize(
        "answer", ["", "{}", "null", "[]", "x" * 30_000, '{"id":1}', '{"id":"x","rawId":"x"}', "\0"]
    )
    @pytest.mark.usefixtures("passkey")
    def test_rubbish_opens_nothing(self, ctx: Context, answer: str) -> None:
        token, _ = workflows.begin_passkey(ctx)
        with pytest.raises(WrongSignIn):
            workflows.enter_with_passkey(ctx, token, answer=answer)

    def test_a_counter_that_does_not_rise_is_a_copys(
        self, ctx: Context, passkey: SoftAuthenticator
    ) -> None:
        for count, counts in ((5, True), (6, True), (6, False), (3, False), (0, False), (7, True)):
            passkey.count = count
            token, options = workflows.begin_passkey(ctx)
            if counts:
                workflows.enter_with_passkey(ctx, token, answer=passkey.show(options))
            else:
                with pytest.raises(WrongSignIn):
                    workflows.enter_with_passkey(ctx, token, answer=passkey.show(options))

    def test_a_challenge_ends_after_five_minutes(
        self, ctx: Context, clock: Clock, passkey: SoftAuthenticator
    ) -> None:
        token, options = workflows.begin_passkey(ctx)
        clock.pass_by(minutes=5.1)
        with pytest.raises(WrongSignIn):
            workflows.enter_with_passkey(ctx, token, answer=passkey.show(options))

    def test_a_disabled_user_does_not_get_in(
        self, ctx: Context, passkey: SoftAuthenticator
    ) -> None:
        workflows.change_user(ctx, OPERATOR, login="min", is_disabled=True)
        token, options = workflows.begin_passkey(ctx)
        with pytest.raises(WrongSignIn):
            workflows.enter_with_passkey(ctx, token, answer=passkey.show(options))

    def test_a_passkey_without_verification_is_not_added(self, ctx: Context) -> None:
        half = workflows.accept_invitation(ctx, token=add(ctx), password=PASSWORD)
        me = actor(ctx, half)
        for made in (
            SoftAuthenticator(flags=PRESENT),
            SoftAuthenticator(origin="https://x.example"),
        ):
            options = workflows.ask_passkey(ctx, me, session_token=half)
            with pytest.raises(MalformedField):
                workflows.add_passkey(
                    ctx, me, session_token=half, answer=made.create(options), name="x"
                )
        with pytest.raises(MalformedField):  # no challenge waits any more
            workflows.add_passkey(
                ctx, me, session_token=half, answer=SoftAuthenticator().create(options), name="x"
            )
        assert not workflows.read_account(ctx, me, session_token=half).passkeys

    def test_one_of_several_can_be_taken_away_and_the_last_cannot(
        self, ctx: Context, passkey: SoftAuthenticator
    ) -> None:
        token, options = workflows.begin_passkey(ctx)
        whole = workflows.enter_with_passkey(ctx, token, answer=passkey.show(options))
        me = actor(ctx, whole)
        second = SoftAuthenticator()
        answer = second.create(workflows.ask_passkey(ctx, me, session_token=whole))
        whole = workflows.add_passkey(
            ctx, me, session_token=whole, answer=answer, name="  key  ", present=PASSWORD
        )
        first, other = workflows.read_account(ctx, me, session_token=whole).passkeys
        assert (first.name, other.name) == ("passkey", "key")
        with pytest.raises(NotFound):
            workflows.remove_passkey(
                ctx, me, session_token=whole, passkey_id="psk_none", present=PASSWORD
            )
        whole = workflows.remove_passkey(
            ctx, me, session_token=whole, passkey_id=first.id, present=PASSWORD
        )
        token, options = workflows.begin_passkey(ctx)
        with pytest.raises(WrongSignIn):
            workflows.enter_with_passkey(ctx, token, answer=passkey.show(options))
        with pytest.raises(MalformedField):
            workflows.remove_passkey(
                ctx, me, session_token=whole, passkey_id=other.id, present=PASSWORD
            )
        token, options = workflows.begin_passkey(ctx)
        assert workflows.enter_with_passkey(ctx, token, answer=second.show(options))

    def test_where_no_browser_makes_passkeys_none_are_offered(
        self, store_url: str, tmp_path: Path
    ) -> None:
        for url in ("http://127.0.0.1:8000", "https://[::1]", "http://haechi.example"):
            with (
                context_on(store_url, tmp_path, public_url=url) as ctx,
                pytest.raises(NotFound),
            ):
                workflows.begin_passkey(ctx)
