# SPDX-License-Identifier: Apache-2.0
"""Who may call which verb: every verb that is told who asks, with everybody who could ask."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from installations import NOBODY, OPERATOR, digest, image, pdq_value, person, report
from sqlalchemy import func, select

from haechi import workflows
from haechi.errors import NeedsAccess, NotFound, NotYours
from haechi.signals import digests
from haechi.values import Actor, ActorKind
from haechi.workflows import Context, DraftRequest, OpenedCase, Sighting
from haechi.workflows._tables import audit_event

Call = Callable[[Context, Actor, OpenedCase], object]


def _request(opened: OpenedCase) -> DraftRequest:
    return DraftRequest(opened.case.number, 1, "Example", "US-TIDA", declares_good_faith=True)


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
    "draft_notice": lambda ctx, actor, opened: workflows.draft_notice(ctx, actor, _request(opened)),
}
PERSONS: dict[str, Call] = {
    "read_case": lambda ctx, actor, _: workflows.read_case(ctx, actor),
    "withdraw_item": lambda ctx, actor, opened: workflows.withdraw_item(
        ctx, actor, item_id=opened.case.items[0].id
    ),
}
PARTNERS: dict[str, Call] = {
    "screen_signals": lambda ctx, actor, _: workflows.screen_signals(ctx, actor, [digest(1)]),
    "screen_file": lambda ctx, actor, _: workflows.screen_file(ctx, actor, b"file"),
}
MATCHING = Actor(ActorKind.PARTNER, "ptn_1", frozenset({"match"}))
OTHER_SCOPES = Actor(ActorKind.PARTNER, "ptn_2", frozenset({"distance", "metrics", "MATCH"}))


@pytest.fixture
def opened(ctx: Context) -> OpenedCase:
    file_digest = digests([b"file"])[1]
    made = report(
        ctx, image(pdq_value(1), file_digest), sightings=(Sighting(url="https://example.com"),)
    )
    workflows.admit_partner(ctx, OPERATOR, name="known", scopes=["match"])
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
        "actor_of_session", "actor_of_token", "check_receipt", "enter_case", "examine",
        "hash_files", "leave_case", "load_local_bank", "open_case", "open_context",
        "receipt_key_pem",
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
        assert len(workflows.read_case(ctx, person(opened)).notices) == 1

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
