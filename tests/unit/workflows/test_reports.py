# SPDX-License-Identifier: Apache-2.0
"""Opening a case and withdrawing from it: all or nothing, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from installations import PLATFORM, digest, image, pdq_value, person, report
from sqlalchemy import func, select

import haechi.bank
import haechi.cases
import haechi.evidence
from haechi import audit
from haechi.cases import CaseStatus
from haechi.errors import MalformedField
from haechi.storage import metadata
from haechi.values import AgeFacts, MediaKind, Signal, SignalType
from haechi.workflows import (
    CaseReport,
    Context,
    ReportedItem,
    Sighting,
    check_receipt,
    enter_case,
    open_case,
    read_case,
    receipt_key_pem,
    screen_signals,
    withdraw_item,
)

SEEN = Sighting(url="https://example.com/a", place="어느 방", note="note")


class _OnPurpose(Exception):
    pass


def _counts(ctx: Context) -> dict[str, int]:
    with ctx.database.read() as tx:
        return {
            name: tx.scalar(select(func.count()).select_from(table))
            for name, table in metadata.tables.items()
        }


def _found(ctx: Context, *seeds: int) -> list[bool]:
    ctx.live.catch_up()
    return [bool(screen_signals(ctx, PLATFORM, [pdq_value(seed)])) for seed in seeds]


def test_a_report_is_answered_and_can_be_come_back_to(each_ctx: Context) -> None:
    ctx = each_ctx
    opened = report(
        ctx, image(pdq_value(1), digest(1)), image(pdq_value(2)), sightings=(SEEN,), language="ko"
    )
    assert _found(ctx, 1, 2, 3) == [True, True, False]
    view = read_case(ctx, person(opened))
    assert view.number == opened.case.number
    assert [item.is_matched for item in view.items] == [True, True]
    assert [(s.url, s.place, s.note) for s in view.sightings] == [(SEEN.url, SEEN.place, SEEN.note)]
    token = enter_case(ctx, case_number=view.number.lower(), passphrase=opened.passphrase.upper())
    assert token != opened.session_token
    check_receipt(opened.receipt, key_pem=receipt_key_pem(ctx).encode())
    statement = opened.receipt["statement"]
    assert (statement["case_number"], statement["sightings"]) == (view.number, 1)


def test_a_case_of_sightings_alone_touches_no_bank(each_ctx: Context) -> None:
    opened = report(each_ctx, sightings=(SEEN,))
    assert read_case(each_ctx, person(opened)).items == ()
    each_ctx.live.catch_up()
    assert each_ctx.live.position == 0


def test_withdrawing_is_silent_at_once_and_again_is_no_change(each_ctx: Context) -> None:
    ctx = each_ctx
    opened = report(ctx, image(pdq_value(1)), image(pdq_value(2)))
    assert _found(ctx, 1, 2) == [True, True]
    item = opened.case.items[0]
    withdraw_item(ctx, person(opened), item_id=item.id)
    assert _found(ctx, 1, 2) == [False, True]
    position, view = ctx.live.position, read_case(ctx, person(opened))
    withdraw_item(ctx, person(opened), item_id=item.id)
    assert _found(ctx, 1, 2) == [False, True]
    assert ctx.live.position == position
    assert read_case(ctx, person(opened)) == view
    assert [item.is_matched for item in view.items] == [False, True]
    assert view.status is CaseStatus.OPEN
    withdraw_item(ctx, person(opened), item_id=opened.case.items[1].id)
    assert read_case(ctx, person(opened)).status is CaseStatus.WITHDRAWN
    assert _found(ctx, 1, 2) == [False, False]
    assert len(ctx.live) == 0


def test_each_of_two_people_withdraws_only_her_own(each_ctx: Context) -> None:
    one, other = (report(each_ctx, image(pdq_value(1))) for _ in range(2))
    withdraw_item(each_ctx, person(one), item_id=one.case.items[0].id)
    assert _found(each_ctx, 1) == [True]
    withdraw_item(each_ctx, person(other), item_id=other.case.items[0].id)
    assert _found(each_ctx, 1) == [False]


@pytest.mark.parametrize(
    ("room", "step"),
    [
        (haechi.bank, "ensure_bank"),
        (haechi.bank, "add_content"),
        (haechi.cases, "open_case"),
        (haechi.cases, "begin_session"),
        (audit, "record"),
        (haechi.evidence, "sign_receipt"),
    ],
    ids=lambda part: part if isinstance(part, str) else part.__name__,
)
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_error_anywhere_leaves_nothing_of_a_report(
    each_ctx: Context, monkeypatch: pytest.MonkeyPatch, room: object, step: str, when: str
) -> None:
    real: Callable = getattr(room, step)
    calls = []

    def fail(*arguments: object, **named: object) -> None:
        calls.append(step)
        if when == "after" or (step == "add_content" and len(calls) == 1):
            made = real(*arguments, **named)
            if step == "add_content" and len(calls) == 1:
                return made
        raise _OnPurpose

    before = _counts(each_ctx)
    monkeypatch.setattr(room, step, fail)
    with pytest.raises(_OnPurpose):
        report(each_ctx, image(pdq_value(1)), image(pdq_value(2)), sightings=(SEEN,))
    assert calls
    assert _counts(each_ctx) == before
    monkeypatch.undo()
    assert _found(each_ctx, 1, 2) == [False, False]
    report(each_ctx, image(pdq_value(1)), sightings=(SEEN,))
    assert each_ctx.live.position == 0
    assert _found(each_ctx, 1) == [True]
    assert each_ctx.live.position == 1


def test_an_error_in_a_withdrawal_leaves_the_item_as_it_was(
    each_ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise _OnPurpose

    opened = report(each_ctx, image(pdq_value(1)))
    view = read_case(each_ctx, person(opened))
    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(_OnPurpose):
        withdraw_item(each_ctx, person(opened), item_id=opened.case.items[0].id)
    assert read_case(each_ctx, person(opened)) == view
    assert _found(each_ctx, 1) == [True]


def test_many_at_once_all_get_a_case_of_their_own(each_ctx: Context) -> None:
    with ThreadPoolExecutor(6) as pool:
        opened = list(pool.map(lambda seed: report(each_ctx, image(pdq_value(seed))), range(12)))
    assert len({one.case.number for one in opened}) == 12
    assert len({one.passphrase for one in opened}) == 12
    assert all(_found(each_ctx, *range(12)))
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda one: withdraw_item(each_ctx, person(one), item_id=one.case.items[0].id),
                opened,
            )
        )
    assert not any(_found(each_ctx, *range(12)))
    assert each_ctx.live.position == 24


def test_a_number_that_is_taken_is_drawn_again(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = report(ctx, image(pdq_value(1)))
    drawn = [first.case.number, first.case.number, "FREE-0000"]
    monkeypatch.setattr(haechi.cases, "new_case_number", lambda: drawn.pop(0))
    assert report(ctx, image(pdq_value(2))).case.number == "FREE-0000"
    assert drawn == []


@pytest.mark.parametrize("signals", [(), (pdq_value(1), pdq_value(2)), (digest(1), digest(1))])
def test_an_item_has_one_signal_of_a_type(signals: tuple) -> None:
    with pytest.raises(MalformedField) as caught:
        ReportedItem(MediaKind.IMAGE, signals)
    assert caught.value.field == "items"


def test_an_item_may_have_one_of_each() -> None:
    everything = (pdq_value(1), digest(1), digest(1, SignalType.MD5))
    assert ReportedItem(MediaKind.VIDEO, everything).signals == everything


def test_an_empty_report_is_refused_and_leaves_nothing(ctx: Context) -> None:
    before = _counts(ctx)
    with pytest.raises(MalformedField):
        open_case(ctx, CaseReport([], [], "en"))
    with pytest.raises(MalformedField):
        report(ctx, *[image(digest(seed)) for seed in range(51)])
    assert _counts(ctx) == before


@pytest.mark.parametrize(
    ("kind", "signal"),
    [
        (MediaKind.IMAGE, Signal(SignalType.VPDQ, bytes(37))),
        (MediaKind.VIDEO, Signal(SignalType.RPDQ, b"\x01\xff\xff\x80\x00" + bytes(38))),
        (MediaKind.IMAGE, Signal(SignalType.RPDQ, b"\x01\xff\xff\x80\x00" + bytes(38 * 61))),
    ],
)
def test_a_signal_must_fit_the_file_and_the_report(kind: MediaKind, signal: Signal) -> None:
    with pytest.raises(MalformedField) as caught:
        ReportedItem(kind, (digest(1), signal))
    assert caught.value.field == "items"


def test_a_report_may_hold_60_regions() -> None:
    regional = Signal(SignalType.RPDQ, b"\x01\xff\xff\x80\x00" + bytes(38 * 60))
    adult = AgeFacts(under_18_when_taken=False, under_19_kr=False)
    assert ReportedItem(MediaKind.IMAGE, (regional,), adult).signals == (regional,)
