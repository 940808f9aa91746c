# SPDX-License-Identifier: Apache-2.0
"""What every page of the console has: its reader, the way to the other pages, and that it is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.settings import STAFF_COOKIE, Settings
from haechi.values import Actor, StaffRole
from haechi.web._render import Page
from haechi.web._words import Words
from haechi.workflows import Context, Duty

Req = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A page that the reader may open; `key` is its access key."""

    path: str
    text: str
    key: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class Console:
    """One answer to one user of the console. Handlers of `/work` pages ask for it as `console`."""

    page: Page
    ctx: Context
    actor: Actor

    def show(
        self,
        template: str,
        *,
        view: str,
        subject_id: str = "",
        status_code: int = HTTP_200_OK,
        cookies: Sequence[Cookie] = (),
        **values: object,
    ) -> Response[str]:
        """The template, filled; before that, `view_<view>` of `subject_id` is recorded."""
        workflows.note_view(self.ctx, self.actor, page=view, subject_id=subject_id)
        return self.fill(template, status_code=status_code, cookies=cookies, **values)

    def fill(
        self,
        template: str,
        *,
        status_code: int = HTTP_200_OK,
        cookies: Sequence[Cookie] = (),
        **values: object,
    ) -> Response[str]:
        """The template, filled, where the verb that read what it shows has recorded the look itself.

        Besides what `Page.show` gives, a template may use `actor`, `links` and `can("<duty>")`.
        """
        return self.page.show(
            template,
            status_code=status_code,
            cookies=cookies,
            actor=self.actor,
            links=links_for(self.page.words, self.actor, self.page.path),
            can=lambda duty: workflows.may(self.actor, Duty(duty)),
            **values,
        )


def console_of(
    page: NamedDependency[Page], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> Console:
    """The console as this request's user sees it: a dependency."""
    return Console(page, ctx, actor)


def links_for(t: Words, actor: Actor, path: str) -> list[Link]:
    """The pages of the console that this user may open, in the order of the menu."""
    pages: list[tuple[str, str, str, Duty | None]] = [
        ("/work", t("Home"), "h", None),
        ("/work/review", t("Review"), "r", Duty.REVIEW),
        ("/work/banks", t("Banks"), "b", Duty.READ_BANKS),
        ("/work/partners", t("Partners"), "p", Duty.PARTNERS),
        ("/work/sources", t("Sources"), "s", Duty.SOURCES),
        ("/work/users", t("Users"), "u", Duty.USERS),
        ("/work/audit", t("Audit log"), "a", Duty.READ_AUDIT),
        ("/work/me", t("Your account"), "m", None),
        ("/work/help", t("Keys"), "k", None),
    ]
    return [
        Link(to, text, key, is_here=to == path)
        for to, text, key, duty in pages
        if duty is None or workflows.may(actor, duty)
    ]


def role_name(t: Words, role: StaffRole) -> str:
    """What a role is called."""
    return {
        StaffRole.WORKER: t("Worker"),
        StaffRole.LEAD: t("Lead"),
        StaffRole.AUDITOR: t("Auditor"),
        StaffRole.ADMIN: t("Admin"),
    }[role]


def staff_cookie(settings: Settings, token: str) -> Cookie:
    """The cookie that carries this session; with an empty token, the one that takes it back."""
    return Cookie(**settings.staff_cookie(token))


def staff_token(request: Req) -> str:
    """The token of the session that the browser holds; empty if there is none."""
    return request.cookies.get(STAFF_COOKIE, "")
