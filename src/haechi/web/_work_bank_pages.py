# SPDX-License-Identifier: Apache-2.0
"""Banks in the console: the list, a new one, and one with its settings, its partners and its contents."""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER

from haechi import workflows
from haechi.errors import MalformedField
from haechi.values import PDQ_MATCH_RADIUS_BITS, BankPolicy, ContentStatus, StaffRole
from haechi.web._console import Console
from haechi.web._forms import Form
from haechi.web._words import Words
from haechi.web._work_fields import (
    MOST_DIGITS,
    NO_PROBLEM,
    Problem,
    choice_of,
    is_ticked,
    problem_of,
    whole_number,
)
from haechi.web._work_words import origin_words, policy_words, status_words
from haechi.workflows import Bank, Duty, Gate

_QUARANTINED: Final = "quarantined"

_READS: Final = {"gate": Gate.STAFF, "duty": Duty.READ_BANKS}
_WRITES: Final = {"gate": Gate.STAFF, "duty": Duty.WRITE_BANKS, "body": "form"}
_GIVES_ACCESS: Final = {"gate": Gate.STAFF, "duty": Duty.PARTNERS, "body": "form"}

Req = Request[Any, Any, Any]


@get("/work/banks", opt=_READS, sync_to_thread=True)
def banks_page(console: NamedDependency[Console]) -> Response[str]:
    """Every bank, and the form for one more."""
    return _banks(console)


@post("/work/banks", opt=_WRITES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def create_bank(form: NamedDependency[Form], console: NamedDependency[Console]) -> Response[Any]:
    """A new bank."""
    t = console.page.words
    try:
        made = workflows.create_bank(
            console.ctx, console.actor, name=form.get("name", ""), **_settings_of(t, form)
        )
    except MalformedField as error:
        return _banks(console, problem=problem_of(t, error), typed=_typed(form))
    return _redirect(made)


@get("/work/banks/{bank_id:str}", opt=_READS, sync_to_thread=True)
def bank_page(
    request: Req, bank_id: FromPath[str], console: NamedDependency[Console]
) -> Response[str]:
    """One bank and a page of its contents."""
    return _bank(console, bank_of(console, bank_id), request)


@post("/work/banks/{bank_id:str}", opt=_WRITES, status_code=HTTP_303_SEE_OTHER, sync_to_thread=True)
def change_bank(
    request: Req,
    bank_id: FromPath[str],
    form: NamedDependency[Form],
    console: NamedDependency[Console],
) -> Response[Any]:
    """Other settings."""
    t = console.page.words
    found = bank_of(console, bank_id)
    try:
        changed = workflows.change_bank(
            console.ctx,
            console.actor,
            name=found.name,
            new_name=form.get("name", ""),
            **_settings_of(t, form),
        )
    except MalformedField as error:
        return _bank(console, found, request, problem=problem_of(t, error), typed=_typed(form))
    return _redirect(changed)


@post(
    "/work/banks/{bank_id:str}/access",
    opt=_GIVES_ACCESS,
    status_code=HTTP_303_SEE_OTHER,
    sync_to_thread=True,
)
def set_bank_access(
    bank_id: FromPath[str], form: NamedDependency[Form], console: NamedDependency[Console]
) -> Response[Any]:
    """What one partner may do with it."""
    found = bank_of(console, bank_id)
    workflows.set_bank_access(
        console.ctx,
        console.actor,
        name=found.name,
        partner=form.get("partner", ""),
        may_read=is_ticked(form, "may_read"),
        may_write=is_ticked(form, "may_write"),
    )
    return _redirect(found)


def bank_of(console: Console, bank_id: str) -> Bank:
    """The bank of this id.

    Raises:
        NotFound: there is none that anybody here is shown.
    """
    return workflows.find_bank(console.ctx, console.actor, bank_id=bank_id)


def _banks(
    console: Console, *, problem: Problem = NO_PROBLEM, typed: dict[str, str] | None = None
) -> Response[str]:
    t = console.page.words
    return console.show(
        "work/banks.html",
        view="banks",
        status_code=problem.status_code,
        problem=problem,
        banks=workflows.list_banks(console.ctx, console.actor),
        policies=policy_words(t),
        writers=_writers(t),
        typed=typed or _typed_of(Bank("", "", BankPolicy.REVIEW, PDQ_MATCH_RADIUS_BITS)),
        most_radius=PDQ_MATCH_RADIUS_BITS,
    )


def _bank(
    console: Console,
    found: Bank,
    request: Req,
    *,
    problem: Problem = NO_PROBLEM,
    typed: dict[str, str] | None = None,
) -> Response[str]:
    t = console.page.words
    asked = request.query_params.get("status", "")
    after = request.query_params.get("after", "")
    is_number = after.isascii() and after.isdecimal() and len(after) <= MOST_DIGITS
    view = workflows.read_bank(
        console.ctx,
        console.actor,
        name=found.name,
        after=int(after) if is_number else 0,
        status=ContentStatus(asked) if asked in set(ContentStatus) else None,
        is_quarantined=True if asked == _QUARANTINED else None,
    )
    partners = []
    if workflows.may(console.actor, Duty.PARTNERS):
        listed = workflows.list_partners(console.ctx, console.actor)
        partners = [one.partner.name for one in listed if one.partner.revoked_at is None]
    return console.fill(
        "work/bank.html",
        status_code=problem.status_code,
        problem=problem,
        view=view,
        asked=asked,
        filters=[("", t("All")), *status_words(t).items(), (_QUARANTINED, t("Quarantined"))],
        statuses=status_words(t),
        origins=origin_words(t),
        policies=policy_words(t),
        writers=_writers(t),
        partners=[(name, name) for name in partners],
        typed=typed or _typed_of(view.bank),
        most_radius=PDQ_MATCH_RADIUS_BITS,
    )


def _writers(t: Words) -> list[tuple[str, str]]:
    return [
        (StaffRole.LEAD.value, t("Leads")),
        (StaffRole.WORKER.value, t("Workers and leads")),
    ]


def _settings_of(t: Words, form: Form) -> dict[str, Any]:
    return {
        "policy": choice_of(t, form, "policy", BankPolicy),
        "radius_bits": whole_number(t, form, "radius_bits"),
        "note": form.get("note", ""),
        "is_on": is_ticked(form, "is_on"),
        "is_limited": is_ticked(form, "is_limited"),
        "writer_role": choice_of(t, form, "writer_role", StaffRole),
    }


def _typed(form: Form) -> dict[str, str]:
    names = ("name", "policy", "radius_bits", "note", "is_on", "is_limited", "writer_role")
    return {name: form.get(name, "") for name in names}


def _typed_of(one: Bank) -> dict[str, str]:
    return {
        "name": one.name,
        "policy": one.policy.value,
        "radius_bits": str(one.radius_bits),
        "note": one.note,
        "is_on": "yes" if one.is_on else "",
        "is_limited": "yes" if one.is_limited else "",
        "writer_role": one.writer_role.value,
    }


def _redirect(to: Bank) -> Redirect:
    return Redirect(f"/work/banks/{to.id}", status_code=HTTP_303_SEE_OTHER)


HANDLERS: Final = (banks_page, create_bank, bank_page, change_bank, set_bank_access)
