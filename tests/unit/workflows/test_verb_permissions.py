# SPDX-License-Identifier: Apache-2.0
"""Who may call which verb: every verb that is told who asks, with everybody who could ask."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from installations import NOBODY, OPERATOR, PLATFORM, digest, image, pdq_value, person, report
from sqlalchemy import func, select

from haechi import workflows
from haechi.audit._tables import audit_event
from haechi.errors import HaechiError, NeedsAccess, NeedsSignIn, NotFound, NotYours
from haechi.signals import digests
from haechi.values import (
    Actor,
    ActorKind,
    AgeFacts,
    ListForm,
    Opinion,
    SignalType,
    StaffRole,
    utc_now,
)
from haechi.workflows import (
    CheckOutcome,
    Context,
    DraftRequest,
    Duty,
    NewsEvery,
    OpenedCase,
    Scope,
    SharingWish,
    Sighting,
)
from haechi.workflows._permissions import may

Call = Callable[[Context, Actor, OpenedCase], object]


def _request(opened: OpenedCase) -> DraftRequest:
    return DraftRequest(
        opened.case.number, 1, "Example", "US-TIDA",
        declares_good_faith=True, has_authorisation=True,
    )  # fmt: skip


OPERATORS: dict[str, Call] = {
    "case_numbers": lambda ctx, actor, _: workflows.case_numbers(ctx, actor),
    "read_case_file": lambda ctx, actor, opened: workflows.read_case_file(
        ctx, actor, case_number=opened.case.number
    ),
    "tell_half": lambda ctx, actor, opened: workflows.tell_half(
        ctx, actor, case_number=opened.case.number
    ),
    "record_sent": lambda ctx, actor, opened: workflows.record_sent(
        ctx,
        actor,
        case_number=opened.case.number,
        notice_id=_notice_id(ctx, opened, 0),
        at=utc_now(),
    ),
    "record_received": lambda ctx, actor, opened: workflows.record_received(
        ctx,
        actor,
        case_number=opened.case.number,
        notice_id=_notice_id(ctx, opened, 1),
        at=utc_now(),
    ),
    "record_check": lambda ctx, actor, opened: workflows.record_check(
        ctx,
        actor,
        case_number=opened.case.number,
        sighting=1,
        outcome=CheckOutcome.UP,
        looked_at=utc_now(),
    ),
    "draft_notice": lambda ctx, actor, opened: workflows.draft_notice(ctx, actor, _request(opened)),
}
PERSONS: dict[str, Call] = {
    "read_case": lambda ctx, actor, _: workflows.read_case(ctx, actor),
    "require_case": lambda ctx, actor, opened: workflows.require_case(
        ctx, actor, case_number=opened.case.number
    ),
    "read_receipt": lambda ctx, actor, opened: workflows.read_receipt(
        ctx, actor, receipt_id=_receipt_id(ctx, opened)
    ),
    "add_to_case": lambda ctx, actor, _: workflows.add_to_case(
        ctx, actor, items=[image(pdq_value(5))], sightings=[Sighting(note="there")]
    ),
    "share_item": lambda ctx, actor, opened: workflows.share_item(
        ctx, actor, item_id=opened.case.items[0].id, wish=SharingWish(), ages=AgeFacts()
    ),
    "say_agency": lambda ctx, actor, _: workflows.say_agency(ctx, actor, may_act=True),
    "set_quiet": lambda ctx, actor, _: workflows.set_quiet(
        ctx, actor, news_every=NewsEvery.NEVER, is_watched=False
    ),
    "make_codes": lambda ctx, actor, opened: workflows.make_codes(
        ctx, actor, present=opened.passphrase
    ),
    "make_split": lambda ctx, actor, opened: workflows.make_split(
        ctx, actor, present=opened.passphrase
    ),
    "end_split": lambda ctx, actor, _: workflows.end_split(ctx, actor),
    "change_passphrase": lambda ctx, actor, opened: workflows.change_passphrase(
        ctx, actor, present=opened.passphrase, language="ko", session_token=opened.session_token
    ),
    "withdraw_item": lambda ctx, actor, opened: workflows.withdraw_item(
        ctx, actor, item_id=opened.case.items[0].id
    ),
    "erase_case": lambda ctx, actor, _: workflows.erase_case(ctx, actor),
}
QUESTION = workflows.Question("", (digest(1),))
PARTNERS: dict[str, Call] = {
    "screen_signals": lambda ctx, actor, _: workflows.screen_signals(ctx, actor, [digest(1)]),
    "screen_file": lambda ctx, actor, _: workflows.screen_file(ctx, actor, b"file"),
    "look_up_signals": lambda ctx, actor, _: workflows.look_up_signals(ctx, actor, QUESTION),
    "look_up_file": lambda ctx, actor, _: workflows.look_up_file(ctx, actor, b"file"),
    "look_up_batch": lambda ctx, actor, _: workflows.look_up_batch(ctx, actor, [QUESTION]),
    "answers_nothing": lambda ctx, actor, _: workflows.answers_nothing(ctx, actor, QUESTION),
    "answer_once": lambda ctx, actor, _: workflows.answer_once(ctx, actor, "", b"", bytes),
    # The compatible face; the scope `contribute` opens some of these too (test_hma_face.py).
    "hma_banks": lambda ctx, actor, _: workflows.hma_banks(ctx, actor),
    "content_numbers": lambda ctx, actor, _: workflows.content_numbers(ctx, actor, []),
    "hash_upload": lambda ctx, actor, _: workflows.hash_upload(
        ctx, actor, b"file", kinds=[SignalType.MD5]
    ),
    "index_facts": lambda ctx, actor, _: workflows.index_facts(ctx, actor),
    "compare_signals": lambda ctx, actor, _: workflows.compare_signals(
        ctx, actor, pdq_value(1), pdq_value(2)
    ),
    "read_hma_content": lambda ctx, actor, _: _no_such_content(ctx, actor),
}


def _no_such_content(ctx: Context, actor: Actor) -> None:
    with suppress(NotFound):
        workflows.read_hma_content(ctx, actor, bank_name="NONE", number=1)


# What users of the console may do by their role. A call need not succeed: it must get past the permission.
DUTIES: dict[str, tuple[Duty, Call]] = {
    "admit_partner": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.admit_partner(ctx, actor, name="new", scopes=["match"]),
    ),
    "list_partners": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.list_partners(ctx, actor),
    ),
    "change_partner": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.change_partner(ctx, actor, name="known", purpose="new"),
    ),
    "issue_token": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.issue_token(ctx, actor, name="known"),
    ),
    "revoke_token": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.revoke_token(ctx, actor, name="known", token_id="tok_0"),
    ),
    "dismiss_partner": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.dismiss_partner(ctx, actor, name="known"),
    ),
    "add_source": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.add_source(
            ctx, actor, name="s", protocol="file", address="/nowhere"
        ),
    ),
    "change_source": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.change_source(ctx, actor, name="s", is_enabled=False),
    ),
    "source_set_aside": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.source_set_aside(ctx, actor, name="s"),
    ),
    "read_partner": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.read_partner(ctx, actor, partner_id="ptn_0"),
    ),
    "find_bank": (
        Duty.READ_BANKS,
        lambda ctx, actor, _: workflows.find_bank(ctx, actor, bank_id="bnk_0"),
    ),
    "list_sources": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.list_sources(ctx, actor),
    ),
    "remove_source": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.remove_source(ctx, actor, name="s"),
    ),
    "pull_source": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.pull_source(ctx, actor, name="s"),
    ),
    "send_opinions": (
        Duty.SOURCES,
        lambda ctx, actor, _: workflows.send_opinions(ctx, actor, name="s"),
    ),
    "add_user": (
        Duty.USERS,
        lambda ctx, actor, _: workflows.add_user(ctx, actor, login="new", role=StaffRole.LEAD),
    ),
    "invite_user": (
        Duty.USERS,
        lambda ctx, actor, _: workflows.invite_user(ctx, actor, login="nobody"),
    ),
    "change_user": (
        Duty.USERS,
        lambda ctx, actor, _: workflows.change_user(ctx, actor, login="nobody", is_disabled=True),
    ),
    "list_users": (Duty.USERS, lambda ctx, actor, _: workflows.list_users(ctx, actor)),
    "read_audit": (Duty.READ_AUDIT, lambda ctx, actor, _: workflows.read_audit(ctx, actor)),
    "read_usage": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.read_usage(ctx, actor, name="known"),
    ),
    "review_queue": (Duty.REVIEW, lambda ctx, actor, _: workflows.review_queue(ctx, actor)),
    "claim_task": (
        Duty.REVIEW,
        lambda ctx, actor, _: workflows.claim_task(ctx, actor, task_id="tsk_0"),
    ),
    "decide_task": (
        Duty.REVIEW,
        lambda ctx, actor, _: workflows.decide_task(
            ctx, actor, task_id="tsk_0", decision="confirmed"
        ),
    ),
    "trace_leak": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.trace_leak(ctx, actor, path=Path(__file__)),
    ),
}

# What belongs to a user's own account and session: nobody acts in a user's place. Without a living
# session the right user gets no further either (tests/unit/staff).
OWN: dict[str, Call] = {
    "note_view": lambda ctx, actor, _: workflows.note_view(ctx, actor, page="home"),
    "console_home": lambda ctx, actor, _: workflows.console_home(ctx, actor),
    "read_account": lambda ctx, actor, _: workflows.read_account(ctx, actor, session_token="x"),
    "propose_totp": lambda ctx, actor, _: workflows.propose_totp(ctx, actor, session_token="x"),
    "set_totp": lambda ctx, actor, _: workflows.set_totp(
        ctx, actor, session_token="x", code="000000"
    ),
    "remove_totp": lambda ctx, actor, _: workflows.remove_totp(
        ctx, actor, session_token="x", present=""
    ),
    "ask_passkey": lambda ctx, actor, _: workflows.ask_passkey(ctx, actor, session_token="x"),
    "add_passkey": lambda ctx, actor, _: workflows.add_passkey(
        ctx, actor, session_token="x", answer="{}", name=""
    ),
    "remove_passkey": lambda ctx, actor, _: workflows.remove_passkey(
        ctx, actor, session_token="x", passkey_id="psk_0", present=""
    ),
    "change_password": lambda ctx, actor, _: workflows.change_password(
        ctx, actor, session_token="x", present="", fresh="a new long password"
    ),
    "end_other_sessions": lambda ctx, actor, _: workflows.end_other_sessions(
        ctx, actor, session_token="x"
    ),
}

# Banks: what is done with a content of the bank of reports, which leads write.
_IN_REPORTS = {"bank_name": "reports", "content_id": "con_0"}
DUTIES |= {
    "create_bank": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.create_bank(ctx, actor, name="new"),
    ),
    "change_bank": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.change_bank(ctx, actor, name="reports", note="new"),
    ),
    "list_banks": (Duty.READ_BANKS, lambda ctx, actor, _: workflows.list_banks(ctx, actor)),
    "read_bank": (
        Duty.READ_BANKS,
        lambda ctx, actor, _: workflows.read_bank(ctx, actor, name="reports"),
    ),
    "set_bank_access": (
        Duty.PARTNERS,
        lambda ctx, actor, _: workflows.set_bank_access(
            ctx, actor, name="reports", partner="known", may_read=True, may_write=False
        ),
    ),
    "add_to_bank": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.add_to_bank(
            ctx, actor, bank_name="reports", signals=[pdq_value(7)]
        ),
    ),
    "import_bank": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.import_bank(
            ctx, actor, name="reports", stream=io.BytesIO(b"pdq " + b"0f" * 32)
        ),
    ),
    "export_bank": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.export_bank(ctx, actor, name="reports", form=ListForm.CSV),
    ),
    "read_set_aside": (
        Duty.READ_BANKS,
        lambda ctx, actor, _: workflows.read_set_aside(ctx, actor, origin_id="imp_0"),
    ),
    "hold_content": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.hold_content(ctx, actor, **_IN_REPORTS),
    ),
    "release_content": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.release_content(ctx, actor, **_IN_REPORTS),
    ),
    "lift_quarantine": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.lift_quarantine(ctx, actor, **_IN_REPORTS),
    ),
    "withdraw_content": (
        Duty.WRITE_BANKS,
        lambda ctx, actor, _: workflows.withdraw_content(ctx, actor, **_IN_REPORTS),
    ),
    "note_content": (
        Duty.REVIEW,
        lambda ctx, actor, _: workflows.note_content(ctx, actor, note="seen", **_IN_REPORTS),
    ),
    "content_history": (
        Duty.READ_BANKS,
        lambda ctx, actor, _: workflows.content_history(ctx, actor, **_IN_REPORTS),
    ),
}

# What belongs to a partner: not even the operator acts in its place.
SCOPED: dict[str, tuple[Scope, Call]] = {
    "give_opinions": (
        Scope.OPINIONS,
        lambda ctx, actor, _: workflows.give_opinions(
            ctx, actor, [workflows.Said(Opinion.CONFIRMED, match_id="mat_0")]
        ),
    ),
    "hand_out": (
        Scope.CHANGES,
        lambda ctx, actor, _: workflows.hand_out(
            ctx, actor, since_s=10, position=None, reached_s=0, limit=10
        ),
    ),
    "submit_values": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.submit_values(ctx, actor, []),
    ),
    "judge_values": (
        Scope.OPINIONS,
        lambda ctx, actor, _: workflows.judge_values(ctx, actor, []),
    ),
    "create_hma_bank": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.create_hma_bank(ctx, actor, name="NEW", is_on=True),
    ),
    "change_hma_bank": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.change_hma_bank(
            ctx, actor, name="NONE", new_name=None, is_on=False
        ),
    ),
    "drop_hma_bank": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.drop_hma_bank(ctx, actor, name="NONE"),
    ),
    "add_hma_content": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.add_hma_content(
            ctx, actor, bank_name="NONE", signals=[pdq_value(7)]
        ),
    ),
    "change_hma_content": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.change_hma_content(
            ctx, actor, bank_name="NONE", number=1, disable_until_s=0, note=None
        ),
    ),
    "withdraw_hma_content": (
        Scope.CONTRIBUTE,
        lambda ctx, actor, _: workflows.withdraw_hma_content(
            ctx, actor, bank_name="NONE", number=1
        ),
    ),
    "read_changes": (
        Scope.CHANGES,
        lambda ctx, actor, _: workflows.read_changes(ctx, actor),
    ),
    "read_own_usage": (
        Scope.MATCH,
        lambda ctx, actor, _: workflows.read_own_usage(ctx, actor),
    ),
    "add_webhook": (
        Scope.WEBHOOKS,
        lambda ctx, actor, _: workflows.add_webhook(
            ctx, actor, url="https://forum.example/", events=["appeal.decided"]
        ),
    ),
    "list_webhooks": (
        Scope.WEBHOOKS,
        lambda ctx, actor, _: workflows.list_webhooks(ctx, actor),
    ),
    "end_webhook": (
        Scope.WEBHOOKS,
        lambda ctx, actor, _: workflows.end_webhook(ctx, actor, webhook_id="whk_0"),
    ),
}


# An uploader has no account: whoever has the id of the match, or the appeal's reference, may. A partner
# needs the scope, so that it stays with its own.
ANYBODYS: dict[str, Call] = {
    "open_appeal": lambda ctx, actor, _: workflows.open_appeal(
        ctx, actor, match_id="mat_0", text="It is a garden."
    ),
    "read_appeal": lambda ctx, actor, _: workflows.read_appeal(ctx, actor, reference="A-0"),
}


def _notice_id(ctx: Context, opened: OpenedCase, position: int) -> str:
    return workflows.read_case(ctx, person(opened)).notices[position].id


def _receipt_id(ctx: Context, opened: OpenedCase) -> str:
    return workflows.read_case(ctx, person(opened)).receipts[0][0]


MATCHING = Actor(ActorKind.PARTNER, "ptn_1", frozenset({"match"}), PLATFORM.reader)
OTHER_SCOPES = Actor(ActorKind.PARTNER, "ptn_2", frozenset({"distance", "metrics", "MATCH"}))


@pytest.fixture
def opened(ctx: Context) -> OpenedCase:
    file_digest = digests([b"file"])[1]
    made = report(
        ctx, image(pdq_value(1), file_digest), sightings=(Sighting(url="https://example.com"),)
    )
    workflows.admit_partner(ctx, OPERATOR, name="known", scopes=["match"])
    workflows.make_split(ctx, person(made), present=made.passphrase)
    workflows.draft_notice(ctx, OPERATOR, _request(made))
    sent = workflows.draft_notice(ctx, OPERATOR, _request(made))
    workflows.record_sent(
        ctx, OPERATOR, case_number=made.case.number, notice_id=sent.id, at=utc_now()
    )
    ctx.live.catch_up()
    return made


def _rows(ctx: Context) -> int:
    with ctx.database.read() as tx:
        return tx.scalar(select(func.count()).select_from(audit_event))


def test_every_verb_that_is_told_who_asks_is_here() -> None:
    told = {
        name
        for name in workflows.__all__
        if inspect.isfunction(verb := getattr(workflows, name))
        and "actor" in inspect.signature(verb).parameters
    }
    tables = (OPERATORS, PERSONS, PARTNERS, DUTIES, SCOPED, OWN, ANYBODYS)
    assert sorted(told - {"may"}) == sorted(name for table in tables for name in table)


def test_every_other_verb_is_open_on_purpose() -> None:
    """These need no actor: they open the door, or touch nothing of an installation."""
    told = {
        name
        for name in workflows.__all__
        if inspect.isfunction(verb := getattr(workflows, name))
        and "actor" not in inspect.signature(verb).parameters
    }
    assert told == {
        "accept_invitation", "actor_of_session", "actor_of_staff_session", "actor_of_token",
        "begin_passkey", "confirm_code", "enter_staff", "enter_with_passkey", "leave_staff",
        "note_audit_head", "read_invitation", "check_receipt", "contact_named", "contacts_in",
        "country_facts", "enter_case", "frames_of_text", "hma_signals", "plain_name", "examine", "find_ways", "hash_files",
        "is_checked_lately", "leave_case", "list_countries", "load_followed_bank", "load_local_bank", "open_case",
        "open_context", "open_number", "receipt_key_pem", "remembered_actor", "receipt_pdf", "recover_case", "upkeep", "courier", "postman",
    }  # fmt: skip


@pytest.mark.parametrize("verb", OPERATORS)
def test_only_the_operator(ctx: Context, opened: OpenedCase, verb: str) -> None:
    before = _rows(ctx)
    fakes = (
        NOBODY, person(opened), MATCHING, Actor(ActorKind.PERSON, "operator"),
        Actor(ActorKind.PARTNER, "operator", frozenset({"operator", "match"})),
    )  # fmt: skip
    for actor in fakes:
        with pytest.raises(NeedsAccess):
            OPERATORS[verb](ctx, actor, opened)
    assert _rows(ctx) == before
    assert [one.partner.name for one in workflows.list_partners(ctx, OPERATOR)] == ["known"]
    OPERATORS[verb](ctx, OPERATOR, opened)


@pytest.mark.parametrize("verb", DUTIES)
def test_only_roles_with_the_duty_or_the_operator(
    ctx: Context, opened: OpenedCase, verb: str
) -> None:
    duty, call = DUTIES[verb]
    before = _rows(ctx)
    for actor in (NOBODY, person(opened), MATCHING, Actor(ActorKind.STAFF, "usr_norole")):
        with pytest.raises((NeedsAccess, NotYours)):
            call(ctx, actor, opened)
    staff = [Actor(ActorKind.STAFF, f"usr_{role}", role=role) for role in StaffRole]
    for actor in staff:
        if not may(actor, duty):
            with pytest.raises(NotYours):
                call(ctx, actor, opened)
    assert _rows(ctx) == before
    for actor in (*(actor for actor in staff if may(actor, duty)), OPERATOR):
        _gets_past_the_permission(call, ctx, actor, opened)


def _gets_past_the_permission(call: Call, ctx: Context, actor: Actor, opened: OpenedCase) -> None:
    try:
        call(ctx, actor, opened)
    except (NeedsAccess, NotYours):
        pytest.fail("it is refused")
    except HaechiError:
        pass  # what it was asked to do cannot be done, which is another matter


@pytest.mark.parametrize("verb", OWN)
def test_only_users_for_themselves(ctx: Context, opened: OpenedCase, verb: str) -> None:
    before = _rows(ctx)
    for actor in (NOBODY, OPERATOR, person(opened), MATCHING):
        with pytest.raises(NeedsSignIn):
            OWN[verb](ctx, actor, opened)
    if verb not in ("note_view", "console_home"):
        for role in (None, *StaffRole):
            with pytest.raises((NeedsSignIn, NotFound)):
                OWN[verb](ctx, Actor(ActorKind.STAFF, "usr_1", role=role), opened)
    assert _rows(ctx) == before


@pytest.mark.parametrize("verb", SCOPED)
def test_only_a_partner_with_the_scope(ctx: Context, opened: OpenedCase, verb: str) -> None:
    scope, call = SCOPED[verb]
    before = _rows(ctx)
    for actor in (NOBODY, person(opened), OPERATOR):
        with pytest.raises(NeedsAccess):
            call(ctx, actor, opened)
    others = frozenset(one.value for one in Scope if one is not scope)
    with pytest.raises(NotYours):
        call(ctx, Actor(ActorKind.PARTNER, "ptn_2", others, PLATFORM.reader), opened)
    assert _rows(ctx) == before
    known = workflows.list_partners(ctx, OPERATOR)[0].partner
    with suppress(NotFound):
        call(
            ctx,
            Actor(ActorKind.PARTNER, known.id, frozenset({scope.value}), known.reader),
            opened,
        )


@pytest.mark.parametrize("verb", ANYBODYS)
def test_an_appeal_is_anybodys_but_a_partner_needs_the_scope(
    ctx: Context, opened: OpenedCase, verb: str
) -> None:
    with pytest.raises(NotYours):
        ANYBODYS[verb](ctx, MATCHING, opened)
    for actor in (person(opened), OPERATOR):
        with pytest.raises(NeedsAccess):
            ANYBODYS[verb](ctx, actor, opened)
    with pytest.raises(NotFound):
        ANYBODYS[verb](ctx, NOBODY, opened)


@pytest.mark.parametrize("verb", PERSONS)
def test_only_a_person_in_her_case(ctx: Context, opened: OpenedCase, verb: str) -> None:
    before = _rows(ctx)
    for actor in (NOBODY, OPERATOR, MATCHING, Actor(ActorKind.PARTNER, opened.case.id)):
        with pytest.raises(NeedsAccess):
            PERSONS[verb](ctx, actor, opened)
    for case_id in ("", "cas_none", opened.case.number):
        with pytest.raises(NotFound):
            PERSONS[verb](ctx, Actor(ActorKind.PERSON, case_id), opened)
    assert _rows(ctx) == before
    PERSONS[verb](ctx, person(opened), opened)


@pytest.mark.parametrize("verb", PARTNERS)
def test_only_a_partner_with_the_scope_or_the_operator(
    ctx: Context, opened: OpenedCase, verb: str
) -> None:
    for actor in (NOBODY, person(opened)):
        with pytest.raises(NeedsAccess):
            PARTNERS[verb](ctx, actor, opened)
    for actor in (OTHER_SCOPES, Actor(ActorKind.PARTNER, "ptn_3")):
        with pytest.raises(NotYours):
            PARTNERS[verb](ctx, actor, opened)
    for actor in (MATCHING, OPERATOR):
        PARTNERS[verb](ctx, actor, opened)


def test_nobody_learns_whether_the_index_is_ready_without_permission(ctx: Context) -> None:
    """Permission comes first: refusal looks the same on a service that is still starting."""
    with pytest.raises(NeedsAccess):
        workflows.screen_signals(ctx, NOBODY, [])
    with pytest.raises(NotYours):
        workflows.screen_file(ctx, OTHER_SCOPES, b"")


class TestAnotherCase:
    """Nothing of another case can be reached by knowing its ids."""

    def test_its_items_cannot_be_withdrawn(self, ctx: Context, opened: OpenedCase) -> None:
        other = report(ctx, image(pdq_value(9)))
        before = _rows(ctx)
        for item_id in (opened.case.items[0].id, opened.case.items[0].content_id, "", "%"):
            with pytest.raises(NotFound):
                workflows.withdraw_item(ctx, person(other), item_id=item_id)
        assert _rows(ctx) == before
        assert workflows.read_case(ctx, person(opened)).items[0].is_matched

    def test_its_sightings_and_notices_are_not_shown(
        self, ctx: Context, opened: OpenedCase
    ) -> None:
        workflows.draft_notice(ctx, OPERATOR, _request(opened))
        other = report(ctx, image(pdq_value(1)), sightings=(Sighting(note="mine"),))
        view = workflows.read_case(ctx, person(other))
        assert [seen.note for seen in view.sightings] == ["mine"]
        assert view.notices == ()
        assert len(workflows.read_case(ctx, person(opened)).notices) == 3

    def test_a_notice_needs_a_sighting_of_that_case(self, ctx: Context, opened: OpenedCase) -> None:
        for sighting in (0, 2, -1, 10**9):
            with pytest.raises(NotFound):
                workflows.draft_notice(
                    ctx,
                    OPERATOR,
                    DraftRequest(
                        opened.case.number, sighting, "x", "US-TIDA", declares_good_faith=True
                    ),
                )
        with pytest.raises(NotFound):
            workflows.draft_notice(
                ctx, OPERATOR, DraftRequest("", 1, "x", "US-TIDA", declares_good_faith=True)
            )
