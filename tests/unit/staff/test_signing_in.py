# SPDX-License-Identifier: Apache-2.0
"""Users come in with two factors or not at all; sessions end; guessing leads nowhere."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from installations import OPERATOR
from sqlalchemy import select, update
from staff_accounts import OTHER, PASSWORD, Clock, actor, add, code, sessions, set_up, verbs

from haechi import staff, workflows
from haechi.audit._tables import audit_event
from haechi.errors import (
    HaechiError,
    MalformedField,
    NeedsAccess,
    NeedsSignIn,
    NotFound,
    NotYours,
    WrongSignIn,
)
from haechi.staff._tables import staff_invitation, staff_session, staff_user
from haechi.values import Actor, ActorKind, StaffRole, utc_now
from haechi.workflows import Context, _audit


class TestInvitations:
    def test_it_leads_to_a_password_then_a_factor_then_in(self, ctx: Context, clock: Clock) -> None:
        token = add(ctx, "  Min ")
        assert workflows.read_invitation(ctx, token=token) == "min"
        half = workflows.accept_invitation(ctx, token=token, password=PASSWORD)
        assert actor(ctx, half).role is None
        # Until the factor is set up the link stays good: nobody is shut out halfway.
        assert workflows.read_invitation(ctx, token=token) == "min"
        proposal = workflows.propose_totp(ctx, actor(ctx, half), session_token=half)
        again = workflows.propose_totp(ctx, actor(ctx, half), session_token=half)
        assert proposal == again
        assert proposal.uri.startswith("otpauth://totp/Haechi:min?secret=")
        with pytest.raises(MalformedField):
            workflows.set_totp(ctx, actor(ctx, half), session_token=half, code="000000 1")
        whole = workflows.set_totp(
            ctx, actor(ctx, half), session_token=half, code=code(proposal.secret, clock)
        )
        assert actor(ctx, whole).role is StaffRole.ADMIN
        assert workflows.actor_of_staff_session(ctx, half) is None
        with pytest.raises(NotFound):
            workflows.read_invitation(ctx, token=token)
        assert verbs(ctx) == ["add_user", "accept_invitation", "set_totp"]

    def test_it_ends_after_two_days_and_by_a_new_one(self, ctx: Context, clock: Clock) -> None:
        first = add(ctx)
        second = workflows.invite_user(ctx, OPERATOR, login="MIN").url.rpartition("/")[2]
        with pytest.raises(NotFound):
            workflows.read_invitation(ctx, token=first)
        clock.pass_by(hours=47.9)
        assert workflows.read_invitation(ctx, token=second) == "min"
        clock.pass_by(hours=0.2)
        for call in (
            lambda: workflows.read_invitation(ctx, token=second),
            lambda: workflows.accept_invitation(ctx, token=second, password=PASSWORD),
            lambda: workflows.read_invitation(ctx, token=""),
        ):
            with pytest.raises(NotFound):
                call()

    def test_only_digests_are_kept(self, ctx: Context) -> None:
        token = add(ctx)
        half = workflows.accept_invitation(ctx, token=token, password=PASSWORD)
        with ctx.database.read() as tx:
            rows = [
                *tx.execute(select(staff_invitation)),
                *tx.execute(select(staff_session)),
                *tx.execute(select(staff_user)),
            ]
        for secret in (token, half, PASSWORD):
            assert secret not in str(rows)
            assert secret.encode() not in b"".join(
                value for row in rows for value in row if isinstance(value, bytes)
            )

    def test_a_second_one_resets_what_the_user_had(self, ctx: Context, clock: Clock) -> None:
        whole, secret = set_up(ctx, clock)
        token = workflows.invite_user(ctx, OPERATOR, login="min").url.rpartition("/")[2]
        assert actor(ctx, whole).role, "until it is taken up, nothing changes"
        half = workflows.accept_invitation(ctx, token=token, password=OTHER)
        assert workflows.actor_of_staff_session(ctx, whole) is None
        with pytest.raises(WrongSignIn):
            workflows.enter_staff(ctx, login="min", password=PASSWORD)
        # The old app opens nothing, and the new one is another.
        fresh = workflows.propose_totp(ctx, actor(ctx, half), session_token=half).secret
        assert fresh != secret

    @pytest.mark.parametrize("password", ["eleven char", "long but has mIn in it", "", "x" * 201])
    def test_a_weak_password_is_refused(self, ctx: Context, password: str) -> None:
        token = add(ctx)
        with pytest.raises(MalformedField):
            workflows.accept_invitation(ctx, token=token, password=password)
        assert sessions(ctx) == 0
        assert verbs(ctx) == ["add_user"]

    @pytest.mark.parametrize("login", ["", "a", "has space", "x" * 81, "new\nline", "../up", "<b>"])
    def test_a_login_that_cannot_be_used_is_refused(self, ctx: Context, login: str) -> None:
        with pytest.raises(MalformedField):
            add(ctx, login)

    def test_a_login_is_one_persons(self, ctx: Context) -> None:
        add(ctx, "Jae.Lee")
        for login in ("jae.lee", " JAE.LEE ", "ｊae.lee"):
            with pytest.raises(MalformedField):
                add(ctx, login)


class TestPasswordAndCode:
    def test_both_lead_in_and_one_alone_does_not(self, ctx: Context, clock: Clock) -> None:
        _, secret = set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="MIN", password=PASSWORD)
        assert actor(ctx, half).role is None
        whole = workflows.confirm_code(ctx, half, code=code(secret, clock))
        assert actor(ctx, whole).role is StaffRole.ADMIN
        assert workflows.actor_of_staff_session(ctx, half) is None
        assert verbs(ctx)[-2:] == ["show_password", "sign_in"]

    def test_a_code_counts_once_and_none_before_it(self, ctx: Context, clock: Clock) -> None:
        _, secret = set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        typed = code(secret, clock)
        before = code(secret, clock, -1)
        workflows.confirm_code(ctx, half, code=f"{typed[:3]} {typed[3:]}")
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        for used in (typed, before):
            with pytest.raises(WrongSignIn):
                workflows.confirm_code(ctx, half, code=used)
        assert workflows.confirm_code(ctx, half, code=code(secret, clock, 1))

    def test_two_who_show_the_same_code_at_once_do_not_both_get_in(
        self, ctx: Context, clock: Clock
    ) -> None:
        _, secret = set_up(ctx, clock)
        halves = [workflows.enter_staff(ctx, login="min", password=PASSWORD) for _ in range(4)]
        gate = threading.Barrier(4)
        told: list[str] = []

        def show(half: str) -> None:
            gate.wait()
            try:
                workflows.confirm_code(ctx, half, code=code(secret, clock))
                told.append("in")
            except WrongSignIn:
                told.append("wrong")

        threads = [threading.Thread(target=show, args=(half,)) for half in halves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(told) == ["in", "wrong", "wrong", "wrong"]

    @pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (1, True), (2, False)])
    def test_one_step_to_each_side(
        self, ctx: Context, clock: Clock, steps: int, counts: bool
    ) -> None:
        _, secret = set_up(ctx, clock)
        clock.pass_by(seconds=120)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        try:
            workflows.confirm_code(ctx, half, code=code(secret, clock, steps))
        except WrongSignIn:
            assert not counts
        else:
            assert counts

    @pytest.mark.parametrize("typed", ["", "12345", "1234567", "１２３４５６", "abcdef", "-12345"])
    def test_what_is_no_code_is_wrong(self, ctx: Context, clock: Clock, typed: str) -> None:
        set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        with pytest.raises(WrongSignIn):
            workflows.confirm_code(ctx, half, code=typed)

    def test_nothing_says_which_part_was_wrong(
        self, ctx: Context, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_up(ctx, clock)
        set_up(ctx, clock, "gone")
        workflows.change_user(ctx, OPERATOR, login="gone", is_disabled=True)
        workflows.accept_invitation(ctx, token=add(ctx, "half"), password=PASSWORD)
        worked: list[object] = []
        checks = staff.check_password

        def counted(stored: str | None, typed: str) -> bool:
            worked.append(typed)
            return checks(stored, typed)

        monkeypatch.setattr(staff, "check_password", counted)
        told = set()
        for login, password in (
            ("min", OTHER), ("nobody", PASSWORD), ("gone", PASSWORD), ("half", PASSWORD),
            ("", ""), ("min\0", PASSWORD), ("min", PASSWORD + "x" * 500),
        ):  # fmt: skip
            with pytest.raises(WrongSignIn) as caught:
                workflows.enter_staff(ctx, login=login.replace("\0", "0"), password=password)
            told.add((caught.value.sentence, caught.value.hold_back_s))
        assert len(told) == 1
        assert len(worked) == 7

    def test_guessing_is_slowed_by_login_and_right_ones_are_not(
        self, ctx: Context, clock: Clock
    ) -> None:
        set_up(ctx, clock)
        pauses = []
        for login in ["min"] * 8 + ["nobody"] * 8:
            with pytest.raises(WrongSignIn) as caught:
                workflows.enter_staff(ctx, login=login, password=OTHER)
            pauses.append(caught.value.hold_back_s)
        assert pauses[:8] == pauses[8:]
        assert pauses[5] > 0
        assert workflows.enter_staff(ctx, login="min", password=PASSWORD)

    def test_ten_wrong_codes_end_a_session(self, ctx: Context, clock: Clock) -> None:
        _, secret = set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        for _ in range(9):
            with pytest.raises(WrongSignIn):
                workflows.confirm_code(ctx, half, code="000000")
        with pytest.raises(NeedsSignIn):
            workflows.confirm_code(ctx, half, code="000000")
        with pytest.raises(NeedsSignIn):
            workflows.confirm_code(ctx, half, code=code(secret, clock))
        assert verbs(ctx).count("wrong_code") == 10

    def test_after_twenty_in_an_hour_no_code_counts_until_it_is_over(
        self, ctx: Context, clock: Clock
    ) -> None:
        _, secret = set_up(ctx, clock)
        for _ in range(2):
            half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
            for _ in range(10):
                with pytest.raises((WrongSignIn, NeedsSignIn)):
                    workflows.confirm_code(ctx, half, code="000000")
            clock.pass_by(seconds=1)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        with pytest.raises(WrongSignIn):
            workflows.confirm_code(ctx, half, code=code(secret, clock))
        assert verbs(ctx)[-1] == "refused_code"
        clock.pass_by(hours=1)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        assert workflows.confirm_code(ctx, half, code=code(secret, clock))

    def test_a_password_alone_sets_up_no_second_factor(self, ctx: Context, clock: Clock) -> None:
        set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        for call in _own_changes(ctx, actor(ctx, half), half):
            with pytest.raises(NeedsSignIn):
                call()


class TestSessions:
    def test_half_ones_end_after_ten_minutes(self, ctx: Context, clock: Clock) -> None:
        _, secret = set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        clock.pass_by(minutes=9.9)
        assert actor(ctx, half)
        clock.pass_by(minutes=0.2)
        assert workflows.actor_of_staff_session(ctx, half) is None
        with pytest.raises(NeedsSignIn):
            workflows.confirm_code(ctx, half, code=code(secret, clock))

    def test_whole_ones_end_idle_and_after_twelve_hours(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        for _ in range(25):
            clock.pass_by(minutes=28)
            assert actor(ctx, whole)
        clock.pass_by(minutes=20)
        assert workflows.actor_of_staff_session(ctx, whole) is None, "twelve hours in all"
        idle, _ = set_up(ctx, clock, "jae")
        clock.pass_by(minutes=31)
        assert workflows.actor_of_staff_session(ctx, idle) is None
        workflows.begin_passkey(ctx)
        assert sessions(ctx) == 1, "what has ended is forgotten"

    def test_signing_out(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        workflows.leave_staff(ctx, whole)
        workflows.leave_staff(ctx, whole)
        assert workflows.actor_of_staff_session(ctx, whole) is None
        assert verbs(ctx).count("sign_out") == 1

    def test_disabling_ends_all_at_once(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
        workflows.change_user(ctx, OPERATOR, login="min", is_disabled=True)
        assert sessions(ctx) == 0
        for token in (whole, half):
            assert workflows.actor_of_staff_session(ctx, token) is None
        with pytest.raises(MalformedField):
            workflows.invite_user(ctx, OPERATOR, login="min")
        workflows.change_user(ctx, OPERATOR, login="min", is_disabled=False)
        assert workflows.actor_of_staff_session(ctx, whole) is None
        assert workflows.enter_staff(ctx, login="min", password=PASSWORD)

    def test_a_disabled_user_is_out_even_if_a_session_were_left(
        self, ctx: Context, clock: Clock
    ) -> None:
        whole, _ = set_up(ctx, clock)
        with ctx.database.write() as tx:
            tx.execute(update(staff_user).values(disabled_at=utc_now()))
        assert workflows.actor_of_staff_session(ctx, whole) is None

    def test_another_role_counts_at_once(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        workflows.change_user(ctx, OPERATOR, login="min", role=StaffRole.WORKER)
        assert workflows.actor_of_staff_session(ctx, whole) is None

    def test_changes_of_the_account_end_the_others(self, ctx: Context, clock: Clock) -> None:
        whole, secret = set_up(ctx, clock)
        for change in ("password", "totp", "sessions"):
            half = workflows.enter_staff(ctx, login="min", password=PASSWORD)
            other = workflows.confirm_code(ctx, half, code=code(secret, clock))
            me = actor(ctx, whole)
            if change == "password":
                fresh = workflows.change_password(
                    ctx, me, session_token=whole, present=PASSWORD, fresh=PASSWORD
                )
            elif change == "totp":
                secret = workflows.propose_totp(ctx, me, session_token=whole).secret
                fresh = workflows.set_totp(
                    ctx, me, session_token=whole, present=PASSWORD, code=code(secret, clock)
                )
            else:
                workflows.end_other_sessions(ctx, me, session_token=whole)
                fresh = whole
            assert workflows.actor_of_staff_session(ctx, other) is None
            assert actor(ctx, fresh)
            assert sessions(ctx) == 1
            whole = fresh
            clock.pass_by(seconds=90)

    def test_changes_ask_for_the_present_password(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        before = verbs(ctx)
        for call in _own_changes(ctx, actor(ctx, whole), whole):
            with pytest.raises(WrongSignIn):
                call()
        assert verbs(ctx) == before

    def test_the_only_second_factor_cannot_be_taken_away(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        with pytest.raises(MalformedField):
            workflows.remove_totp(ctx, actor(ctx, whole), session_token=whole, present=PASSWORD)
        account = workflows.read_account(ctx, actor(ctx, whole), session_token=whole)
        assert account.user.has_totp
        assert [session.is_this for session in account.sessions] == [True]

    def test_a_session_of_somebody_else_is_none(self, ctx: Context, clock: Clock) -> None:
        mine, _ = set_up(ctx, clock)
        theirs, _ = set_up(ctx, clock, "jae")
        for call in (
            lambda: workflows.read_account(ctx, actor(ctx, mine), session_token=theirs),
            lambda: workflows.end_other_sessions(ctx, actor(ctx, mine), session_token=theirs),
            lambda: workflows.propose_totp(ctx, actor(ctx, mine), session_token=theirs),
        ):
            with pytest.raises(NeedsSignIn):
                call()


class TestAdmins:
    @pytest.mark.parametrize("role", [one for one in StaffRole if one is not StaffRole.ADMIN])
    def test_only_admins_see_to_users(self, ctx: Context, clock: Clock, role: StaffRole) -> None:
        whole, _ = set_up(ctx, clock, "jae", role)
        for call in _admin_changes(ctx, actor(ctx, whole)):
            with pytest.raises(NotYours):
                call()
        for other in (Actor(ActorKind.NOBODY), Actor(ActorKind.PARTNER, "ptn_1")):
            for call in _admin_changes(ctx, other):
                with pytest.raises(NeedsAccess):
                    call()
        for call in _admin_changes(ctx, Actor(ActorKind.STAFF, actor(ctx, whole).id)):
            with pytest.raises(NotYours):
                call()

    def test_nobody_changes_the_own_account_so(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        me = actor(ctx, whole)
        for call in (
            lambda: workflows.change_user(ctx, me, login="min", is_disabled=True),
            lambda: workflows.change_user(ctx, me, login="Min", role=StaffRole.LEAD),
            lambda: workflows.invite_user(ctx, me, login="min"),
        ):
            with pytest.raises(MalformedField):
                call()
        assert actor(ctx, whole).role is StaffRole.ADMIN

    def test_every_change_is_recorded_with_who(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        me = actor(ctx, whole)
        jae = workflows.add_user(ctx, me, login="jae", role=StaffRole.WORKER).user
        workflows.change_user(ctx, me, login="jae", role=StaffRole.LEAD, decisions_a_day=30)
        workflows.invite_user(ctx, me, login="jae")
        workflows.note_view(ctx, me, page="users")
        view = workflows.read_audit(ctx, me, who="MIN", limit=3)
        assert [(one.verb, one.subject_id, one.detail) for one in view.events] == [
            ("view_users", "", ""),
            ("invite_user", jae.id, ""),
            ("change_user", jae.id, "role=lead enabled"),
        ]
        assert {one.actor_id for one in view.events} == {me.id}
        assert view.names[me.id] == "min"
        assert view.broken is None
        older = workflows.read_audit(ctx, me, who="min", older_than=view.older_than)
        assert older.events[0].verb == "add_user"
        assert older.older_than is None
        found = workflows.read_audit(ctx, me, subject="jae", verb="change_user")
        assert len(found.events) == 1

    def test_the_log_says_where_it_is_broken(self, ctx: Context, clock: Clock) -> None:
        whole, _ = set_up(ctx, clock)
        assert workflows.note_audit_head(ctx)
        assert not workflows.note_audit_head(ctx)
        with ctx.database.write() as tx:
            tx.execute(update(audit_event).where(audit_event.c.seq == 2).values(detail="x"))
        broken = workflows.read_audit(ctx, actor(ctx, whole)).broken
        assert broken is not None
        assert broken.seq == 2

    def test_a_long_log_is_checked_when_somebody_asks(
        self, ctx: Context, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_audit, "_CHECKED_AT_ONCE", 1)
        whole, _ = set_up(ctx, clock)
        me = actor(ctx, whole)
        assert workflows.read_audit(ctx, me).checked is None
        assert workflows.read_audit(ctx, me, checks=True).checked is not None


def _own_changes(ctx: Context, me: Actor, token: str) -> list[Any]:
    wrong: dict[str, Any] = {"session_token": token, "present": "not the present one"}
    return [
        lambda: workflows.set_totp(ctx, me, code="000000", **wrong),
        lambda: workflows.remove_totp(ctx, me, **wrong),
        lambda: workflows.add_passkey(ctx, me, answer="{}", name="", **wrong),
        lambda: workflows.remove_passkey(ctx, me, passkey_id="psk_1", **wrong),
        lambda: workflows.change_password(ctx, me, fresh=OTHER, **wrong),
    ]


def _admin_changes(ctx: Context, who: Actor) -> list[Any]:
    return [
        lambda: workflows.add_user(ctx, who, login="new", role=StaffRole.ADMIN),
        lambda: workflows.invite_user(ctx, who, login="jae"),
        lambda: workflows.list_users(ctx, who),
        lambda: workflows.change_user(ctx, who, login="jae", role=StaffRole.ADMIN),
    ]


def test_no_secret_is_in_what_is_printed(ctx: Context, clock: Clock) -> None:
    invited = workflows.add_user(ctx, OPERATOR, login="min", role=StaffRole.LEAD)
    token = invited.url.rpartition("/")[2]
    assert token not in repr(invited)
    half = workflows.accept_invitation(ctx, token=token, password=PASSWORD)
    proposal = workflows.propose_totp(ctx, actor(ctx, half), session_token=half)
    assert proposal.secret not in repr(proposal)
    with pytest.raises(HaechiError) as caught:
        workflows.enter_staff(ctx, login="somebody", password=OTHER)
    assert "somebody" not in str(caught.value)
