# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from installations import KEYS
from jinja2 import UndefinedError

from haechi.errors import MalformedField
from haechi.notices import (
    ClockKind,
    NoticeText,
    Sender,
    add_notice,
    as_service,
    clock_of,
    draft_text,
    law_named,
    notices_of,
)
from haechi.notices._draft import _environment
from haechi.notices._laws import _all_laws
from haechi.notices._tables import notice
from haechi.storage import Database, Vault

LAW = law_named("US-TIDA")
AT = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
FULL = {
    "service": "Example",
    "case_number": "7KQ2-M4XR",
    "location": "https://example.com/a",
    "content_identification": "the picture at that address",
    "sender": Sender("Haechi Centre", "case@centre.example"),
    "declares_good_faith": True,
    "has_authorisation": True,
    "written_at": AT,
}


def _draft(**changed: object) -> NoticeText:
    return draft_text(LAW, **{**FULL, **changed})


def test_a_full_notice_lacks_nothing() -> None:
    drafted = _draft()
    assert drafted.missing == ()
    assert "still needed" not in drafted.text
    for part in (
        "TAKE IT DOWN Act", "47 U.S.C. 223a(a)", "Example", "7KQ2-M4XR", "https://example.com/a",
        "22 November 2026, 09:05 UTC", "How to recognise it: the picture at that address",
        "good faith", "48 hours", "case@centre.example", "Haechi Centre, authorised to act",
        "We act for the individual, with that person's authorisation. Please write to us",
    ):  # fmt: skip
        assert part in " ".join(drafted.text.split())


def test_the_digest_is_of_exactly_this_text() -> None:
    drafted = _draft()
    assert drafted.sha256 == hashlib.sha256(drafted.text.encode()).hexdigest()
    assert drafted.text.endswith("\n")
    assert not drafted.text.endswith("\n\n")


@pytest.mark.parametrize(
    ("changed", "missing", "shown"),
    [
        ({"location": ""}, "location", "[still needed: the address of the depiction]"),
        ({"location": " \n\t"}, "location", "[still needed: the address of the depiction]"),
        ({"content_identification": ""}, "content_identification", ""),
        ({"declares_good_faith": False}, "good_faith_statement", "the statement of good faith]"),
        (
            {"has_authorisation": False},
            "authorisation",
            "[still needed: the person's authorisation of the sender]",
        ),
        ({"sender": Sender("Centre", "")}, "contact", "[still needed: how to reach the sender]"),
        ({"sender": Sender(" ", "c@d")}, "signature", "[still needed: signature]"),
    ],
)
def test_what_the_law_requires_and_is_empty_is_named(
    changed: dict[str, object], missing: str, shown: str
) -> None:
    drafted = _draft(**changed)
    assert drafted.missing == (missing,)
    assert shown in drafted.text


def test_an_empty_notice_names_everything_in_the_order_of_the_law() -> None:
    drafted = _draft(
        location="",
        content_identification="",
        declares_good_faith=False,
        has_authorisation=False,
        sender=Sender("", ""),
    )
    assert drafted.missing == LAW.required
    assert "How to recognise it" not in drafted.text


def test_nothing_claims_an_authorisation_that_was_not_given() -> None:
    text = " ".join(_draft(has_authorisation=False).text.split())
    assert "Signed: Haechi Centre" in text
    assert "Please write to us, and not to the individual: case@centre.example" in text
    said = text.replace("[still needed: the person's authorisation of the sender]", "")
    assert "authoris" not in said


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Example", "Example"),
        (" \n예시  포럼\t", "예시 포럼"),
        ("a\u202eb\ud800\0 \u2066 c", "ab c"),
        ("x" * 200 + " ", "x" * 200),
    ],
)
def test_the_name_of_a_service_is_one_line(typed: str, name: str) -> None:
    assert as_service(typed) == name


@pytest.mark.parametrize("typed", ["", " \n", "\u202e \0", "\ud800", "x" * 201])
def test_a_service_without_a_name_is_refused(typed: str) -> None:
    with pytest.raises(MalformedField) as caught:
        as_service(typed)
    assert caught.value.field == "service"


def test_lines_are_short_but_an_address_is_never_broken() -> None:
    address = "https://example.com/" + "a-b/" * 60
    text = _draft(location=address, content_identification="word " * 60).text
    assert address in text
    assert all(len(line) <= 76 for line in text.splitlines() if address not in line)
    assert "\n\n\n" not in text


def test_a_template_with_a_missing_name_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(UndefinedError):
        _environment().from_string("{{ nobody_gave_this }}").render()


def test_a_value_is_never_read_as_a_template() -> None:
    assert "{{ 7 * 7 }}{% raw %}" in _draft(location="{{ 7 * 7 }}{% raw %}").text


def test_every_law_says_where_it_is_read_and_when_it_was() -> None:
    assert _all_laws()
    for law in _all_laws().values():
        assert law.source_url.startswith("https://")
        assert isinstance(law.verified_on, date)
        assert law.length > timedelta(0)
        assert law.required
        assert law.starts_with
        assert law_named(law.id) is law


def test_the_facts_of_the_take_it_down_act() -> None:
    assert LAW.length == timedelta(hours=48)
    assert LAW.country == "US"
    assert LAW.required == (
        "content_identification", "location", "good_faith_statement", "authorisation", "contact",
        "signature",
    )  # fmt: skip


@pytest.mark.parametrize("law_id", ["", "us-tida", "US-TIDA ", "../laws/us_tida"])
def test_a_law_that_we_do_not_have_is_named_with_those_we_have(law_id: str) -> None:
    with pytest.raises(MalformedField, match="There is: US-TIDA") as caught:
        law_named(law_id)
    assert caught.value.field == "law"


def test_the_clock_of_a_draft_has_not_started() -> None:
    clock = clock_of(LAW)
    assert (clock.started_at, clock.due_at, clock.is_confirmed) == (None, None, False)
    assert clock.kind is ClockKind.STATUTORY
    assert clock.length == timedelta(hours=48)


def test_a_sent_notice_counts_from_the_sending_and_says_so() -> None:
    clock = clock_of(LAW, sent_at=AT)
    assert (clock.started_at, clock.is_confirmed) == (AT, False)
    assert clock.due_at == AT + timedelta(hours=48)


def test_the_receipt_counts_once_it_is_known() -> None:
    clock = clock_of(LAW, sent_at=AT, received_at=AT + timedelta(hours=3))
    assert (clock.started_at, clock.is_confirmed) == (AT + timedelta(hours=3), True)


@pytest.mark.parametrize("name", ["sent_at", "received_at"])
def test_a_clock_needs_a_zone(name: str) -> None:
    with pytest.raises(ValueError, match="with a zone"):
        clock_of(LAW, **{name: datetime(2026, 1, 1)})  # noqa: DTZ001


class TestKept:
    def test_notices_come_back_as_they_were_drafted(self, store_url: str) -> None:
        vault = Vault(KEYS.master)
        with Database(store_url) as database:
            with database.write() as tx:
                key_id, other_key = vault.new_key(tx), vault.new_key(tx)
                kept = [
                    add_notice(
                        tx,
                        vault,
                        key_id,
                        case_id="cas_1",
                        sighting_id=f"sgt_{number}",
                        law_id="US-TIDA",
                        service=f"서비스 {number}",
                        text=_draft(location=f"https://example.com/{number}/가🐲", sender=sender),
                    )
                    for number, sender in enumerate((Sender("", ""), FULL["sender"]))
                ]
                add_notice(
                    tx, vault, other_key, case_id="cas_2", sighting_id="s", law_id="US-TIDA",
                    service="other", text=_draft(),
                )  # fmt: skip
            with database.read() as tx:
                assert notices_of(tx, vault, key_id, "cas_1") == kept
                assert notices_of(tx, vault, key_id, "cas_none") == []
                sealed = b"".join(tx.scalars(notice.select().with_only_columns(notice.c.sealed)))
            assert b"example" not in sealed
            assert kept[0].text.missing == ("contact", "signature")
            assert kept[0].clock.due_at is None

    def test_a_notice_that_was_sent_shows_its_clock(self, sqlite_url: str) -> None:
        vault = Vault(KEYS.master)
        with Database(sqlite_url) as database, database.write() as tx:
            key_id = vault.new_key(tx)
            add_notice(
                tx, vault, key_id, case_id="c", sighting_id="s", law_id="US-TIDA", service="x",
                text=_draft(),
            )  # fmt: skip
            tx.execute(notice.update().values(status="sent", sent_at=AT))
            (sent,) = notices_of(tx, vault, key_id, "c")
            assert sent.status == "sent"
            assert sent.clock.due_at == AT + timedelta(hours=48)

    def test_a_text_does_not_show(self) -> None:
        assert "example.com" not in repr(_draft())
