# SPDX-License-Identifier: Apache-2.0
"""Requests to a source: what is tried again, for how long it waits, and the one word that is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from loopback import Answer, Asked, serving
from pulling import quick_wire

from haechi.errors import AddressRefused, SourceFailed
from haechi.exchange import guarded_client
from haechi.exchange.partners import Wire
from haechi.exchange.partners._wire import Request


def _asked(answers: list[Answer], *, method: str = "GET") -> tuple[str, int, list[float]]:
    """The word that is left, or the body; how often it was asked, and the waits between."""
    seen: list[Asked] = []

    def answer(asked: Asked) -> Answer:
        seen.append(asked)
        return answers[min(len(seen), len(answers)) - 1]

    slept: list[float] = []
    with serving(answer) as address, quick_wire(slept=slept) as wire:
        try:
            told = wire.ask(Request(method, address)).body.decode()
        except SourceFailed as error:
            told = str(error.params["word"])
    return told, len(seen), slept


GOOD = Answer(body=b"good")


@pytest.mark.parametrize(
    ("answers", "told", "times"),
    [
        ([GOOD], "good", 1),
        ([Answer(429), GOOD], "good", 2),
        ([Answer(500), Answer(502), Answer(503), Answer(504), GOOD], "good", 5),
        ([Answer(429)], "too_many", 5),
        ([Answer(500)], "server_error", 5),
        ([Answer(501)], "server_error", 1),
        ([Answer(401)], "denied", 1),
        ([Answer(403)], "denied", 1),
        ([Answer(404)], "not_there", 1),
        ([Answer(410)], "gone", 1),
        ([Answer(418)], "unexpected", 1),
        ([Answer(301, headers={"Location": "http://127.0.0.1:1/"})], "redirected", 1),
        ([Answer(304)], "redirected", 1),
    ],
)
def test_what_is_tried_again(answers: list[Answer], told: str, times: int) -> None:
    assert _asked(answers)[:2] == (told, times)


def test_it_waits_longer_each_time() -> None:
    assert _asked([Answer(503)])[2] == [0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("told", "slept"),
    [
        ("0", [0.0]), ("59", [59.0]), ("60", [60.0]),
        ("nonsense", [0.5]), ("-3", [0.5]), ("", [0.5]), ("²", [0.5]),
    ],
)  # fmt: skip
def test_it_waits_as_long_as_it_is_told(told: str, slept: list[float]) -> None:
    headers = {"Retry-After": told} if told.isascii() else {}
    assert _asked([Answer(503, headers=headers), GOOD]) == ("good", 2, slept)


@pytest.mark.parametrize("told", ["61", "999999999999"])
def test_it_does_not_stay_for_longer_than_it_may(told: str) -> None:
    assert _asked([Answer(429, headers={"Retry-After": told})]) == ("too_many", 1, [])


def test_it_waits_until_a_date() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    _, times, (slept,) = _asked([Answer(503, headers={"Retry-After": at}), GOOD])
    assert times == 2
    assert 20 < slept <= 30
    past = format_datetime(datetime.now(UTC) - timedelta(days=1), usegmt=True)
    assert _asked([Answer(503, headers={"Retry-After": past}), GOOD])[2] == [0.0]


def test_an_answer_that_breaks_off_is_asked_for_again() -> None:
    short = Answer(body=b"half", headers={"Content-Length": "100", "Connection": "close"})
    with quick_wire() as wire:
        wire.tries = 2
        wire.client.timeout = 0.3
        seen = []

        def answer(asked: Asked) -> Answer:
            seen.append(asked)
            return short if len(seen) == 1 else GOOD

        with serving(answer) as address:
            assert wire.ask(Request("GET", address)).body == b"good"


def test_an_address_that_may_not_be_called_is_not_tried_again() -> None:
    slept: list[float] = []
    with guarded_client(allow_private=False) as client, pytest.raises(AddressRefused):
        Wire(client, sleep=slept.append).ask(Request("GET", "https://127.0.0.1/"))
    assert slept == []


def test_nothing_of_a_request_shows() -> None:
    request = Request(
        "GET", "https://x.example/secret", {"a": "secret"}, {"b": "secret"}, b"secret", ("c", "secret")
    )  # fmt: skip
    assert "secret" not in repr(request)
