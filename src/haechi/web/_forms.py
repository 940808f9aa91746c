# SPDX-License-Identifier: Apache-2.0
"""Forms as they were sent: read here, so that what she wrote is kept nowhere.

Litestar's own reader keeps the last thousand bodies in a cache; passphrases must not stay in memory.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request

from haechi.errors import BadInput
from haechi.values import AgeFacts, PartnerKind
from haechi.workflows import SharingWish, Sighting, Standing

_MAX_FIELDS: Final = 20
_MAX_NUMBER_CHARS: Final = 40
_MAX_PASSPHRASE_CHARS: Final = 400

_AGES: Final = {
    "under_18": AgeFacts(under_18_when_taken=True, under_19_kr=True),
    "eighteen": AgeFacts(under_18_when_taken=False, under_19_kr=True),
    "adult": AgeFacts(under_18_when_taken=False, under_19_kr=False),
    "unknown": AgeFacts(),
}
SHARING_DAYS: Final = (30, 180, 365)

Form = dict[str, str]


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """The fields of an urlencoded form, without the spaces around them; the last of a name counts.

    Raises:
        BadInput: this is no form.
    """
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise BadInput from error
    # Browsers send CR LF for a line end and count it as one character against `maxlength`.
    return {name: value.replace("\r\n", "\n").strip() for name, value in pairs}


def new_send_key() -> str:
    """A fresh secret for a form, by which the server knows it again when it is sent twice."""
    return secrets.token_urlsafe(24)


def send_key_of(form: Form) -> str:
    """The secret that came with a form; a fresh one where somebody took it out."""
    return form.get("send_key", "") or new_send_key()


def number_of(form: Form) -> str:
    """The case number as it was typed, no longer than one can be."""
    return form.get("case_number", "")[:_MAX_NUMBER_CHARS]


def passphrase_of(form: Form) -> str:
    """The passphrase as it was typed, no longer than one can be."""
    return form.get("passphrase", "")[:_MAX_PASSPHRASE_CHARS]


def sighting_of(form: Form) -> Sighting:
    """The place that a form tells of.

    Raises:
        MalformedField: it tells of none, or a field is not as it should be.
    """
    return Sighting(
        url=form.get("url", ""),
        place=form.get("place", ""),
        note=form.get("note", ""),
        told_by=form.get("told_by", ""),
        first_heard_on=form.get("first_heard_on", ""),
        threats=form.get("threats", ""),
    )


def ages_of(form: Form) -> AgeFacts:
    """What the one question about age was answered; an answer we do not know is none."""
    return _AGES.get(form.get("age", ""), AgeFacts())


def standing_of(form: Form) -> Standing:
    """Who fills in the form; an answer we do not know is the person herself."""
    answer = form.get("standing", "")
    return Standing(answer) if answer in set(Standing) else Standing.SELF


def age_answer(ages: AgeFacts) -> str:
    """The answer that stands for these facts: the inverse of `ages_of`."""
    return next((name for name, facts in _AGES.items() if facts == ages), "unknown")


def wish_of(form: Mapping[str, str]) -> SharingWish:
    """With whom, and for how long: `share` is `all`, `some` (then a box for each kind) or `none`.

    Raises:
        BadInput: it is none of these, or a number of days that the page does not offer.
    """
    choice = form.get("share", "")
    if choice == "all":
        kinds = frozenset(PartnerKind)
    elif choice in ("some", "none"):
        kinds = frozenset(
            kind for kind in PartnerKind if choice == "some" and form.get(f"kind_{kind.value}")
        )
    else:
        raise BadInput
    days = form.get("days", "")
    if not days or not kinds:
        return SharingWish(kinds)
    if days == "keep":
        return SharingWish(kinds, keeps_end=True)
    if days not in map(str, SHARING_DAYS):
        raise BadInput
    return SharingWish(kinds, int(days))
