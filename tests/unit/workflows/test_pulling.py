# SPDX-License-Identifier: Apache-2.0
"""Sources as verbs: what is pulled, what is withdrawn, what survives a crash, and what goes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from installations import OPERATOR, context_on, pdq_value
from loopback import Answer
from sqlalchemy import select, update
from stopncii_server import KEYS, StopNciiServer, feedback, hash_record
from structlog.testing import capture_logs

from haechi import bank, exchange
from haechi.audit._tables import audit_event
from haechi.errors import AddressRefused, MalformedField, NotFound, SourceBusy, SourceFailed
from haechi.exchange import _sources as source_tables
from haechi.exchange._tables import opinion_out, source, source_record
from haechi.exchange.partners import Page, Record, RecordState, Wire
from haechi.storage._tables import data_key
from haechi.values import ContentStatus, Opinion, PartnerKind, Reader, Signal, utc_now
from haechi.workflows import (
    Context,
    Pulled,
    Sent,
    _pull,
    add_source,
    change_source,
    list_sources,
    pull_source,
    remove_source,
    send_opinions,
)
from haechi.workflows._pull import pull_due_sources
from haechi.workflows._pull_page import take_page
from haechi.workflows._send_opinions import send_waiting_opinions

A, B, C, D = (pdq_value(seed).hex for seed in range(4))
PLATFORM = Reader(PartnerKind.PLATFORM, serves_adults_only=False, partner_id="ptn_1")


@pytest.fixture
def ctx(sqlite_url: str, tmp_path: Path) -> Iterator[Context]:
    """One that may pull from this machine."""
    with context_on(sqlite_url, tmp_path, reach_private=1) as opened:
        yield opened


@pytest.fixture
def each_ctx(store_url: str, tmp_path: Path) -> Iterator[Context]:
    with context_on(store_url, tmp_path, reach_private=1) as opened:
        yield opened


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _pull.wire_of

    def quick(*args: object, **kw: object) -> Wire:
        wire = real(*args, **kw)
        wire.sleep = lambda _: None
        return wire

    monkeypatch.setattr(_pull, "wire_of", quick)
    monkeypatch.setattr("haechi.workflows._send_opinions.wire_of", quick)


@pytest.fixture
def server() -> StopNciiServer:
    return StopNciiServer()


@pytest.fixture
def address(server: StopNciiServer) -> Iterator[str]:
    with server.running() as running:
        yield running


def _add(ctx: Context, address: str, **more: object) -> None:
    add_source(
        ctx, OPERATOR, name="stop", protocol="stopncii", address=address, credentials=KEYS, **more
    )


def _pull_all(ctx: Context, name: str = "stop", **more: object) -> Pulled:
    return pull_source(ctx, OPERATOR, name=name, **more)


def _held(ctx: Context, name: str = "stop") -> dict[str, str]:
    """The status of each content of the source's bank by its value; withdrawn ones have none."""
    with ctx.database.read() as tx:
        found = bank.bank_named(tx, name)
        rows = bank.contents_of(tx, found.id, limit=5000)
        signals = bank.signals_of(tx, ctx.vault, [row.entry_id for row in rows])
    return {
        signals[row.entry_id][0].hex: row.status.value for row in rows if row.entry_id in signals
    }


def _content_id(ctx: Context, value: str) -> str:
    with ctx.database.read() as tx:
        found = bank.bank_named(tx, "stop")
        for row in bank.contents_of(tx, found.id, limit=5000):
            for signal in bank.signals_of(tx, ctx.vault, [row.entry_id]).get(row.entry_id, ()):
                if signal.hex == value:
                    return row.id
    raise KeyError


def _list_of(path: Path, values: Sequence[str]) -> None:
    path.write_text("".join(f"{value}\n" for value in values))


class TestPulling:
    """From a source into its bank."""

    def test_what_comes_and_what_goes(
        self, each_ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        ctx = each_ctx
        server.page_size = 2
        server.records = [hash_record(A, 20), hash_record(B, 21), hash_record("zz", 22)]
        _add(ctx, address)
        done = _pull_all(ctx)
        assert done == Pulled(2, 0, 1, is_complete=True, is_held_back=False)
        assert _held(ctx) == {A: "active", B: "active"}
        server.records = [hash_record(A, 30, hashStatus="Withdrawn"), hash_record(C, 31)]
        assert _pull_all(ctx) == Pulled(1, 1, 0, is_complete=True, is_held_back=False)
        assert _held(ctx) == {B: "active", C: "active"}
        (view,) = list_sources(ctx, OPERATOR)
        assert (view.records, view.last_error, dict(view.set_aside)) == (
            2, "", {"no_fingerprint": 1}
        )  # fmt: skip

    def test_defect_1_a_withdrawn_hash_is_no_longer_matched(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address)
        _pull_all(ctx)
        ctx.live.catch_up()
        assert _matched(ctx, A)
        server.records = [hash_record(A, 30, hashStatus="Withdrawn")]
        _pull_all(ctx)
        ctx.live.catch_up()
        assert not _matched(ctx, A)

    def test_again_changes_nothing(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(A.upper(), 21)]
        _add(ctx, address)
        assert _pull_all(ctx).new == 1
        before = _position(ctx)
        assert _pull_all(ctx) == Pulled(0, 0, 0, is_complete=True, is_held_back=False)
        assert _position(ctx) == before

    def test_what_somebody_here_withdrew_or_holds_stays_so(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(B, 20)]
        _add(ctx, address)
        _pull_all(ctx)
        with ctx.database.write() as tx:
            bank.set_status(tx, _content_id(ctx, A), ContentStatus.WITHDRAWN)
            bank.hold(tx, _content_id(ctx, B))
        server.records = [
            hash_record(A, 30, CSPFeedbacks=[feedback("Blocked")]), hash_record(B, 30)
        ]  # fmt: skip
        _pull_all(ctx)
        assert _held(ctx) == {B: "held"}

    def test_no_later_word_of_the_source_brings_back_what_somebody_here_withdrew(
        self, each_ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(B, 20)]
        _add(each_ctx, address)
        _pull_all(each_ctx)
        with each_ctx.database.write() as tx:
            bank.set_status(tx, _content_id(each_ctx, A), ContentStatus.WITHDRAWN)
        for stamp, status in ((30, "Withdrawn"), (40, "Active")):
            server.records = [hash_record(A, stamp, hashStatus=status), hash_record(B, 20)]
            assert _pull_all(each_ctx).new == 0
        assert _held(each_ctx) == {B: "active"}

    def test_what_changed_there_stays_withdrawn_or_held_here(
        self, ctx: Context, tmp_path: Path
    ) -> None:
        def told(key: str, value: str, quality: int) -> Record:
            signal = Signal.parse("pdq", value, quality)
            return Record(key, RecordState.PRESENT, (signal,), {"value": value})

        def take(*records: Record) -> None:
            with ctx.database.write() as tx:
                source = exchange.source_named(tx, "stop")
                take_page(
                    ctx, tx, source, Page(records, {}, is_complete=False),
                    round_number=1, only_confirmed=False,
                )  # fmt: skip

        path = tmp_path / "list.csv"
        add_source(ctx, OPERATOR, name="stop", protocol="file", address=str(path))
        take(told("a", A, 90), told("b", B, 90), told("c", C, 90))
        until = utc_now() + timedelta(days=3)
        with ctx.database.write() as tx:
            bank.set_status(tx, _content_id(ctx, A), ContentStatus.WITHDRAWN)
            bank.hold(tx, _content_id(ctx, B), until)
        take(told("a", A, 80), told("b", B, 80), told("c", C, 80))
        assert _held(ctx) == {B: "held", C: "active"}
        with ctx.database.read() as tx:
            assert bank.content_by_id(tx, _content_id(ctx, B)).held_until == until

    def test_only_what_somebody_confirmed(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [
            hash_record(A, 20, CSPFeedbacks=[feedback("Blocked")]),
            hash_record(B, 20),
        ]
        _add(ctx, address, options={"only_confirmed": True})
        _pull_all(ctx)
        assert _held(ctx) == {A: "active"}
        server.records = [
            hash_record(A, 30),
            hash_record(B, 30, CSPFeedbacks=[feedback("Blocked")]),
        ]
        _pull_all(ctx)
        assert _held(ctx) == {B: "active"}

    def test_it_is_told_to_nobody_until_somebody_gives_access(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address)
        _pull_all(ctx)
        with ctx.database.write() as tx:
            found = bank.bank_named(tx, "stop")
            (row,) = bank.contents_of(tx, found.id)
            ask = {"reader": PLATFORM, "at": utc_now()}
            assert (found.policy.value, found.is_limited) == ("review", True)
            assert (row.origin_kind, row.origin_id) == (
                "source", exchange.source_named(tx, "stop").id
            )  # fmt: skip
            assert bank.active_contents(tx, [row.entry_id], **ask) == {}
            bank.set_access(tx, found.id, "ptn_1", may_read=True, may_write=False)
            assert list(bank.active_contents(tx, [row.entry_id], **ask)) == [row.entry_id]

    def test_what_one_record_takes_back_stays_where_another_vouches_for_it(
        self, ctx: Context, tmp_path: Path
    ) -> None:
        """Two sources with one value: each withdraws only its own."""
        for name in ("one", "two"):
            _list_of(tmp_path / name, [A, B])
            add_source(ctx, OPERATOR, name=name, protocol="file", address=str(tmp_path / name))
            _pull_all(ctx, name)
        _list_of(tmp_path / "one", [B])
        _pull_all(ctx, "one")
        assert (_held(ctx, "one"), _held(ctx, "two")) == (
            {B: "active"}, {A: "active", B: "active"}
        )  # fmt: skip

    def test_no_name_of_a_record_is_stored_in_clear(
        self, ctx: Context, server: StopNciiServer, address: str, tmp_path: Path
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address)
        with capture_logs() as logs:
            _pull_all(ctx)
        with ctx.database.read() as tx:
            rows = repr(tx.execute(select(source)).all() + tx.execute(select(source_record)).all())
            audited = repr(tx.execute(select(audit_event)).all())
        ctx.database.clear_log()
        stored = (tmp_path / "haechi.sqlite3").read_bytes()
        for secret in (A, *KEYS.values(), address):
            assert secret not in rows + audited + repr(logs)
            assert secret.encode() not in stored
        assert bytes.fromhex(A) not in stored


def _matched(ctx: Context, value: str) -> bool:
    from haechi.values import Signal
    from haechi.workflows import screen_signals

    found = screen_signals(ctx, OPERATOR, [Signal.parse("pdq", value)])
    return bool(getattr(found, "matches", found))


def _position(ctx: Context) -> int:
    with ctx.database.read() as tx:
        return bank.feed_position(tx)


class TestRounds:
    """What a full round did not see has gone, unless that may be an error."""

    def _age(self, ctx: Context, days: int) -> None:
        with ctx.database.write() as tx:
            found = exchange.source_named(tx, "stop")
            aged = replace(found.progress, pulled_at=utc_now() - timedelta(days=days))
            exchange.note_progress(tx, found.id, aged)

    def test_defect_5_after_a_gap_too_long_what_went_in_it_is_withdrawn(
        self, each_ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        ctx = each_ctx
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        _add(ctx, address)
        _pull_all(ctx)
        # It was withdrawn, and the tombstone is no longer told.
        server.records = [hash_record(B, 21)]
        self._age(ctx, 29)
        assert _pull_all(ctx).gone == 0, "a gap that tombstones outlive"
        self._age(ctx, 31)
        server.asked.clear()
        assert _pull_all(ctx).gone == 1
        assert server.asked[0].query["startTimestamp"] == "10"
        assert _held(ctx) == {B: "active"}
        assert _pull_all(ctx).gone == 0

    def test_a_full_round_that_was_broken_off_withdraws_nothing_until_it_ends(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(B, 21), hash_record(C, 22)]
        _add(ctx, address)
        _pull_all(ctx)
        self._age(ctx, 31)
        server.page_size = 1
        server.records = server.records[1:]
        assert not _pull_all(ctx, budget_s=0).is_complete
        assert _held(ctx) == dict.fromkeys((A, B, C), "active")
        assert _pull_all(ctx).gone == 1
        assert _held(ctx) == dict.fromkeys((B, C), "active")

    def test_a_page_with_fewer_than_it_says_withdraws_nothing_by_itself(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        _add(ctx, address)
        _pull_all(ctx)
        self._age(ctx, 31)
        server.records, server.says_more_by = [hash_record(B, 21)], 1
        assert _pull_all(ctx).is_held_back
        assert list_sources(ctx, OPERATOR)[0].last_error == "doubtful"
        assert _held(ctx) == dict.fromkeys((A, B), "active")
        assert _pull_all(ctx, accepts_losses=True).gone == 1

    def test_a_line_that_was_taken_out_is_withdrawn(self, ctx: Context, tmp_path: Path) -> None:
        path = tmp_path / "list"
        _list_of(path, [A, B, C])
        add_source(ctx, OPERATOR, name="list", protocol="file", address=str(path))
        _pull_all(ctx, "list")
        _list_of(path, [C, D])
        done = _pull_all(ctx, "list")
        assert (done.new, done.gone) == (1, 2)
        assert _held(ctx, "list") == {C: "active", D: "active"}

    @pytest.mark.parametrize("left", [0, 9])
    def test_much_that_goes_at_once_waits_for_somebody(
        self, ctx: Context, tmp_path: Path, left: int
    ) -> None:
        path, values = tmp_path / "list", [pdq_value(seed).hex for seed in range(40)]
        _list_of(path, values)
        add_source(ctx, OPERATOR, name="list", protocol="file", address=str(path))
        _pull_all(ctx, "list")
        _list_of(path, values[:left])
        for _ in range(2):
            assert _pull_all(ctx, "list") == Pulled(0, 0, 0, is_complete=True, is_held_back=True)
            assert len(_held(ctx, "list")) == 40
            assert list_sources(ctx, OPERATOR)[0].last_error == "shrunk"
        assert _pull_all(ctx, "list", accepts_losses=True).gone == 40 - left
        assert len(_held(ctx, "list")) == left
        assert list_sources(ctx, OPERATOR)[0].last_error == ""

    def test_it_was_an_error_and_all_is_there_again(self, ctx: Context, tmp_path: Path) -> None:
        path, values = tmp_path / "list", [pdq_value(seed).hex for seed in range(40)]
        _list_of(path, values)
        add_source(ctx, OPERATOR, name="list", protocol="file", address=str(path))
        _pull_all(ctx, "list")
        _list_of(path, values[:1])
        assert _pull_all(ctx, "list").is_held_back
        _list_of(path, values)
        assert _pull_all(ctx, "list") == Pulled(0, 0, 0, is_complete=True, is_held_back=False)
        assert list_sources(ctx, OPERATOR)[0].last_error == ""

    def test_a_file_that_vanishes_withdraws_nothing(self, ctx: Context, tmp_path: Path) -> None:
        path = tmp_path / "list"
        _list_of(path, [A])
        add_source(ctx, OPERATOR, name="list", protocol="file", address=str(path))
        _pull_all(ctx, "list")
        path.unlink()
        with pytest.raises(SourceFailed):
            _pull_all(ctx, "list", accepts_losses=True)
        assert _held(ctx, "list") == {A: "active"}
        assert list_sources(ctx, OPERATOR)[0].last_error == "no_file"


class TestCrashes:
    """Whatever breaks off, the next pull goes on after the last page that was stored."""

    def test_an_error_keeps_what_came_before_it(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.page_size = 1
        server.records = [hash_record(A, 20), hash_record(B, 21), hash_record(C, 22)]
        _add(ctx, address)
        _fail_at(server, 2)
        with pytest.raises(SourceFailed) as caught:
            _pull_all(ctx)
        assert caught.value.params == {"word": "denied"}
        assert _held(ctx) == {A: "active"}
        assert list_sources(ctx, OPERATOR)[0].last_error == "denied"
        server.asked.clear()
        assert _pull_all(ctx).new == 2
        assert server.asked[0].query["nextPageToken"] == "1"

    def test_a_crash_in_the_middle_of_a_page_leaves_nothing_of_it(
        self,
        each_ctx: Context,
        server: StopNciiServer,
        address: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        ctx = each_ctx
        server.page_size = 1
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        _add(ctx, address)
        real, calls = exchange.note_progress, []

        def breaks(*args: object) -> None:
            calls.append(1)
            if len(calls) == 2:
                raise KeyboardInterrupt
            real(*args)

        with monkeypatch.context() as patched:
            patched.setattr(exchange, "note_progress", breaks)
            with pytest.raises(KeyboardInterrupt):
                _pull_all(ctx)
        assert _held(ctx) == {A: "active"}
        assert _pull_all(ctx).new == 1
        assert _held(ctx) == {A: "active", B: "active"}

    def test_one_source_is_pulled_by_one_at_a_time(self, each_ctx: Context, address: str) -> None:
        ctx = each_ctx
        _add(ctx, address)
        at = utc_now()
        with ctx.database.write() as tx:
            found = exchange.source_named(tx, "stop")
            assert exchange.claim_source(tx, found.id, at=at)
        for act in (_pull_all, lambda ctx: remove_source(ctx, OPERATOR, name="stop")):
            with pytest.raises(SourceBusy):
                act(ctx)
        assert list_sources(ctx, OPERATOR)[0].is_pulled_now
        with ctx.database.write() as tx:
            old = at - source_tables._LEASE - timedelta(seconds=1)
            tx.execute(update(source).values(begun_at=old))
        assert _pull_all(ctx).is_complete, "who had it has said nothing for long"

    def test_who_lost_the_source_stores_nothing_more(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address)
        plain = server.answer

        def taken_over(asked: object) -> Answer:
            with ctx.database.write() as tx:
                tx.execute(update(source).values(begun_at=utc_now()))
            return plain(asked)

        server.answer = taken_over
        with server.running() as address_of_other:
            change_source(ctx, OPERATOR, name="stop", address=address_of_other)
            with pytest.raises(SourceBusy):
                _pull_all(ctx)
        assert _held(ctx) == {}
        assert list_sources(ctx, OPERATOR)[0].is_pulled_now


def _fail_at(server: StopNciiServer, number: int) -> None:
    """The answer of that number is a refusal, once."""
    real, calls = server._page, []

    def page(asked: object) -> Answer:
        calls.append(1)
        return Answer(403) if len(calls) == number else real(asked)

    server._page = page


class TestManaging:
    """Adding, changing and removing sources."""

    def test_a_source_that_is_removed_takes_all_that_came_with_it(
        self, each_ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        ctx = each_ctx
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        _add(ctx, address, sends_opinions=True)
        _pull_all(ctx)
        with ctx.database.write() as tx:
            key_id = exchange.source_named(tx, "stop").key_id
            assert exchange.queue_opinion(tx, _content_id(ctx, A), Opinion.CONFIRMED)
        assert remove_source(ctx, OPERATOR, name="stop") == 2
        assert (_held(ctx), list_sources(ctx, OPERATOR)) == ({}, [])
        with ctx.database.read() as tx:
            for table in (source_record, opinion_out):
                assert tx.execute(select(table)).all() == []
            assert tx.scalar(select(data_key.c.wrapped).where(data_key.c.id == key_id)) is None
            assert not bank.bank_named(tx, "stop").is_on
        _add(ctx, address)
        assert _pull_all(ctx).new == 2
        with pytest.raises(NotFound):
            remove_source(ctx, OPERATOR, name="other")

    def test_a_bank_that_is_there_is_not_taken_over(self, ctx: Context, address: str) -> None:
        with ctx.database.write() as tx:
            bank.create_bank(tx, "stop")
        with pytest.raises(MalformedField):
            _add(ctx, address)

    def test_a_name_once(self, ctx: Context, address: str) -> None:
        _add(ctx, address)
        with pytest.raises(MalformedField):
            _add(ctx, address)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"protocol": "gopher"},
            {"credentials": {}},
            {"credentials": {**KEYS, "subscription_key": "a\r\nb: c"}},
            {"credentials": {**KEYS, "subscription_key": "é"}},
            {"address": "file:///etc/passwd"},
            {"name": ""},
            {"options": {"privacy_group": "1"}},
        ],
    )
    def test_what_cannot_be_used(self, ctx: Context, wrong: dict[str, object]) -> None:
        good = {
            "name": "x", "protocol": "stopncii", "address": "https://x.example", "credentials": KEYS
        }  # fmt: skip
        with pytest.raises(MalformedField):
            add_source(ctx, OPERATOR, **{**good, **wrong})
        assert list_sources(ctx, OPERATOR) == []

    def test_a_list_takes_no_opinions(self, ctx: Context) -> None:
        with pytest.raises(MalformedField):
            add_source(ctx, OPERATOR, name="x", protocol="file", address="/x", sends_opinions=True)

    def test_another_address_is_read_whole(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        _add(ctx, address)
        _pull_all(ctx)
        with StopNciiServer([hash_record(B, 5000)]).running() as elsewhere:
            change_source(ctx, OPERATOR, name="stop", address=elsewhere)
            assert _pull_all(ctx).gone == 1
        assert _held(ctx) == {B: "active"}

    def test_a_private_address_is_refused_where_it_may_not_be_reached(
        self, sqlite_url: str, tmp_path: Path, address: str
    ) -> None:
        with context_on(sqlite_url, tmp_path) as ctx:
            _add(ctx, address)
            with pytest.raises(AddressRefused):
                _pull_all(ctx)
            assert list_sources(ctx, OPERATOR)[0].last_error == "address_refused"


class TestUpkeep:
    """What a running service pulls and sends by itself."""

    def _due(self, ctx: Context, server: StopNciiServer) -> bool:
        server.asked.clear()
        pull_due_sources(ctx)
        return bool(server.asked)

    def test_nothing_where_there_is_no_source(self, ctx: Context) -> None:
        pull_due_sources(ctx)
        send_waiting_opinions(ctx)
        with ctx.database.read() as tx:
            assert tx.execute(select(audit_event)).all() == []

    def test_when_it_is_due(self, ctx: Context, server: StopNciiServer, address: str) -> None:
        _add(ctx, address)
        assert self._due(ctx, server)
        assert not self._due(ctx, server)
        with ctx.database.write() as tx:
            before = utc_now() - timedelta(minutes=16)
            tx.execute(update(source).values(begun_at=before, ended_at=before))
        change_source(ctx, OPERATOR, name="stop", is_enabled=False)
        assert not self._due(ctx, server)
        change_source(ctx, OPERATOR, name="stop", is_enabled=True)
        assert self._due(ctx, server)

    def test_what_its_time_did_not_suffice_for_goes_on_the_next_minute(
        self, ctx: Context, server: StopNciiServer, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_pull, "_UPKEEP_S", 0)
        server.page_size = 1
        server.records = [hash_record(A, 20), hash_record(B, 21), hash_record(C, 22)]
        _add(ctx, address)
        assert [self._due(ctx, server) for _ in range(4)] == [True, True, True, False]
        assert len(_held(ctx)) == 3

    def test_one_that_fails_stops_no_other(
        self, ctx: Context, server: StopNciiServer, address: str, tmp_path: Path
    ) -> None:
        add_source(ctx, OPERATOR, name="none", protocol="file", address=str(tmp_path / "none"))
        _add(ctx, address)
        with capture_logs() as logs:
            assert self._due(ctx, server)
        assert [(line["event"], line["word"]) for line in logs] == [("pull_failed", "no_file")]
        assert not self._due(ctx, server)

    def test_never_where_the_setting_says_so(
        self, sqlite_url: str, tmp_path: Path, server: StopNciiServer, address: str
    ) -> None:
        with context_on(sqlite_url, tmp_path, reach_private=1, pull_every_min=0) as ctx:
            _add(ctx, address)
            assert not self._due(ctx, server)


class TestOpinions:
    """What is said here of a source's hashes, and goes back where that is wanted."""

    def _queue(self, ctx: Context, value: str, opinion: Opinion) -> bool:
        with ctx.database.write() as tx:
            return exchange.queue_opinion(tx, _content_id(ctx, value), opinion)

    def _words(self, server: StopNciiServer) -> list[str]:
        return [
            row["feedbackValue"]
            for body in server.told.get("SubmitFeedback", [])
            for row in body["hashFeedbacks"]
        ]

    def test_they_are_sent_once(
        self, each_ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        ctx = each_ctx
        server.records = [hash_record(A, 20), hash_record(B, 21)]
        _add(ctx, address, sends_opinions=True)
        _pull_all(ctx)
        ended = list_sources(ctx, OPERATOR)[0].complete_at
        assert self._queue(ctx, A, Opinion.NOT_THIS)
        assert self._queue(ctx, A, Opinion.CONFIRMED), "the newest one counts"
        assert self._queue(ctx, B, Opinion.DISPUTED)
        assert list_sources(ctx, OPERATOR)[0].opinions_waiting == 2
        assert send_opinions(ctx, OPERATOR, name="stop") == Sent(2, 0)
        assert send_opinions(ctx, OPERATOR, name="stop") == Sent(0, 0)
        assert self._words(server) == ["Blocked", "NotBlocked"]
        (view,) = list_sources(ctx, OPERATOR)
        assert (view.opinions_waiting, view.complete_at, view.is_pulled_now) == (0, ended, False)

    def test_not_where_nobody_wants_it(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address)
        _pull_all(ctx)
        assert not self._queue(ctx, A, Opinion.CONFIRMED)
        with ctx.database.write() as tx:
            assert not exchange.queue_opinion(tx, "con_none", Opinion.CONFIRMED)

    def test_what_is_not_taken_is_tried_again_and_then_given_up(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address, sends_opinions=True)
        _pull_all(ctx)
        self._queue(ctx, A, Opinion.CONFIRMED)
        server.before = [Answer(400)] * 100
        for _ in range(8):
            assert send_opinions(ctx, OPERATOR, name="stop") == Sent(0, 1)
        assert send_opinions(ctx, OPERATOR, name="stop") == Sent(0, 0)
        (view,) = list_sources(ctx, OPERATOR)
        assert (view.opinions_waiting, view.opinions_given_up) == (0, 1)

    def test_what_the_source_no_longer_has_is_dropped(
        self, ctx: Context, server: StopNciiServer, address: str
    ) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address, sends_opinions=True)
        _pull_all(ctx)
        self._queue(ctx, A, Opinion.CONFIRMED)
        server.records = [hash_record(A, 30, hashStatus="Deleted")]
        _pull_all(ctx)
        assert send_opinions(ctx, OPERATOR, name="stop") == Sent(0, 0)
        assert list_sources(ctx, OPERATOR)[0].opinions_waiting == 0

    def test_upkeep_sends_them(self, ctx: Context, server: StopNciiServer, address: str) -> None:
        server.records = [hash_record(A, 20)]
        _add(ctx, address, sends_opinions=True)
        _pull_all(ctx)
        self._queue(ctx, A, Opinion.CONFIRMED)
        send_waiting_opinions(ctx)
        assert self._words(server) == ["Blocked"]
