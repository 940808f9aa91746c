# SPDX-License-Identifier: Apache-2.0
"""Partners in the console: admitting, changing, their tokens, what they asked, dismissing."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import HaechiError, MalformedField
from haechi.values import PartnerKind, utc_now
from haechi.web._console import Console
from haechi.web._forms import Form
from haechi.web._words import Words
from haechi.web._work_fields import (
    NO_PROBLEM,
    Problem,
    choice_of,
    is_ticked,
    number_or_none,
    problem_of,
    require_sure,
    whole_number,
)
from haechi.web._work_words import partner_kinds, scope_words
from haechi.workflows import USUAL_LOOKUPS_PER_MIN, Duty, Gate, Partner, PartnerFacts

_READS: Final = {"gate": Gate.STAFF, "duty": Duty.PARTNERS}
_CHANGES: Final = {**_READS, "body": "form"}

_TYPED: Final = (
    "name",
    "kind",
    "adults",
    "purpose",
    "contact",
    "lookups_per_min",
    "keeps_lookups_h",
    "token_days",
    "ends_others_in_h",
)


@get("/work/partners", opt=_READS, sync_to_thread=True)
def partners_page(console: NamedDependency[Console]) -> Response[str]:
    """Everybody, and the form for one more."""
    return _partners(console)


@post("/work/partners", opt=_CHANGES, status_code=HTTP_200_OK, sync_to_thread=True)
def admit_partner(form: NamedDependency[Form], console: NamedDependency[Console]) -> Response[str]:
    """A new partner; its token is shown this once."""
    t = console.page.words
    try:
        partner, secret = workflows.admit_partner(
            console.ctx,
            console.actor,
            name=form.get("name", ""),
            scopes=_scopes_of(form),
            token_days=number_or_none(t, form, "token_days"),
            **_settings_of(t, form),
        )
    except MalformedField as error:
        return _partners(console, error=error, form=form)
    return _token(console, partner, secret)


@get("/work/partners/{partner_id:str}", opt=_READS, sync_to_thread=True)
def partner_page(partner_id: FromPath[str], console: NamedDependency[Console]) -> Response[str]:
    """One partner."""
    return _partner(console, _facts(console, partner_id))


@post(
    "/work/partners/{partner_id:str}",
    opt=_CHANGES,
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def change_partner(
    partner_id: FromPath[str], form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """Other settings."""
    facts = _facts(console, partner_id)
    try:
        workflows.change_partner(
            console.ctx,
            console.actor,
            name=facts.view.partner.name,
            **_settings_of(console.page.words, form),
        )
    except MalformedField as error:
        return _partner(console, facts, error=error, form=form)
    return _redirect(facts)


@post(
    "/work/partners/{partner_id:str}/tokens",
    opt=_CHANGES,
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def issue_token(
    partner_id: FromPath[str], form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[str]:
    """One more token, shown this once; the others end if it says when."""
    t = console.page.words
    facts = _facts(console, partner_id)
    partner = facts.view.partner
    try:
        _, secret = workflows.issue_token(
            console.ctx,
            console.actor,
            name=partner.name,
            scopes=_scopes_of(form),
            token_days=number_or_none(t, form, "token_days"),
            ends_others_in_h=number_or_none(t, form, "ends_others_in_h"),
        )
    except MalformedField as error:
        return _partner(console, facts, error=error, form=form)
    return _token(console, partner, secret)


@post(
    "/work/partners/{partner_id:str}/tokens/{token_id:str}/end",
    opt=_CHANGES,
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def end_token(
    partner_id: FromPath[str], token_id: FromPath[str], console: NamedDependency[Console]
) -> Redirect:
    """End one token at once."""
    facts = _facts(console, partner_id)
    workflows.revoke_token(
        console.ctx, console.actor, name=facts.view.partner.name, token_id=token_id
    )
    return _redirect(facts)


@post(
    "/work/partners/{partner_id:str}/dismiss",
    opt=_CHANGES,
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def dismiss_partner(
    partner_id: FromPath[str], form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """End all that it has, once it was said that this is meant."""
    facts = _facts(console, partner_id)
    try:
        require_sure(console.page.words, form)
    except MalformedField as error:
        return _partner(console, facts, error=error, form=form)
    workflows.dismiss_partner(console.ctx, console.actor, name=facts.view.partner.name)
    return _redirect(facts)


def _facts(console: Console, partner_id: str) -> PartnerFacts:
    return workflows.read_partner(console.ctx, console.actor, partner_id=partner_id)


def _partners(
    console: Console, *, error: HaechiError | None = None, form: Form | None = None
) -> Response[str]:
    t = console.page.words
    problem = _problem(t, error)
    usual = {"kind": PartnerKind.PLATFORM.value, "scope_match": "yes", "keeps_lookups_h": "0"}
    usual["lookups_per_min"] = str(USUAL_LOOKUPS_PER_MIN)
    return console.show(
        "work/partners.html",
        view="partners",
        status_code=problem.status_code,
        problem=problem,
        partners=workflows.list_partners(console.ctx, console.actor),
        now=utc_now(),
        **_choices(t, usual if form is None else form),
    )


def _partner(
    console: Console,
    facts: PartnerFacts,
    *,
    error: HaechiError | None = None,
    form: Form | None = None,
) -> Response[str]:
    t = console.page.words
    problem = _problem(t, error)
    is_of_token = problem.field in ("scope", "token_days", "ends_others_in_h")
    settings = _settings_typed(facts.view.partner)
    typed = {**settings, **form} if form is not None else settings
    if form is not None and not is_of_token and "kind" in form:
        typed["adults"] = form.get("adults", "")
    return console.fill(
        "work/partner.html",
        status_code=problem.status_code,
        problem=problem,
        facts=facts,
        partner=facts.view.partner,
        now=utc_now(),
        **_choices(t, typed),
    )


def _token(console: Console, partner: Partner, secret: str) -> Response[str]:
    return console.show(
        "work/token.html", view="token", subject_id=partner.id, partner=partner, secret=secret
    )


def _problem(t: Words, error: HaechiError | None) -> Problem:
    return NO_PROBLEM if error is None else problem_of(t, error)


def _choices(t: Words, typed: Form) -> dict[str, Any]:
    return {
        "kinds": partner_kinds(t),
        "kind_names": dict(partner_kinds(t)),
        "scopes": [
            (f"scope_{value}", name, told, typed.get(f"scope_{value}", "") == "yes")
            for value, name, told in scope_words(t)
        ],
        "scope_names": {value: name for value, name, _ in scope_words(t)},
        "typed": {name: typed.get(name, "") for name in _TYPED},
    }


def _settings_of(t: Words, form: Form) -> dict[str, Any]:
    return {
        "kind": choice_of(t, form, "kind", PartnerKind),
        "serves_adults_only": is_ticked(form, "adults"),
        "purpose": form.get("purpose", ""),
        "contact": form.get("contact", ""),
        "lookups_per_min": whole_number(t, form, "lookups_per_min"),
        "keeps_lookups_h": whole_number(t, form, "keeps_lookups_h"),
    }


def _settings_typed(partner: Partner) -> Form:
    return {
        "kind": partner.reader.kind.value,
        "adults": "yes" if partner.reader.serves_adults_only else "",
        "purpose": partner.purpose,
        "contact": partner.contact,
        "lookups_per_min": str(partner.lookups_per_min),
        "keeps_lookups_h": str(partner.keeps_lookups_h),
    }


def _scopes_of(form: Form) -> frozenset[str]:
    prefix = "scope_"
    return frozenset(
        name.removeprefix(prefix)
        for name, value in form.items()
        if name.startswith(prefix) and value == "yes"
    )


def _redirect(facts: PartnerFacts) -> Redirect:
    return Redirect(f"/work/partners/{facts.view.partner.id}", status_code=HTTP_303_SEE_OTHER)


HANDLERS: Final = (
    partners_page,
    admit_partner,
    partner_page,
    change_partner,
    issue_token,
    end_token,
    dismiss_partner,
)
