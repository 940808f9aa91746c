# SPDX-License-Identifier: Apache-2.0
"""Lists into banks and out of them: nothing twice, nothing lost, nothing to whom it is not shared."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from installations import OPERATOR, PLATFORM, digest, image, pdq_value, report
from sqlalchemy import select

from haechi import bank, exchange, workflows
from haechi.audit._tables import audit_event
from haechi.errors import NotFound, NotYours, UnreadableList
from haechi.exchange import all_set_aside, count_set_aside
from haechi.values import (
    Actor,
    ActorKind,
    AgeFacts,
    ListForm,
    PartnerKind,
    Signal,
    SignalType,
    StaffRole,
)
from haechi.workflows import Context, ReportedItem, SharingWish, screen_signals

LEAD = Actor(ActorKind.STAFF, "usr_lead", role=StaffRole.LEAD)
OTHER_LEAD = Actor(ActorKind.STAFF, "usr_other", role=StaffRole.LEAD)
FORMS = [form for form in ListForm if form is not ListForm.AUTO]
REGIONAL = Signal(
    SignalType.RPDQ, b"\x01\xff\xff\xff\xff" + bytes(32) + bytes(2) + bytes(2) + bytes(2)
)


def _list(*seeds: int) -> bytes:
    return b"".join(f"pdq {pdq_value(seed).hex}\n".encode() for seed in seeds)


def _import(ctx: Context, data: bytes, *, actor: Actor = LEAD, name: str = "known", **more: object):
    return workflows.import_bank(ctx, actor, name=name, stream=io.BytesIO(data), **more)


def _export(ctx: Context, form: ListForm = ListForm.JSONL, name: str = "known", **more: object):
    return "".join(workflows.export_bank(ctx, LEAD, name=name, form=form, **more))


def _in_bank(ctx: Context, name: str = "known") -> list[tuple[Signal, ...]]:
    with ctx.database.read() as tx:
        contents = bank.contents_of(tx, bank.bank_named(tx, name).id, limit=10_000)
        signals = bank.signals_of(tx, ctx.vault, [one.entry_id for one in contents])
    return [signals.get(one.entry_id, ()) for one in contents]


def _verbs(ctx: Context) -> list[tuple[str, str]]:
    with ctx.database.read() as tx:
        rows = tx.execute(select(audit_event).order_by(audit_event.c.id)).all()
    return [(row.verb, row.detail) for row in rows]


@pytest.fixture
def known(ctx: Context) -> Context:
    workflows.create_bank(ctx, LEAD, name="known")
    return ctx


class TestImporting:
    """A list comes in once, and what is bad of it is named."""

    def test_twice_adds_nothing_twice(self, each_ctx: Context) -> None:
        ctx = each_ctx
        workflows.create_bank(ctx, LEAD, name="known")
        first = _import(ctx, _list(1, 2, 2, 3))
        assert (first.added, first.known, first.set_aside) == (3, 1, {})
        again = _import(ctx, _list(3, 1, 2, 4).upper().replace(b"PDQ", b"pdq"))
        assert (again.added, again.known) == (1, 3)
        assert _in_bank(ctx) == [(pdq_value(seed),) for seed in (1, 2, 3, 4)]
        ctx.live.catch_up()
        assert len(screen_signals(ctx, PLATFORM, [pdq_value(4)])) == 1

    def test_one_that_was_interrupted_is_done_again(
        self, known: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.workflows._import_bank._LINES_AT_ONCE", 2)

        class Breaks(io.BytesIO):
            def readline(self, size: int | None = -1) -> bytes:
                line = super().readline(-1 if size is None else size)
                if line.startswith(b"!"):
                    raise OSError("the disk is gone")
                return line

        # So much is read ahead to see how the list is written.
        head = b"#" * 5000 + b"\n"
        stream = Breaks(head + _list(1, 2, 3, 4, 5) + b"!\n")
        with pytest.raises(OSError, match="gone"):
            workflows.import_bank(known, LEAD, name="known", stream=stream)
        assert len(_in_bank(known)) == 4
        done = _import(known, head + _list(1, 2, 3, 4, 5, 6))
        assert (done.added, done.known) == (2, 4)
        assert len(_in_bank(known)) == 6

    def test_two_at_once_add_it_once(
        self, each_ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.workflows._import_bank._LINES_AT_ONCE", 4)
        workflows.create_bank(each_ctx, LEAD, name="known")
        data = _list(*range(40))
        with ThreadPoolExecutor(2) as threads:
            done = [threads.submit(_import, each_ctx, data) for _ in range(2)]
            reports = [one.result() for one in done]
        stored = _in_bank(each_ctx)
        assert len(stored) == 40
        assert set(stored) == {(pdq_value(seed),) for seed in range(40)}
        assert sum(one.added for one in reports) == sum(one.known for one in reports) == 40

    def test_held_and_withdrawn_ones(self, known: Context) -> None:
        _import(known, _list(1, 2))
        with known.database.read() as tx:
            ids = [one.id for one in bank.contents_of(tx, bank.bank_named(tx, "known").id)]
        workflows.hold_content(known, LEAD, bank_name="known", content_id=ids[0])
        workflows.withdraw_content(known, LEAD, bank_name="known", content_id=ids[1])
        report = _import(known, _list(1, 2))
        # Held, it is known and stays held; withdrawn, it is reported anew.
        assert (report.added, report.known) == (1, 1)
        known.live.catch_up()
        assert screen_signals(known, PLATFORM, [pdq_value(1)]) == []

    def test_what_others_put_in_is_theirs(self, known: Context) -> None:
        _import(known, _list(1))
        assert _import(known, _list(1), actor=OTHER_LEAD).added == 1

    def test_bad_lines_are_counted_and_named_and_not_kept(self, known: Context) -> None:
        secret = "5e" * 31
        data = _list(1) + f"pdq {secret}\nphotodna {secret}\n{secret}\n".encode() + _list(2)
        report = _import(known, data)
        assert (report.added, report.set_aside) == (
            2,
            {
                "a value that is none of its type": 1,
                "a type that is not known here": 1,
                "no signal": 1,
            },
        )
        assert report.named[0] == ("line 2", "a value that is none of its type")
        with known.database.read() as tx:
            kept = all_set_aside(tx, report.import_id)
            assert count_set_aside(tx, report.import_id) == report.set_aside
        assert [(one.place, one.reason) for one in kept] == list(report.named)
        assert secret not in repr((report, kept, _verbs(known)))

    def test_very_many_bad_lines_are_counted_and_the_first_kept(
        self, known: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.workflows._import_bank._LINES_AT_ONCE", 100)
        report = _import(known, b"x\n" * 1234 + _list(1))
        assert report.set_aside == {"no signal": 1234}
        assert len(report.named) == 20
        with known.database.read() as tx:
            assert len(all_set_aside(tx, report.import_id, limit=5000)) == 1000

    @pytest.mark.parametrize("data", [b"x\ny\nx\n", b"\x89PNG\r\n\x1a\n" + bytes(100)])
    def test_a_file_that_is_no_list_is_refused(self, known: Context, data: bytes) -> None:
        with pytest.raises(UnreadableList):
            _import(known, data)
        assert _in_bank(known) == []

    def test_an_empty_one_adds_nothing(self, known: Context) -> None:
        assert _import(known, b"").added == 0

    def test_hma_s_note_and_switch_come_with_it(self, known: Context) -> None:
        stored = [
            {"signals": {"pdq": pdq_value(1).hex}, "note": "seen", "disable_until_ts": 0},
            {"signals": {"pdq": pdq_value(2).hex}, "note": "", "disable_until_ts": 1},
        ]
        _import(known, json.dumps(stored).encode())
        view = workflows.read_bank(known, LEAD, name="known")
        assert [(one.status.value, one.has_note) for one in view.contents] == [
            ("held", True), ("active", False),
        ]  # fmt: skip

    def test_services_for_adults_are_told_only_of_lists_of_adults(self, known: Context) -> None:
        site, _ = workflows.admit_partner(
            known, OPERATOR, name="site", scopes=["match"], kind=PartnerKind.ADULT_SITE
        )
        actor = Actor(ActorKind.PARTNER, site.id, frozenset({"match"}), site.reader)
        _import(known, _list(1))
        _import(known, _list(2), shows_adults_only=True)
        known.live.catch_up()
        told = [bool(screen_signals(known, actor, [pdq_value(seed)])) for seed in (1, 2)]
        assert told == [False, True]

    def test_each_piece_is_one_line_of_the_log(
        self, known: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.workflows._import_bank._LINES_AT_ONCE", 2)
        report = _import(known, _list(1, 2, 1) + b"x\n")
        lines = [detail for verb, detail in _verbs(known) if verb == "import_bank"]
        assert lines == [
            f"import={report.import_id} added=2 known=0 aside=0",
            f"import={report.import_id} added=0 known=1 aside=1",
        ]

    def test_a_bank_that_is_closed_meanwhile_takes_no_more(
        self, known: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.workflows._import_bank._LINES_AT_ONCE", 1)
        workflows.change_bank(known, LEAD, name="known", writer_role=StaffRole.WORKER)
        worker = Actor(ActorKind.STAFF, "usr_worker", role=StaffRole.WORKER)

        def told(*_: object) -> Iterator[object]:
            for place, one in real(io.BytesIO(_list(1, 2)), ListForm.TX):
                yield place, one
                workflows.change_bank(known, LEAD, name="known", writer_role=StaffRole.LEAD)

        real = exchange.read_list
        monkeypatch.setattr(exchange, "read_list", told)
        with pytest.raises(NotYours):
            _import(known, b"", actor=worker)
        assert len(_in_bank(known)) == 1

    def test_no_partner_imports(self, known: Context) -> None:
        partner, _ = workflows.admit_partner(known, OPERATOR, name="p", scopes=["contribute"])
        workflows.set_bank_access(
            known, OPERATOR, name="known", partner="p", may_read=True, may_write=True
        )
        actor = Actor(ActorKind.PARTNER, partner.id, frozenset({"contribute"}), partner.reader)
        with pytest.raises(NotYours):
            _import(known, _list(1), actor=actor)


class TestExporting:
    """What is active, without regions; to a partner what consent says."""

    @pytest.mark.parametrize("form", FORMS)
    def test_what_was_exported_is_imported_as_it_was(
        self, each_ctx: Context, form: ListForm
    ) -> None:
        ctx = each_ctx
        for name in ("known", "copy"):
            workflows.create_bank(ctx, LEAD, name=name)
        film = Signal(SignalType.VPDQ, pdq_value(9).value + bytes([80]) + (1500).to_bytes(4))
        given = [(pdq_value(1),), (digest(2),), (digest(3, SignalType.MD5),), (film,)]
        for signals in given:
            workflows.add_to_bank(ctx, LEAD, bank_name="known", signals=signals)
        workflows.add_to_bank(ctx, LEAD, bank_name="known", signals=[REGIONAL])
        text = _export(ctx, form)
        report = _import(ctx, text.encode(), name="copy")
        assert (report.added, report.set_aside) == (4, {})
        assert _in_bank(ctx, "copy") == given

    def test_what_is_held_or_withdrawn_stays_here(self, known: Context) -> None:
        _import(known, _list(1, 2, 3))
        with known.database.read() as tx:
            ids = [one.id for one in bank.contents_of(tx, bank.bank_named(tx, "known").id)]
        workflows.hold_content(known, LEAD, bank_name="known", content_id=ids[0])
        workflows.withdraw_content(known, LEAD, bank_name="known", content_id=ids[1])
        assert [json.loads(line)["content"] for line in _export(known).splitlines()] == [ids[2]]

    def test_a_partner_is_handed_what_consent_says_and_its_own_made_up_values(
        self, ctx: Context
    ) -> None:
        wish = SharingWish(frozenset({PartnerKind.COMMUNITY}), None)
        ages = AgeFacts(under_18_when_taken=False, under_19_kr=False)
        shared = image(pdq_value(1), digest(1), digest(2, SignalType.MD5))
        opened = report(ctx, shared, ReportedItem(shared.kind, (pdq_value(3),), ages, wish))
        _, _ = workflows.admit_partner(ctx, OPERATOR, name="forum", scopes=["changes"])
        workflows.admit_partner(
            ctx, OPERATOR, name="board", scopes=["match"], kind=PartnerKind.COMMUNITY
        )
        items = [item.content_id for item in opened.case.items]
        lines = [
            json.loads(line) for line in _export(ctx, name="reports", partner="forum").splitlines()
        ]
        told = {line["content"] for line in lines}
        with ctx.database.read() as tx:
            forum = exchange.partner_named(tx, "forum").id
            made_up = set(bank.canary_ids(tx, forum))
        assert len(made_up) == exchange.CANARIES
        assert told == {items[0], *made_up}
        kinds = {signal["type"] for line in lines for signal in line["signals"]}
        # As in the feed, no sha256: it says which file it is.
        assert kinds == {"pdq", "md5"}
        board = _export(ctx, name="reports", partner="board").splitlines()
        assert {json.loads(line)["content"] for line in board} == set(items)

    def test_a_limited_bank_is_handed_to_its_readers_only(self, ctx: Context) -> None:
        workflows.create_bank(ctx, LEAD, name="known", is_limited=True)
        workflows.admit_partner(ctx, OPERATOR, name="forum", scopes=["match"])
        _import(ctx, _list(1))
        assert _export(ctx, partner="forum") == ""
        workflows.set_bank_access(
            ctx, OPERATOR, name="known", partner="forum", may_read=True, may_write=False
        )
        assert len(_export(ctx, partner="forum").splitlines()) == 1
        with pytest.raises(NotFound):
            _export(ctx, partner="none")

    def test_the_log_says_what_left(self, known: Context) -> None:
        _import(known, _list(1, 2))
        pieces = workflows.export_bank(known, LEAD, name="known", form=ListForm.CSV)
        # Before anything has left, and before anybody asks for a piece.
        assert _verbs(known)[-1] == ("export_bank", "form=csv")
        next(pieces)
        list(pieces)
        assert _verbs(known)[-1] == ("end_export", "contents=2")

    def test_consent_counts_up_to_the_page_that_is_read(
        self, known: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("haechi.workflows._export_bank._AT_ONCE", 1)
        _import(known, _list(1, 2))
        pieces = workflows.export_bank(known, LEAD, name="known", form=ListForm.JSONL)
        first = json.loads(next(pieces))["content"]
        with known.database.read() as tx:
            ids = [one.id for one in bank.contents_of(tx, bank.bank_named(tx, "known").id)]
        assert first == ids[0]
        workflows.withdraw_content(known, LEAD, bank_name="known", content_id=ids[1])
        assert list(pieces) == []
