# SPDX-License-Identifier: Apache-2.0
"""Importing hash lists into a bank: in pieces, so that nobody waits long for their turn to write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from haechi import audit, bank, exchange
from haechi.bank import KnownContents, NewContent
from haechi.errors import NotYours, UnreadableList
from haechi.exchange import SetAside, UnreadableLine
from haechi.storage import new_id
from haechi.values import Actor, ActorKind, ListForm, Sharing
from haechi.workflows._bank_writers import bank_to_write, require_writer_of_some
from haechi.workflows._contents import origin_of
from haechi.workflows._context import Context
from haechi.workflows._permissions import Duty, require_duty

_LINES_AT_ONCE: Final = 1000
"""So many lines are one transaction, of about a tenth of a second."""

_BYTES_AT_ONCE: Final = 4 * 1024 * 1024
_MOST_KEPT_ASIDE: Final = 1000
_MOST_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a list.

    `known` contents are in the bank already from the same hand. `set_aside` counts what could not be read
    by its reason, `named` says where the first of it stand: the first thousand are kept under `import_id`.
    """

    import_id: str
    added: int
    known: int
    set_aside: dict[str, int]
    named: tuple[tuple[str, str], ...]


class _Tally:
    """What became of the list so far."""

    def __init__(self) -> None:
        self.import_id = new_id("imp")
        self.added = 0
        self.known = 0
        self.reasons: Counter[str] = Counter()
        self.named: list[tuple[str, str]] = []

    def to_keep(self, bad: Iterable[tuple[str, UnreadableLine]]) -> list[tuple[str, str]]:
        """Count these, and say which of them are to be kept."""
        places = [(place, line.reason) for place, line in bad]
        room = _MOST_KEPT_ASIDE - self.reasons.total()
        self.reasons.update(reason for _, reason in places)
        self.named += places[: _MOST_NAMED - len(self.named)]
        return places[: max(room, 0)]

    def report(self) -> ImportReport:
        """The tally at the end."""
        return ImportReport(
            self.import_id, self.added, self.known, dict(self.reasons), tuple(self.named)
        )


def import_bank(
    ctx: Context,
    actor: Actor,
    *,
    name: str,
    stream: BinaryIO,
    form: ListForm = ListForm.AUTO,
    shows_adults_only: bool = False,
) -> ImportReport:
    """Put the contents of a list into a bank.

    What the same hand put into this bank before, and did not withdraw, is not put in again: an import that
    was interrupted is simply done again. What cannot be read is set aside, counted and named by its place
    and why, and never ends the rest. As in `add_to_bank`, what was imported reaches services for adults
    only just if the list surely shows adults only.

    Each thousand lines are a transaction of their own with a row in the audit log.

    Raises:
        NeedsAccess, NotYours: no staff that may write into the bank. NotFound: no such bank.
        UnreadableList: not one line of it could be read.
    """
    require_writer_of_some(actor)
    if actor.kind is ActorKind.PARTNER:
        raise NotYours
    with ctx.database.read() as tx:
        bank_id = bank_to_write(tx, actor, name).id
        kind, origin_id = origin_of(actor)
        known = KnownContents(ctx.vault, bank_id, origin_kind=kind, origin_id=origin_id)
        known.catch_up(tx)
    tally = _Tally()
    sharing = Sharing(reaches_adult_services=shows_adults_only)
    for piece in _pieces(exchange.read_list(stream, form)):
        _put(ctx, actor, name, piece, known=known, tally=tally, sharing=sharing)
    if tally.reasons and not tally.added and not tally.known:
        raise UnreadableList(lines=tally.reasons.total())
    return tally.report()


def read_set_aside(ctx: Context, actor: Actor, *, origin_id: str) -> list[SetAside]:
    """Where in an import, or a source, what could not be read stands, and why; the first thousand.

    Raises:
        NeedsAccess, NotYours: not one who reads banks.
    """
    require_duty(actor, Duty.READ_BANKS)
    with ctx.database.read() as tx:
        return exchange.all_set_aside(tx, origin_id, limit=_MOST_KEPT_ASIDE)


def _put(
    ctx: Context,
    actor: Actor,
    name: str,
    piece: list[tuple[str, NewContent | UnreadableLine]],
    *,
    known: KnownContents,
    tally: _Tally,
    sharing: Sharing,
) -> None:
    bad = [(place, one) for place, one in piece if isinstance(one, UnreadableLine)]
    good = [one for _, one in piece if isinstance(one, NewContent)]
    kind, origin_id = origin_of(actor)
    with ctx.database.write() as tx:
        # Anew in each piece: the bank may have been closed to this hand meanwhile.
        bank_id = bank_to_write(tx, actor, name).id
        key_id = bank.bank_key(tx, ctx.vault, bank_id)
        known.take_turn(tx)
        fresh = [one for one in good if known.add(one.signals)]
        bank.add_contents(
            tx,
            ctx.vault,
            fresh,
            bank_id=bank_id,
            key_id=key_id,
            sharing=sharing,
            origin_kind=kind,
            origin_id=origin_id,
        )
        known.pass_over(tx)
        exchange.set_aside_many(tx, tally.import_id, tally.to_keep(bad))
        counts = f"added={len(fresh)} known={len(good) - len(fresh)} aside={len(bad)}"
        audit.record(tx, actor, "import_bank", bank_id, detail=f"import={tally.import_id} {counts}")
    tally.added += len(fresh)
    tally.known += len(good) - len(fresh)
    if fresh:
        ctx.changed()


def _pieces(
    told: Iterator[tuple[str, NewContent | UnreadableLine]],
) -> Iterator[list[tuple[str, NewContent | UnreadableLine]]]:
    """The list in pieces of so many lines, or of so many bytes where its lines are long."""
    piece: list[tuple[str, NewContent | UnreadableLine]] = []
    size = 0
    for one in told:
        piece.append(one)
        if isinstance(one[1], NewContent):
            size += sum(len(signal.value) for signal in one[1].signals)
        if len(piece) >= _LINES_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
