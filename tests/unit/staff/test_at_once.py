# SPDX-License-Identifier: Apache-2.0
"""What changes while a user is waited for counts: an invitation, a session, a passkey that is gone by then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from installations import OPERATOR
from soft_authenticator import SoftAuthenticator
from sqlalchemy import Connection, delete, select
from staff_accounts import OTHER, PASSWORD, Clock, actor, add, code, sessions, set_up, verbs

from haechi import staff, workflows
from haechi.errors import NeedsSignIn, NotFound, WrongSignIn
from haechi.staff._tables import staff_passkey, staff_session, staff_user
from haechi.workflows import Context

Meanwhile = Callable[[Callable[[Connection], object]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let this be done by somebody else who held the user until now."""

    def let(act: Callable[[Connection], object]) -> None:
        monkeypatch.setattr(staff, "hold_user", lambda tx, _: act(tx))

    return let


def test_an_invitation_that_was_used_meanwhile_opens_nothing(
    ctx: Context, clock: Clock, meanwhile: Meanwhile
) -> None:
    token = add(ctx)
    half = workflows.accept_invitation(ctx, token=token, password=PASSWORD)
    (before,) = _hashes(ctx)
    meanwhile(lambda tx: staff.use_invitations(tx, actor(ctx, half).id))
    with pytest.raises(NotFound):
        workflows.accept_invitation(ctx, token=token, password=OTHER)
    assert _hashes(ctx) == [before]
    assert verbs(ctx).count("accept_invitation") == 1
    assert clock.now


def test_a_code_makes_no_session_whole_that_was_ended_meanwhile(
    ctx: Context, clock: Clock, meanwhile: Meanwhile
) -> None:
    _, secret = set_up(ctx, clock)
    half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
    meanwhile(lambda tx: tx.execute(delete(staff_session)))
    with pytest.raises(NeedsSignIn):
        workflows.confirm_code(ctx, half, code=code(secret, clock))
    assert sessions(ctx) == 2, "what was undone with it is there still"


@pytest.mark.parametrize("how", ["removed", "disabled"])
def test_a_passkey_that_is_gone_opens_nothing(ctx: Context, how: str) -> None:
    made = SoftAuthenticator()
    half = workflows.accept_invitation(ctx, token=add(ctx), password=PASSWORD)
    options = workflows.ask_passkey(ctx, actor(ctx, half), session_token=half)
    workflows.add_passkey(
        ctx, actor(ctx, half), session_token=half, answer=made.create(options), name=""
    )
    token, options = workflows.begin_passkey(ctx)
    if how == "disabled":
        workflows.change_user(ctx, OPERATOR, login="min", is_disabled=True)
    else:
        with ctx.database.write() as tx:
            tx.execute(delete(staff_passkey))
    with pytest.raises(WrongSignIn):
        workflows.enter_with_passkey(ctx, token, answer=made.show(options))


def _hashes(ctx: Context) -> list[str]:
    with ctx.database.read() as tx:
        return list(tx.scalars(select(staff_user.c.password_hash)))
