# SPDX-License-Identifier: Apache-2.0
"""Recording that a notice went out and that it came: the times that a clock of the law counts from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from installations import KEYS
from sqlalchemy import Connection, update

from haechi.errors import MalformedField, NotFound
from haechi.notices import (
    ClockKind,
    Notice,
    NoticeText,
    acknowledgement_clock,
    add_notice,
    mark_received,
    mark_sent,
    notices_of,
)
from haechi.notices._tables import notice
from haechi.storage import Database, KeyId, Vault
from haechi.values import utc_now

DRAFTED = datetime(2026, 11, 20, 10, 5, 33, tzinfo=UTC)
SENT = DRAFTED + timedelta(hours=1)
VAULT = Vault(KEYS.master)
FULL = NoticeText("text", "0", ())


class Kept:
    """A case with one notice, and the marks with its case, key and id filled in."""

    def __init__(self, tx: Connection, text: NoticeText = FULL) -> None:
        self.tx = tx
        self.key_id: KeyId = VAULT.new_key(tx)
        self.id = add_notice(
            tx, VAULT, self.key_id, case_id="cas_1", sighting_id="s", law_id="US-TIDA",
            service="Forum", text=text,
        ).id  # fmt: skip
        tx.execute(update(notice).where(notice.c.id == self.id).values(drafted_at=DRAFTED))

    def sent(self, at: datetime, **changed: str) -> Notice:
        where = {"case_id": "cas_1", "notice_id": self.id, **changed}
        return mark_sent(self.tx, VAULT, self.key_id, **where, at=at)

    def received(self, at: datetime, **changed: str) -> Notice:
        where = {"case_id": "cas_1", "notice_id": self.id, **changed}
        return mark_received(self.tx, VAULT, self.key_id, **where, at=at)

    def read(self) -> Notice:
        (one,) = notices_of(self.tx, VAULT, self.key_id, "cas_1")
        return one


@pytest.fixture
def kept(store_url: str) -> Iterator[Kept]:
    with Database(store_url) as database, database.write() as tx:
        yield Kept(tx)


def test_the_clock_counts_from_the_sending_and_then_from_the_receipt(kept: Kept) -> None:
    assert kept.read().clock.due_at is None
    sent = kept.sent(SENT)
    assert sent == kept.read()
    assert (sent.status, sent.sent_at, sent.received_at) == ("sent", SENT, None)
    assert (sent.clock.due_at, sent.clock.is_confirmed) == (SENT + timedelta(hours=48), False)
    received = kept.received(SENT + timedelta(hours=3))
    assert received == kept.read()
    assert (received.status, received.sent_at) == ("sent", SENT)
    assert (received.clock.due_at, received.clock.is_confirmed) == (
        SENT + timedelta(hours=51),
        True,
    )


def test_the_same_again_is_no_change_and_another_time_is_refused(kept: Kept) -> None:
    first = kept.sent(SENT)
    assert kept.sent(SENT) == first
    with pytest.raises(MalformedField, match="another time"):
        kept.sent(SENT + timedelta(minutes=1))
    came = kept.received(SENT + timedelta(hours=1))
    assert kept.received(SENT + timedelta(hours=1)) == came
    assert kept.sent(SENT) == came
    with pytest.raises(MalformedField, match="another time"):
        kept.received(SENT + timedelta(hours=2))
    assert kept.read() == came


@pytest.mark.parametrize("missing", [("authorisation",), ("contact", "signature")])
def test_what_is_not_complete_does_not_go_out(sqlite_url: str, missing: tuple[str, ...]) -> None:
    with Database(sqlite_url) as database, database.write() as tx:
        kept = Kept(tx, NoticeText("text", "0", missing))
        with pytest.raises(MalformedField, match=", ".join(missing)) as caught:
            kept.sent(SENT)
        assert caught.value.field == "notice"
        assert kept.read().status == "draft"


def test_a_notice_that_was_not_sent_was_not_received(kept: Kept) -> None:
    with pytest.raises(MalformedField, match="not recorded as sent") as caught:
        kept.received(SENT)
    assert caught.value.field == "notice"
    assert kept.read().received_at is None


def test_times_come_one_after_another_and_none_is_ahead(kept: Kept) -> None:
    for wrong in (DRAFTED - timedelta(minutes=1), utc_now() + timedelta(minutes=1)):
        with pytest.raises(MalformedField) as caught:
            kept.sent(wrong)
        assert caught.value.field == "at"
    kept.sent(SENT)
    for wrong in (SENT - timedelta(minutes=1), utc_now() + timedelta(minutes=1)):
        with pytest.raises(MalformedField) as caught:
            kept.received(wrong)
        assert caught.value.field == "at"
    with pytest.raises(ValueError, match="with a zone"):
        kept.received(datetime(2026, 11, 23))  # noqa: DTZ001


def test_a_typed_minute_is_the_minute_it_was_drafted_in(kept: Kept) -> None:
    typed = DRAFTED.replace(second=0)
    assert kept.sent(typed).sent_at == DRAFTED
    assert kept.sent(typed).sent_at == DRAFTED
    assert kept.received(typed).received_at == DRAFTED


@pytest.mark.parametrize("changed", [{"case_id": "cas_2"}, {"notice_id": "ntc_none"}])
def test_a_notice_of_another_case_is_not_there(kept: Kept, changed: dict[str, str]) -> None:
    with pytest.raises(NotFound):
        kept.sent(SENT, **changed)
    kept.sent(SENT)
    with pytest.raises(NotFound):
        kept.received(SENT, **changed)
    assert kept.read().received_at is None


def test_our_own_clock_is_never_the_law_s() -> None:
    clock = acknowledgement_clock(sent_at=SENT)
    assert clock.kind is ClockKind.POLICY
    assert (clock.law_id, clock.due_at) == ("", SENT + timedelta(hours=6))
    assert not clock.is_confirmed
    assert acknowledgement_clock().due_at is None
    assert acknowledgement_clock(sent_at=SENT, received_at=SENT).is_confirmed
    with pytest.raises(ValueError, match="with a zone"):
        acknowledgement_clock(sent_at=datetime(2026, 1, 1))  # noqa: DTZ001
