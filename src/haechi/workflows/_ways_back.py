# SPDX-License-Identifier: Apache-2.0
"""Ways back into a case: a new passphrase, recovery codes, a secret shared with the centre."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from haechi import audit, cases
from haechi.errors import AlreadySent, NotFound, WrongPassphrase
from haechi.values import Actor, ActorKind
from haechi.workflows._access import hold_back
from haechi.workflows._context import Context
from haechi.workflows._once import Answer, answer_before, do_once
from haechi.workflows._permissions import require_operator, require_person

_RECOVER: Final = "recover_case"


@dataclass(frozen=True, slots=True)
class Recovered:
    """A new passphrase, shown once, and a session."""

    case_number: str
    passphrase: str = field(repr=False)
    session_token: str = field(repr=False)


def make_codes(ctx: Context, actor: Actor, *, present: str, send_key: str = "") -> list[str]:
    """Eight fresh recovery codes for this person's case; earlier ones open nothing any more.

    Whoever finds her page open cannot make himself a key: the present passphrase is asked for.

    Raises:
        NeedsAccess: not a person in a case. WrongPassphrase: the present one is another.
        AlreadySent: as `do_once`.
    """
    case_id = require_person(actor)
    _check_present(ctx, case_id, present)

    def act(tx: Connection) -> tuple[str, Answer]:
        cases.hold_case(tx, case_id)  # no case, no codes
        audit.record(tx, actor, "make_codes", case_id)
        return case_id, {"codes": cases.make_codes(tx, case_id)}

    return list(_own(do_once(ctx, "make_codes", send_key, act), case_id)["codes"])


def make_split(ctx: Context, actor: Actor, *, present: str, send_key: str = "") -> str:
    """Her half of a fresh secret of which the centre keeps the other half; asks as `make_codes` does.

    Raises:
        NeedsAccess: not a person in a case. WrongPassphrase: the present one is another.
        AlreadySent: as `do_once`.
    """
    case_id = require_person(actor)
    _check_present(ctx, case_id, present)

    def act(tx: Connection) -> tuple[str, Answer]:
        key_id = cases.hold_case(tx, case_id)
        audit.record(tx, actor, "make_split", case_id)
        return case_id, {"half": cases.make_split(tx, ctx.vault, key_id, case_id)}

    return str(_own(do_once(ctx, "make_split", send_key, act), case_id)["half"])


def end_split(ctx: Context, actor: Actor) -> None:
    """The centre keeps no half any more; again is no change.

    Raises:
        NeedsAccess: not a person in a case.
    """
    case_id = require_person(actor)
    with ctx.database.write() as tx:
        cases.hold_case(tx, case_id)
        cases.forget_split(tx, case_id)
        audit.record(tx, actor, "end_split", case_id)


def tell_half(ctx: Context, actor: Actor, *, case_number: str) -> str:
    """The centre's half, for the operator to tell her once the centre knows that it is she; recorded.

    Alone it opens nothing. She sees in her case that it was asked for.

    Raises:
        NeedsAccess: not the operator. NotFound: no such case, or nothing is shared with the centre.
    """
    require_operator(actor)
    with ctx.database.write() as tx:
        found = cases.find_case(tx, case_number)
        if found is None or not found[1]:
            raise NotFound
        half = cases.centre_half(tx, ctx.vault, cases.hold_case(tx, found[0]), found[0])
        if half is None:
            raise NotFound
        audit.record(tx, actor, "tell_half", found[0])
    return half


def change_passphrase(
    ctx: Context,
    actor: Actor,
    *,
    present: str,
    language: str,
    session_token: str,
    send_key: str = "",
) -> str:
    """A new passphrase for this person's case, once she typed the present one.

    Whoever knew the old one is out: other sessions end, recovery codes and the split open nothing any
    more, and no repeat of an earlier sending shows or opens anything.

    Raises:
        NeedsAccess: not a person in a case. WrongPassphrase: the present one is another.
        AlreadySent: as `do_once`.
    """
    case_id = require_person(actor)
    fresh = fresh_hash = ""
    if answer_before(ctx, "change_passphrase", send_key) is None:
        _check_present(ctx, case_id, present)
        fresh = cases.new_passphrase(language)
        fresh_hash = cases.hash_passphrase(fresh)

    def act(tx: Connection) -> tuple[str, Answer]:
        cases.hold_case(tx, case_id)
        _set(tx, case_id, fresh_hash)
        cases.forget_codes(tx, case_id)
        cases.forget_split(tx, case_id)
        cases.end_other_sessions(tx, case_id, session_token)
        audit.record(tx, actor, "change_passphrase", case_id)
        return case_id, {"passphrase": fresh}

    return str(_own(do_once(ctx, "change_passphrase", send_key, act), case_id)["passphrase"])


def recover_case(
    ctx: Context, *, case_number: str, code: str, language: str, send_key: str = ""
) -> Recovered:
    """Come back with a recovery code, or with both halves: a new passphrase, and a session.

    A wrong number and a wrong code give the same answer after the same work. The code is used up, the
    other codes stay; the earlier passphrase and every open session end.

    Raises:
        WrongPassphrase: they do not belong together, or there is no such case. AlreadySent: as `do_once`.
    """
    fresh = fresh_hash = ""
    if answer_before(ctx, _RECOVER, send_key) is None:
        fresh = cases.new_passphrase(language)
        # Also for a wrong code: the work is the same.
        fresh_hash = cases.hash_passphrase(fresh)

    made: list[Recovered] = []

    def act(tx: Connection) -> tuple[str, Answer]:
        found = cases.find_case(tx, case_number) or ("", "")
        if found[1]:
            cases.hold_case(tx, found[0])
        # Asked of no case too, so that the work is the same.
        if not cases.use_recovery(tx, found[0], code):
            raise WrongPassphrase
        _set(tx, found[0], fresh_hash)
        cases.end_other_sessions(tx, found[0], "")
        audit.record(tx, Actor(ActorKind.PERSON, found[0]), _RECOVER, found[0])
        token = cases.begin_session(tx, found[0])
        made.append(Recovered(cases.case_lock(tx, found[0])[0], fresh, token))
        return found[0], {"passphrase": fresh}

    try:
        case_id, answer = do_once(ctx, _RECOVER, send_key, act)
    except WrongPassphrase:
        raise hold_back(ctx, case_number) from None
    if made and made[-1].passphrase == answer["passphrase"]:
        return made[-1]
    with ctx.database.write() as tx:
        number, stored_hash = cases.case_lock(tx, case_id)
        if not stored_hash:  # it was erased since
            raise AlreadySent
        token = cases.begin_session(tx, case_id)
        audit.record(tx, Actor(ActorKind.PERSON, case_id), "enter_case", case_id)
    return Recovered(number, answer["passphrase"], token)


def _check_present(ctx: Context, case_id: str, present: str) -> None:
    """Let pass who knows the present passphrase; a wrong one is held back as at the door."""
    with ctx.database.read() as tx:
        number, stored_hash = cases.case_lock(tx, case_id)
    if not cases.check_passphrase(stored_hash, present):
        raise hold_back(ctx, number)


def _set(tx: Connection, case_id: str, fresh_hash: str) -> None:
    if not fresh_hash:  # it was sent before after all, and is forgotten since
        raise AlreadySent
    cases.set_passphrase(tx, case_id, fresh_hash)


def _own(done: tuple[str, Answer], case_id: str) -> Answer:
    if done[0] != case_id:
        raise NotFound
    return done[1]
