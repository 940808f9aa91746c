# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from datetime import UTC, datetime

import pytest

from haechi.cases import Sighting
from haechi.errors import MalformedField


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a?b=c#d", "http://example.com", "t.me/name", "example.com/~x",
        "https://예시.한국/길", "https://example.com:8443/x", "HTTPS://EXAMPLE.COM", "1.2.3.4/x",
        "https://user@example.com/x", "https://" + "a" * 1980 + ".com",
    ],
)  # fmt: skip
def test_addresses_are_kept_as_written(url: str) -> None:
    assert Sighting(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://example.com/x",
        "localhost", "just words", "https://", "https://.", "https:// example.com", "//", "/x",
        "https://exa mple.com", "https://example.com/\nBcc: x@example.com", "https://example.com/\0",
        "https://[::1/x", "https://example.com/\x7f", "tel:+82 2",
        "https://example.com/\u202emoc.live", "https://example.com/\u2028x",
    ],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(MalformedField) as caught:
        Sighting(url=url)
    assert caught.value.field == "url"


def test_nothing_is_no_sighting() -> None:
    with pytest.raises(MalformedField, match="Write an address"):
        Sighting()


@pytest.mark.parametrize(
    ("name", "most"),
    [("url", 2000), ("place", 200), ("note", 2000), ("told_by", 200), ("threats", 2000)],
)
def test_texts_have_an_end(name: str, most: int) -> None:
    begin = "https://example.com/" if name == "url" else ""
    assert Sighting(**{name: begin.ljust(most, "가")})
    with pytest.raises(MalformedField, match="too long") as caught:
        Sighting(**{name: begin.ljust(most + 1, "가")})
    assert caught.value.field == name


@pytest.mark.parametrize("name", ["url", "place", "note", "told_by", "threats"])
def test_what_cannot_be_written_down_is_refused(name: str) -> None:
    """A lone surrogate has no bytes: storing it would fail in the middle of her report."""
    with pytest.raises(MalformedField):
        Sighting(**{name: "https://example.com/\ud800"})


@pytest.mark.parametrize(
    "day", ["2026-13-01", "24.11.2026", "tomorrow", "1899-12-31", "9999-01-01", "２０２６"]
)
def test_a_day_that_has_not_been_is_refused(day: str) -> None:
    with pytest.raises(MalformedField) as caught:
        Sighting(note="x", first_heard_on=day)
    assert caught.value.field == "first_heard_on"


def test_a_day_alone_says_nothing_of_where() -> None:
    with pytest.raises(MalformedField, match="Write an address"):
        Sighting(first_heard_on="2026-11-01")


def test_a_sighting_comes_back_from_its_stored_form() -> None:
    seen = Sighting("https://example.com", "방", "note", "a friend", "2026-11-01", "threats 🐲")
    now = datetime.now(UTC)
    again = Sighting.from_json(seen.to_json(), id="sgt_1", recorded_at=now)
    assert again.to_json() == seen.to_json()
    assert (again.id, again.recorded_at) == ("sgt_1", now)


def test_a_sighting_of_before_has_fewer_fields() -> None:
    stored = {"url": "", "place": "방", "note": ""}
    again = Sighting.from_json(stored, id="sgt_1", recorded_at=datetime.now(UTC))
    assert (again.place, again.told_by, again.threats) == ("방", "", "")


def test_what_she_wrote_does_not_show() -> None:
    seen = Sighting(
        "https://example.com",
        "the room",
        "the note",
        "the friend",
        "2026-11-01",
        "the threat",
        "sgt_1",
    )
    shown = repr(seen)
    for written in ("example", "the ", "2026"):
        assert written not in shown
    assert "sgt_1" in shown
