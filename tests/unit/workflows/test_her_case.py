# SPDX-License-Identifier: Apache-2.0
"""What she decides in her case: sent twice, added, shared, quiet, erased."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from installations import OPERATOR, PLATFORM, digest, image, pdq_value, person, report
from sqlalchemy import MetaData, select

from haechi.errors import (
    AlreadySent,
    BrokenStore,
    MalformedField,
    NeedsAccess,
    NotFound,
    WrongPassphrase,
)
from haechi.evidence import verify_receipt
from haechi.values import AgeFacts, MediaKind, PartnerKind, Signal, SignalType, utc_now
from haechi.workflows import (
    CaseReport,
    CheckOutcome,
    Context,
    DraftRequest,
    NewsEvery,
    OpenedCase,
    ReportedItem,
    SharingWish,
    Sighting,
    actor_of_session,
    add_to_case,
    case_numbers,
    draft_notice,
    enter_case,
    erase_case,
    open_case,
    open_number,
    read_case,
    read_case_file,
    read_receipt,
    record_check,
    say_agency,
    screen_signals,
    set_quiet,
    share_item,
    withdraw_item,
)

ADULT = AgeFacts(under_18_when_taken=False, under_19_kr=False)
SEEN = Sighting(
    "https://example.com/x", "the room", "the note", "the friend", "2026-11-01", "the threat"
)


def _key() -> str:
    return secrets.token_urlsafe(24)


def _report(*items: ReportedItem, key: str = "", sightings: tuple = (), **said) -> CaseReport:
    return CaseReport(items, sightings, "ko", send_key=key, **said)


def _regions() -> Signal:
    head = bytes([1]) + (65535).to_bytes(2) + (40000).to_bytes(2)
    return Signal(SignalType.RPDQ, head + bytes(38))


def _matches(ctx: Context, signal: Signal) -> int:
    ctx.live.catch_up()
    return len(screen_signals(ctx, PLATFORM, [signal]))


class TestSentTwice:
    def test_one_case_and_the_same_keys(self, each_ctx: Context) -> None:
        key = _key()
        sent = _report(image(pdq_value(1)), key=key, sightings=(SEEN,))
        first, second = open_case(each_ctx, sent), open_case(each_ctx, sent)
        assert first.case.number == second.case.number
        assert first.passphrase == second.passphrase
        assert first.receipt == second.receipt
        assert actor_of_session(each_ctx, second.session_token) == person(first)
        assert len(case_numbers(each_ctx, OPERATOR)) == 1

    def test_a_change_since_is_said(self, ctx: Context) -> None:
        key = _key()
        first = open_case(ctx, _report(image(pdq_value(1)), key=key))
        changed = open_case(ctx, _report(image(pdq_value(1)), key=key, sightings=(SEEN,)))
        assert first.is_as_sent
        assert not changed.is_as_sent
        assert changed.case.number == first.case.number
        assert changed.case.sightings == ()
        key = _key()
        add_to_case(ctx, person(first), sightings=[SEEN], send_key=key)
        with pytest.raises(AlreadySent):
            add_to_case(ctx, person(first), sightings=[SEEN, SEEN], send_key=key)
        assert len(read_case(ctx, person(first)).places) == 1

    def test_at_the_same_moment_too(self, each_ctx: Context) -> None:
        key = _key()
        sent = _report(image(pdq_value(1)), key=key)
        start = threading.Barrier(8)

        def send(_: int) -> tuple[str, str]:
            start.wait()
            opened = open_case(each_ctx, sent)
            return opened.case.number, opened.passphrase

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(send, range(8)))) == 1
        assert len(case_numbers(each_ctx, OPERATOR)) == 1

    def test_what_failed_can_be_sent_again(self, ctx: Context) -> None:
        key = _key()
        with pytest.raises(MalformedField):
            open_case(ctx, _report(key=key))
        assert open_case(ctx, _report(image(pdq_value(1)), key=key)).passphrase

    def test_after_erasing_nothing_opens_again(self, ctx: Context) -> None:
        sent = _report(image(pdq_value(1)), key=_key())
        erase_case(ctx, person(open_case(ctx, sent)))
        with pytest.raises(AlreadySent):
            open_case(ctx, sent)
        assert case_numbers(ctx, OPERATOR) == []

    def test_added_once(self, ctx: Context) -> None:
        opened, key = report(ctx, image(pdq_value(1))), _key()
        answers = [
            add_to_case(
                ctx, person(opened), items=[image(pdq_value(2))], sightings=[SEEN], send_key=key
            )
            for _ in range(2)
        ]
        assert answers[0] == answers[1]
        case = read_case(ctx, person(opened))
        assert (len(case.items), len(case.places), len(case.receipts)) == (2, 1, 2)


class TestAdding:
    def test_what_is_added_is_matched_and_receipted(self, ctx: Context) -> None:
        opened = report(ctx, image(pdq_value(1)))
        added = add_to_case(ctx, person(opened), items=[image(pdq_value(2)), image(pdq_value(3))])
        assert _matches(ctx, pdq_value(3)) == 1
        verify_receipt(added.receipt)
        case = read_case(ctx, person(opened))
        assert [item.id for item in case.items][1:] == list(added.item_ids)
        assert read_receipt(ctx, person(opened), receipt_id=case.receipts[1][0]) == added.receipt

    def test_nothing_and_too_much_are_refused_whole(self, ctx: Context) -> None:
        opened = report(ctx, image(pdq_value(1)))
        with pytest.raises(MalformedField):
            add_to_case(ctx, person(opened))
        with pytest.raises(MalformedField, match="up to 50"):
            add_to_case(ctx, person(opened), items=[image(digest(n)) for n in range(50)])
        assert len(read_case(ctx, person(opened)).items) == 1
        assert _matches(ctx, digest(7)) == 0

    def test_another_case_has_other_receipts(self, ctx: Context) -> None:
        one, other = report(ctx, image(pdq_value(1))), report(ctx, image(pdq_value(2)))
        receipt_id = read_case(ctx, person(one)).receipts[0][0]
        with pytest.raises(NotFound):
            read_receipt(ctx, person(other), receipt_id=receipt_id)


class TestSharing:
    def test_as_she_wishes_and_at_once(self, ctx: Context) -> None:
        opened = report(ctx, image(pdq_value(1)))
        item_id = opened.case.items[0].id

        def share(*kinds: PartnerKind) -> int:
            wish = SharingWish(frozenset(kinds))
            share_item(ctx, person(opened), item_id=item_id, wish=wish, ages=ADULT)
            return _matches(ctx, pdq_value(1))

        assert _matches(ctx, pdq_value(1)) == 1
        assert share() == 0
        assert not read_case(ctx, person(opened)).items[0].is_matched
        assert share(PartnerKind.COMMUNITY) == 0
        assert share(PartnerKind.PLATFORM) == 1
        view = read_case(ctx, person(opened)).items[0]
        assert view.is_matched
        assert view.sharing.kinds == {PartnerKind.PLATFORM}
        assert view.ages == ADULT

    def test_for_how_long(self, ctx: Context) -> None:
        item = ReportedItem(
            MediaKind.IMAGE, (pdq_value(1),), sharing=SharingWish(frozenset(PartnerKind), 30)
        )
        until = read_case(ctx, person(report(ctx, item))).items[0].sharing.until
        assert timedelta(days=29) < until - utc_now() <= timedelta(days=30)
        for days in (0, -1, 3651):
            with pytest.raises(MalformedField):
                SharingWish(frozenset(), days)

    def test_an_end_is_kept_when_something_else_is_changed(self, ctx: Context) -> None:
        wish = SharingWish(frozenset(PartnerKind), 30)
        opened = report(ctx, ReportedItem(MediaKind.IMAGE, (pdq_value(1),), sharing=wish))
        actor = person(opened)
        (before,) = read_case(ctx, actor).items
        share_item(
            ctx,
            actor,
            item_id=before.id,
            wish=SharingWish(keeps_end=True),
            ages=AgeFacts(True, True),
        )
        (after,) = read_case(ctx, actor).items
        assert after.sharing.until == before.sharing.until is not None

    @pytest.mark.parametrize(
        "ages",
        [AgeFacts(), AgeFacts(True, True), AgeFacts(False, True), AgeFacts(False, None)],
    )
    def test_regions_are_taken_of_adults_only(self, ages: AgeFacts) -> None:
        with pytest.raises(MalformedField, match="surely 19"):
            ReportedItem(MediaKind.IMAGE, (pdq_value(1), _regions()), ages)
        assert ReportedItem(MediaKind.IMAGE, (pdq_value(1), _regions()), ADULT)

    def test_regions_are_erased_when_she_says_she_was_under_age(self, ctx: Context) -> None:
        item = ReportedItem(MediaKind.IMAGE, (pdq_value(1), _regions()), ADULT)
        opened = report(ctx, item)
        assert _stored_types(ctx) == {"pdq", "rpdq"}
        item_id = opened.case.items[0].id
        share_item(
            ctx, person(opened), item_id=item_id, wish=SharingWish(), ages=AgeFacts(True, True)
        )
        assert _stored_types(ctx) == {"pdq"}
        view = read_case(ctx, person(opened)).items[0]
        assert not view.sharing.reaches_adult_services
        assert _matches(ctx, pdq_value(1)) == 1

    def test_what_is_withdrawn_is_not_shared_again(self, ctx: Context) -> None:
        opened = report(ctx, image(pdq_value(1)), image(pdq_value(2)))
        item_id = opened.case.items[0].id
        withdraw_item(ctx, person(opened), item_id=item_id)
        with pytest.raises(NotFound):
            share_item(ctx, person(opened), item_id=item_id, wish=SharingWish(), ages=ADULT)
        assert _matches(ctx, pdq_value(1)) == 0


class TestQuiet:
    def test_news_waits_as_long_as_she_wants(self, ctx: Context) -> None:
        opened = report(ctx, sightings=(SEEN,))
        actor = person(opened)
        set_quiet(ctx, actor, news_every=NewsEvery.NEVER, is_watched=True)
        say_agency(ctx, actor, may_act=True)
        draft_notice(
            ctx, OPERATOR,
            DraftRequest(opened.case.number, 1, "Example", "US-TIDA", declares_good_faith=True),
        )  # fmt: skip
        quiet, loud = read_case(ctx, actor), read_case(ctx, actor, shows_all=True)
        assert quiet.has_news_waiting
        assert not loud.has_news_waiting
        assert len(quiet.places[0].timeline.steps) < len(loud.places[0].timeline.steps)
        assert quiet.notices == ()
        assert len(loud.notices) == 1
        set_quiet(ctx, actor, news_every=NewsEvery.ALWAYS, is_watched=True)
        assert not read_case(ctx, actor).has_news_waiting

    def test_a_look_dated_back_waits_too_and_her_own_words_are_no_news(self, ctx: Context) -> None:
        opened = report(ctx, sightings=(SEEN,))
        actor = person(opened)
        set_quiet(ctx, actor, news_every=NewsEvery.NEVER, is_watched=True)
        add_to_case(ctx, actor, sightings=[SEEN])
        assert not read_case(ctx, actor).has_news_waiting
        record_check(
            ctx, OPERATOR, case_number=opened.case.number, sighting=1,
            outcome=CheckOutcome.UP, looked_at=utc_now() - timedelta(hours=1),
        )  # fmt: skip
        quiet = read_case(ctx, actor)
        assert quiet.places[0].timeline.last_check is None
        assert read_case(ctx, actor, shows_all=True).places[0].timeline.last_check is not None

    def test_visits_are_shown(self, ctx: Context) -> None:
        opened = report(ctx, sightings=(SEEN,))
        for _ in range(12):
            enter_case(ctx, case_number=opened.case.number, passphrase=opened.passphrase)
        visits = read_case(ctx, person(opened)).visits
        assert len(visits) == 10
        assert list(visits) == sorted(visits, reverse=True)

    def test_the_open_case_on_a_device(self, ctx: Context) -> None:
        opened = report(ctx, sightings=(SEEN,))
        assert open_number(ctx, opened.session_token) == opened.case.number
        assert open_number(ctx, "") == open_number(ctx, "none") == ""


class TestErasing:
    @pytest.fixture
    def opened(self, each_ctx: Context) -> OpenedCase:
        item = ReportedItem(MediaKind.IMAGE, (pdq_value(1), _regions()), ADULT)
        made = open_case(each_ctx, _report(item, sightings=(SEEN,), ages=ADULT, may_act=True))
        draft_notice(
            each_ctx, OPERATOR,
            DraftRequest(made.case.number, 1, "Example", "US-TIDA", declares_good_faith=True),
        )  # fmt: skip
        return made

    def test_nothing_of_it_is_left(self, each_ctx: Context, opened: OpenedCase) -> None:
        ctx = each_ctx
        assert _matches(ctx, pdq_value(1)) == 1
        statement = erase_case(ctx, person(opened))
        verify_receipt(statement)
        assert statement["statement"]["case_number"] == opened.case.number
        assert _matches(ctx, pdq_value(1)) == 0
        assert actor_of_session(ctx, opened.session_token) is None
        for refused in (
            lambda: read_case(ctx, person(opened)),
            lambda: read_case_file(ctx, OPERATOR, case_number=opened.case.number),
            lambda: erase_case(ctx, person(opened)),
        ):
            with pytest.raises(NotFound):
                refused()
        left = _rows(ctx)
        for table in ("item", "sighting", "notice", "receipt", "recovery", "case_session"):
            assert left[table] == [], table
        assert left["content_signal"] == []
        assert [row["status"] for row in left["content"]] == ["withdrawn"]
        (case_row,) = left["case_file"]
        assert case_row["number"] == opened.case.number
        assert case_row["passphrase_hash"] == ""
        assert case_row["sealed_facts"] is None
        assert [row["wrapped"] for row in left["data_key"]] == [None]
        assert any(row["verb"] == "erase_case" for row in left["audit_event"])

    def test_its_key_is_in_no_file(self, ctx: Context) -> None:
        opened = report(ctx, image(pdq_value(1)), sightings=(SEEN,))
        (before,) = (row["wrapped"] for row in _rows(ctx)["data_key"])
        erase_case(ctx, person(opened))
        folder = Path(ctx.settings.resolved_database_url.removeprefix("sqlite:///")).parent
        for path in folder.glob("haechi.sqlite3*"):
            assert before not in path.read_bytes(), path.name

    def test_its_number_looks_like_none(self, each_ctx: Context, opened: OpenedCase) -> None:
        erase_case(each_ctx, person(opened))
        for passphrase in (opened.passphrase, ""):
            with pytest.raises(WrongPassphrase):
                enter_case(each_ctx, case_number=opened.case.number, passphrase=passphrase)

    def test_sent_twice_it_shows_the_same_statement(
        self, each_ctx: Context, opened: OpenedCase
    ) -> None:
        key = _key()
        first = erase_case(each_ctx, person(opened), send_key=key)
        # The session ended with the case: the second tap comes as nobody.
        assert erase_case(each_ctx, None, send_key=key) == first
        for other in ("", _key()):
            with pytest.raises(NeedsAccess):
                erase_case(each_ctx, None, send_key=other)

    def test_all_or_nothing(
        self, each_ctx: Context, opened: OpenedCase, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object, **__: object) -> None:
            raise BrokenStore(reason="here")

        monkeypatch.setattr("haechi.evidence.sign_erasure", fail)
        with pytest.raises(BrokenStore):
            erase_case(each_ctx, person(opened))
        case = read_case(each_ctx, person(opened))
        assert case.items[0].is_matched
        assert case.sightings[0].note == "the note"
        assert _matches(each_ctx, pdq_value(1)) == 1

    def test_of_two_at_once_one_does_it(self, each_ctx: Context, opened: OpenedCase) -> None:
        start = threading.Barrier(2)

        def erase(_: int) -> str:
            start.wait()
            try:
                erase_case(each_ctx, person(opened))
            except NotFound:
                return "gone"
            return "erased"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(erase, range(2))) == ["erased", "gone"]

    def test_others_are_untouched(self, each_ctx: Context, opened: OpenedCase) -> None:
        other = report(each_ctx, image(pdq_value(9)), sightings=(SEEN,))
        erase_case(each_ctx, person(opened))
        view = read_case(each_ctx, person(other))
        assert view.items[0].is_matched
        assert view.sightings[0].threats == "the threat"


def _stored_types(ctx: Context) -> set[str]:
    return {row["type"] for row in _rows(ctx)["content_signal"]}


def _rows(ctx: Context) -> dict[str, list]:
    """Every row of every table, as the database holds it."""
    tables = MetaData()
    with ctx.database.read() as tx:
        tables.reflect(tx)
        return {
            name: [dict(row) for row in tx.execute(select(table)).mappings()]
            for name, table in tables.tables.items()
        }
