# SPDX-License-Identifier: Apache-2.0
"""Contacts and facts of law in the words of a language, with when they were last checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from babel import Locale
from babel.dates import format_date

from haechi import workflows
from haechi.web._words import Words
from haechi.workflows import Contact, LawFact, MayAct


@dataclass(frozen=True, slots=True)
class ShownContact:
    """A contact in the reader's language; `tel` is what a telephone dials, `checked` a sentence.

    `is_checked`: somebody of ours read it at its source within 90 days. `is_stale`: longer ago.
    """

    name: str
    phone: str
    tel: str
    url: str
    how: str
    hours: str
    serves: str
    source_url: str
    is_checked: bool
    is_stale: bool
    checked: str


@dataclass(frozen=True, slots=True)
class ShownFact:
    """One fact of law, or who may act and with what proof; the rest as in `ShownContact`."""

    says: str
    proof: str
    statute: str
    source_url: str
    is_checked: bool
    is_stale: bool
    checked: str


def shown_contact(t: Words, contact: Contact) -> ShownContact:
    """The contact in these words."""
    return ShownContact(
        name=t(contact.name),
        phone=contact.phone,
        tel=re.sub(r"[^0-9+]", "", contact.phone),
        url=contact.url,
        how=_said(t, contact.how),
        hours=_said(t, contact.hours),
        serves=t(contact.serves),
        source_url=contact.source_url,
        is_checked=workflows.is_checked_lately(contact.verified_on),
        is_stale=_is_stale(contact.verified_on),
        checked=_checked(t, contact.verified_on),
    )


def shown_fact(t: Words, fact: LawFact) -> ShownFact:
    """The fact in these words."""
    return ShownFact(
        says=t(fact.says),
        proof="",
        statute=fact.statute,
        source_url=fact.source_url,
        is_checked=workflows.is_checked_lately(fact.verified_on),
        is_stale=_is_stale(fact.verified_on),
        checked=_checked(t, fact.verified_on),
    )


def shown_right(t: Words, one: MayAct) -> ShownFact:
    """Who may act, and the proof that takes, in these words."""
    return ShownFact(
        says=t(one.who),
        proof=t(one.proof),
        statute=one.statute,
        source_url=one.source_url,
        is_checked=workflows.is_checked_lately(one.verified_on),
        is_stale=_is_stale(one.verified_on),
        checked=_checked(t, one.verified_on),
    )


def _said(t: Words, message: str) -> str:
    # The empty message is the head of a catalogue.
    return t(message) if message else ""


def _is_stale(verified_on: date | None) -> bool:
    return verified_on is not None and not workflows.is_checked_lately(verified_on)


def _checked(t: Words, verified_on: date | None) -> str:
    """When somebody of ours last read it at its source, said as it is."""
    if verified_on is None:
        return t("We have not been able to check this ourselves yet.")
    day = format_date(verified_on, "long", locale=Locale.parse(t.language, sep="-"))
    if _is_stale(verified_on):
        return t("Last checked on {day}, more than 90 days ago. It may have changed.", day=day)
    return t("Checked on {day}.", day=day)
