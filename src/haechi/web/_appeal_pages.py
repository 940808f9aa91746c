# SPDX-License-Identifier: Apache-2.0
"""Where an uploader says that his picture was something else, and asks how far that is. Open to everybody."""

from __future__ import annotations

from typing import Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK

from haechi import workflows
from haechi.errors import AlreadyAppealed, HaechiError, MalformedField, NotFound
from haechi.values import Actor
from haechi.web._forms import Form
from haechi.web._render import Page
from haechi.web._words import Words
from haechi.workflows import MOST_APPEAL_CHARS, AppealState, AppealStep, Context, Gate

_MOST_REFERENCE_CHARS: Final = 40


@get("/appeal", opt={"gate": Gate.OPEN}, sync_to_thread=False)
def appeal_page(page: NamedDependency[Page]) -> Response[str]:
    """The form for an appeal, and the one for asking how far it is."""
    return _show_form(page, {})


@post(
    "/appeal",
    opt={"gate": Gate.OPEN, "body": "form", "limit": "report"},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
)
def appeal(
    page: NamedDependency[Page],
    form: NamedDependency[Form],
    ctx: NamedDependency[Context],
    actor: NamedDependency[Actor],
) -> Response[str]:
    """A new appeal, or, where its own reference was filled in, how far one is.

    By a form, so that a reference is in no address. Whatever is not known gets one and the same answer.
    """
    reference = form.get("appeal_reference", "")[:_MOST_REFERENCE_CHARS]
    is_new = "appeal_reference" not in form
    try:
        if is_new:
            state = workflows.open_appeal(
                ctx,
                actor,
                match_id=form.get("match_reference", "")[:_MOST_REFERENCE_CHARS],
                text=form.get("text", ""),
            )
        else:
            state = workflows.read_appeal(ctx, actor, reference=reference)
    except (NotFound, AlreadyAppealed, MalformedField) as error:
        return _show_form(page, form, error=error)
    return page.show(
        "appeal_state.html", state=state, step=_step_words(page.words, state), is_new=is_new
    )


HANDLERS: Final = (appeal_page, appeal)


def _show_form(page: Page, form: Form, *, error: HaechiError | None = None) -> Response[str]:
    problem = None
    if isinstance(error, NotFound):
        problem = page.words("We do not know this reference. Please check it, sign by sign.")
    elif error is not None:
        problem = page.words.sentence(error)
    return page.show(
        "appeal.html",
        status_code=HTTP_200_OK if error is None else error.http_status,
        problem=problem,
        form=form,
        most_chars=MOST_APPEAL_CHARS,
    )


def _step_words(t: Words, state: AppealState) -> str:
    """How far it is, and nothing else."""
    return {
        AppealStep.RECEIVED: t("It has been received. Nobody has looked at it yet."),
        AppealStep.LOOKED_AT: t("It is being looked at."),
        AppealStep.UPHELD: t("It is decided: upheld. The platform can see it, too."),
        AppealStep.TURNED_DOWN: t("It is decided: not upheld. The platform can see it, too."),
    }[state.step]
