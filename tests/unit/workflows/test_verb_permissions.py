# SPDX-License-Identifier: Apache-2.0
"""Who may call which verb: every verb that is told who asks, with everybody who could ask."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from installations import NOBODY, OPERATOR, PLATFORM, digest, image, pdq_value, person, report
from sqlalchemy import func, select

from haechi import workflows
from haechi.errors import NeedsAccess, NotFound, NotYours
from haechi.signals import digests
from haechi.values import Actor, ActorKind, AgeFacts, utc_now
from haechi.workflows import (
    CheckOutcome,
    Context,
    DraftRequest,
    NewsEvery,
    OpenedCase,
    SharingWish,
    Sighting,
)
from haechi.workflows._tables import audit_event

Call = Callable[[Context, Actor, OpenedCase], object]


def _request(opened: OpenedCase) -> DraftRequest:
    return DraftRequest(
        opened.case.number, 1, "Example", "US-TIDA",
        declares_good_faith=True, has_authorisation=True,
    )  # fmt: skip


OPERATORS: dict[str, Call] = {
    "admit_partner": lambda ctx, actor, _: workflows.admit_partner(
        ctx, actor, name="new", scopes=["match"]
    ),
    "list_partners": lambda ctx, actor, _: workflows.list_partners(ctx, actor),
    "dismiss_partner": lambda ctx, actor, _: workflows.dismiss_partner(ctx, actor, name="known"),
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
PARTNERS: dict[str, Call] = {
    "screen_signals": lambda ctx, actor, _: workflows.screen_signals(ctx, actor, [digest(1)]),
    "screen_file": lambda ctx, actor, _: workflows.screen_file(ctx, actor, b"file"),
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
    assert told == OPERATORS.keys() | PERSONS.keys() | PARTNERS.keys()


def test_every_other_verb_is_open_on_purpose() -> None:
    """These need no actor: they open the door, or touch nothing of an installation."""
    told = {
        name
        for name in workflows.__all__
        if inspect.isfunction(verb := getattr(workflows, name))
        and "actor" not in inspect.signature(verb).parameters
    }
    assert told == {
        "actor_of_session", "actor_of_token", "check_receipt", "contact_named", "contacts_in",
        "country_facts", "enter_case", "examine", "find_ways", "hash_files",
        "is_checked_lately", "leave_case", "list_countries", "load_local_bank", "open_case",
        "open_context", "open_number", "receipt_key_pem", "receipt_pdf", "recover_case", "upkeep",
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
    assert [one.name for one in workflows.list_partners(ctx, OPERATOR)] == ["known"]
    OPERATORS[verb](ctx, OPERATOR, opened)


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
