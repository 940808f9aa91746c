# SPDX-License-Identifier: Apache-2.0
"""Opening a case: the report of one person, from fingerprints made on her own device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection

from haechi import audit, cases
from haechi.cases import Agency, Case, Sighting, Standing
from haechi.errors import AlreadySent, NotFound
from haechi.values import Actor, ActorKind, AgeFacts
from haechi.workflows._context import Context
from haechi.workflows._once import Answer, answer_before, do_once
from haechi.workflows._report import ReportedItem, digest_of, sign_and_keep, take_in

_VERB: Final = "open_case"
_UNSAID: Final = AgeFacts()


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What a person reports: items, sightings, or both; `language` is `ko` or `en`.

    `standing` says who reports. `may_act`: she asked the centre to act for her; False where she did not say. `send_key`: a random
    secret of what is sent, so that sending it again opens no second case; empty for none.
    """

    items: Sequence[ReportedItem]
    sightings: Sequence[Sighting]
    language: str
    ages: AgeFacts = _UNSAID
    may_act: bool = False
    standing: Standing = Standing.SELF
    send_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """What she is given, once: the passphrase is nowhere else, and the session is hers.

    `is_as_sent`: the case holds what was sent; False where it was sent before with other content, of
    which the first counts.
    """

    case: Case
    passphrase: str = field(repr=False)
    receipt: dict[str, Any] = field(repr=False)
    session_token: str = field(repr=False)
    is_as_sent: bool = True


def open_case(ctx: Context, report: CaseReport) -> OpenedCase:
    """Open a case; when this returns, the report is on disk and on its way to every live index.

    All or nothing: an error leaves no half report. Anybody may open a case; the faces limit how many
    come from one address. The same picture may be reported by several people. Sent again with the same
    `send_key`, it opens nothing and gives the same number, passphrase and receipt.

    Raises:
        MalformedField: nothing to act on, or too much at once.
        AlreadySent: it was sent before, so long ago that the passphrase cannot be shown again.
    """
    passphrase = passphrase_hash = ""
    if answer_before(ctx, _VERB, report.send_key) is None:
        passphrase = cases.new_passphrase(report.language)
        # Before the transaction: the hash takes its 20 ms while others write.
        passphrase_hash = cases.hash_passphrase(passphrase)

    made: list[OpenedCase] = []

    def act(tx: Connection) -> tuple[str, Answer]:
        if not passphrase_hash:  # it was sent before after all, and is forgotten since
            raise AlreadySent
        case, receipt = _store(ctx, tx, report, passphrase_hash)
        # In this transaction, so that nothing stands between the commit and her answer.
        made.append(OpenedCase(case, passphrase, receipt, cases.begin_session(tx, case.id)))
        return case.id, {"passphrase": passphrase, "receipt": receipt, "of": _digest(report)}

    case_id, answer = do_once(ctx, _VERB, report.send_key, act)
    if made and made[-1].case.id == case_id:
        ctx.changed()
        return made[-1]
    return _again(ctx, case_id, answer, is_as_sent=answer["of"] == _digest(report))


def _digest(report: CaseReport) -> str:
    more = (str(report.ages), str(report.may_act), report.standing.value)
    return digest_of(report.items, report.sightings, *more)


def _again(ctx: Context, case_id: str, answer: Answer, *, is_as_sent: bool) -> OpenedCase:
    with ctx.database.write() as tx:
        try:
            case = cases.read_case(tx, ctx.vault, case_id)
        except NotFound as error:  # it was erased since
            raise AlreadySent from error
        token = cases.begin_session(tx, case_id)
        audit.record(tx, Actor(ActorKind.PERSON, case_id), "enter_case", case_id)
    return OpenedCase(case, answer["passphrase"], answer["receipt"], token, is_as_sent)


def _store(
    ctx: Context, tx: Connection, report: CaseReport, passphrase_hash: str
) -> tuple[Case, dict[str, Any]]:
    number = cases.new_case_number()
    while cases.find_case(tx, number) is not None:
        number = cases.new_case_number()
    key_id = ctx.vault.new_key(tx)
    case = cases.open_case(
        tx,
        ctx.vault,
        number=number,
        passphrase_hash=passphrase_hash,
        key_id=key_id,
        language=report.language,
        items=take_in(ctx, tx, key_id, report.items),
        sightings=report.sightings,
        ages=report.ages,
        standing=report.standing,
        agency=Agency.YES if report.may_act else Agency.UNSET,
    )
    audit.record(tx, Actor(ActorKind.PERSON, case.id), _VERB, case.id)
    # Before the commit: a case without its receipt and passphrase would be nobody's.
    receipt = sign_and_keep(
        ctx, tx, case=case, items=report.items, sightings=report.sightings, kind="opened"
    )
    return case, receipt
