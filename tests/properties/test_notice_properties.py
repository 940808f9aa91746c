# SPDX-License-Identifier: Apache-2.0
"""Whatever is put into a notice: its sections stay the template's, and nothing is hidden in it."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from haechi.notices import Sender, clock_of, draft_text, law_named

LAW = law_named("US-TIDA")
AT = datetime(2026, 11, 22, tzinfo=UTC)


def _text(value: str, *, everywhere: bool = True) -> str:
    return draft_text(
        LAW,
        service=value if everywhere else "s",
        case_number="7KQ2-M4XR",
        location=value,
        content_identification=value if everywhere else "c",
        sender=Sender(value, value) if everywhere else Sender("n", "c"),
        declares_good_faith=True,
        has_authorisation=True,
        written_at=AT,
    ).text


def _headings(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("  ")]


HEADINGS = _headings(_text("x"))
_FORGED = "4. What we ask"
_PIECES = st.sampled_from(
    [
        "\n", "\r\n", "\u2028", "\x85", "\v", "\x1c", " ", "\t", "\u3000", "\u202e", "\u2066", "\0",
        "\x1b[2J", "1. What this is about", _FORGED, "5. Who asks", "Signed:", "x" * 60, "x" * 76,
        "y" * 58, "=", "{{ law }}", "[still needed: signature]", "가나다", "\ufeff", "\ud800",
    ]
)  # fmt: skip


def test_the_sections_are_what_they_are() -> None:
    assert [line[:2] for line in HEADINGS] == ["Re", "un", "1.", "2.", "3.", "4.", "5."]


@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=12).map("".join)))
@example("x" * 70 + " " + _FORGED + " " + "y" * 70)
@example(_FORGED)
@example("\n" + _FORGED + "\n")
@example("x" * 75)
@example("x\u20284. What we ask")
def test_no_value_forges_a_section(value: str) -> None:
    assert _headings(_text(value)) == HEADINGS


@given(st.one_of(st.text(max_size=200), st.lists(_PIECES, max_size=10).map("".join)))
def test_nothing_in_a_notice_is_hidden_or_turned_round(value: str) -> None:
    text = _text(value)
    kinds = {unicodedata.category(character) for character in text} - {"Cc"}
    assert "Cs" not in kinds
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    text.encode()


@given(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=400))
def test_one_word_is_never_broken_and_stays_whole(word: str) -> None:
    shown = "".join(c for c in word if unicodedata.category(c) not in ("Cc", "Cs"))
    assert shown in _text(word)


ZONES = st.sampled_from(
    [
        "UTC", "Asia/Seoul", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe",
        "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca",
    ]
).map(ZoneInfo)  # fmt: skip


@given(
    st.datetimes(
        min_value=datetime(1990, 1, 1),  # noqa: DTZ001
        max_value=datetime(2060, 1, 1),  # noqa: DTZ001
        timezones=ZONES,
        allow_imaginary=False,
    )
)
@example(datetime(2026, 3, 7, 12, tzinfo=ZoneInfo("America/New_York")))
@example(datetime(2026, 10, 31, 1, 30, tzinfo=ZoneInfo("America/New_York")))
@example(datetime(2026, 11, 1, 1, 30, fold=1, tzinfo=ZoneInfo("America/New_York")))
@example(datetime(2026, 10, 25, 2, 30, fold=0, tzinfo=ZoneInfo("Europe/Berlin")))
def test_forty_eight_hours_pass_on_every_clock(moment: datetime) -> None:
    for clock in (clock_of(LAW, sent_at=moment), clock_of(LAW, received_at=moment)):
        assert clock.started_at == moment.astimezone(UTC)
        assert clock.due_at - moment.astimezone(UTC) == timedelta(hours=48)
        assert clock.due_at - clock.started_at == timedelta(hours=48)
        assert clock.due_at.utcoffset() == timedelta(0)
