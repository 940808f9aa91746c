# SPDX-License-Identifier: Apache-2.0
"""Times as the centre types them: with a zone or in the machine's own, and never guessed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from haechi.cli._notice import moment_of
from haechi.errors import MalformedField
from haechi.values import utc_now


@pytest.fixture
def in_seoul(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("in_seoul")
@pytest.mark.parametrize(
    "typed",
    [
        "2026-11-24T09:30", "2026-11-24 09:30", " 2026-11-24T09:30:00 ", "2026-11-24T00:30Z",
        "2026-11-24T09:30+09:00", "2026-11-23T19:30-05:00",
    ],
)  # fmt: skip
def test_a_time_is_read_in_its_zone_or_in_the_machine_s(typed: str) -> None:
    at = moment_of(typed)
    assert at == datetime(2026, 11, 24, 0, 30, tzinfo=UTC)
    assert at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "now",
        "2026-11-24",
        "24.11.2026 9:30",
        "09:30",
        "2026-13-01T09:30",
        "2026-11-24T9",
        "내일 9:30",
    ],
)
def test_what_is_no_time_is_explained(typed: str) -> None:
    with pytest.raises(MalformedField, match="2026-11-24T09:30") as caught:
        moment_of(typed)
    assert caught.value.field == "at"


@pytest.mark.parametrize("typed", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"])
def test_a_time_at_the_ends_of_the_calendar_is_explained(typed: str) -> None:
    with pytest.raises(MalformedField):
        moment_of(typed)


def test_nothing_typed_is_now() -> None:
    before = utc_now()
    assert before <= moment_of(None) <= utc_now()
