# SPDX-License-Identifier: Apache-2.0
"""The routes by which partners say what a match was, and pass appeals on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_201_CREATED
from msgspec import Meta, Struct

from haechi import workflows
from haechi.values import Actor, Opinion
from haechi.workflows import (
    MOST_APPEAL_CHARS,
    MOST_OPINIONS,
    AppealState,
    AppealStep,
    Context,
    Gate,
    Said,
    Scope,
)

_OPT: Final = {"gate": Gate.PARTNER, "scope": Scope.OPINIONS}
_ID = Annotated[str, Meta(max_length=40)]


_OPINIONS_EXAMPLE: Final = {"opinions": [{"match": "mat_of_a_match", "opinion": "confirmed"}]}
_APPEAL_EXAMPLE: Final = {"match": "mat_of_a_match", "text": "It is a photo of my garden."}


class OpinionBody(Struct, forbid_unknown_fields=True):
    """What a match was; `content` instead of `match`: of the content as a whole."""

    opinion: Opinion
    match: _ID = ""
    content: _ID = ""


class OpinionsBody(Struct, forbid_unknown_fields=True):
    """Opinions, all taken or none."""

    opinions: Annotated[list[OpinionBody], Meta(min_length=1, max_length=MOST_OPINIONS)]


class OpinionsAnswer(Struct):
    """How many were taken."""

    taken: int


class AppealBody(Struct, forbid_unknown_fields=True):
    """The match that an uploader says is none, and what he says."""

    match: _ID
    text: Annotated[str, Meta(min_length=1, max_length=MOST_APPEAL_CHARS)]


class AppealAnswer(Struct):
    """How far an appeal is; `reference` is for the uploader."""

    reference: str
    step: AppealStep
    opened_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, state: AppealState) -> AppealAnswer:
        """The shape of an appeal's state."""
        return cls(state.reference, state.step, state.opened_at, state.decided_at)


@post(
    "/v1/opinions",
    opt={**_OPT, "body": "json", "example": _OPINIONS_EXAMPLE},
    status_code=HTTP_200_OK,
    sync_to_thread=True,
    summary="Say what a match was",
)
def give_opinions(
    data: JSONBody[OpinionsBody], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> OpinionsAnswer:
    """`confirmed`: it is what the bank says. `not_this`: the upload is something else. `disputed`: the
    content should not be in the bank. The latest of yours counts.
    """
    said = [Said(one.opinion, one.match, one.content) for one in data.opinions]
    return OpinionsAnswer(workflows.give_opinions(ctx, actor, said))


@post(
    "/v1/appeals",
    opt={**_OPT, "body": "json", "example": _APPEAL_EXAMPLE},
    status_code=HTTP_201_CREATED,
    sync_to_thread=True,
    summary="Pass an uploader's appeal on",
)
def open_appeal(
    data: JSONBody[AppealBody], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> AppealAnswer:
    """The answer's reference is the uploader's: by it he asks how far it is."""
    state = workflows.open_appeal(ctx, actor, match_id=data.match, text=data.text)
    return AppealAnswer.of(state)


@get("/v1/appeals/{reference:str}", opt=_OPT, sync_to_thread=True, summary="How far an appeal is")
def read_appeal(
    reference: FromPath[str], ctx: NamedDependency[Context], actor: NamedDependency[Actor]
) -> AppealAnswer:
    """Of a match of yours only."""
    return AppealAnswer.of(workflows.read_appeal(ctx, actor, reference=reference))


HANDLERS = [give_opinions, open_appeal, read_appeal]
