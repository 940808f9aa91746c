# SPDX-License-Identifier: Apache-2.0
"""The form that opens a case and the one that adds to it: what is asked when, sent how, said how."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from page_look import Look
from page_visit import ASTRONAUT, COFFEE, NARROW, Begin, Visit

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

ALL_KINDS = {"platform", "community", "adult_site", "hash_service"}
MP4_HEAD = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
ANSWERS = {
    "under_18": (True, True),
    "eighteen": (False, True),
    "adult": (False, False),
    "unknown": (None, None),
}


def share(one: Visit, answer: str) -> None:
    one.page.check(f'input[name="share"][value="{answer}"]')


def say_age(one: Visit, answer: str) -> None:
    one.page.check(f'input[name="age"][value="{answer}"]')


def bodies(one: Visit, path: str) -> list[dict[str, Any]]:
    return [
        json.loads(request.post_data)
        for request in one.asked
        if request.method == "POST" and urlsplit(request.url).path == path
    ]


def told(one: Visit) -> str:
    """The one sentence about what is wrong."""
    box = one.page.locator("[role=alert]")
    box.wait_for()
    assert box.count() == 1
    assert box.locator("p").count() == 1, "one sentence, and no way on that leads nowhere"
    return str(box.locator("p").inner_text())


def focused(one: Visit) -> str:
    return str(one.page.evaluate("document.activeElement.id || document.activeElement.value"))


# With whom it is shared ---------------------------------------------------------------------------


def test_sharing_is_asked_as_soon_as_a_file_is_listed_and_has_no_answer_yet(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    question = one.page.get_by_role("group", name="May services be told of these fingerprints?")
    assert question.count() == 0
    one.choose(COFFEE)
    assert question.get_by_role("radio", checked=True).count() == 0
    one.page.click("#send")
    assert "“Not yet” is an answer too" in told(one)
    assert focused(one) == "all"
    share(one, "some")
    one.page.click("#send")
    assert "Tick at least one kind" in told(one)
    one.page.get_by_role("button", name="Leave out: Photo 1").click()
    assert question.count() == 0
    assert bodies(one, "/v1/cases") == []


@pytest.mark.parametrize("age", ANSWERS)
def test_only_what_is_surely_an_adults_reaches_sites_for_adults(visit: Begin, age: str) -> None:
    one = visit()
    one.open("/case/new")
    one.choose(COFFEE)
    assert one.page.locator('input[name="age"][value="unknown"]').is_checked()
    say_age(one, age)
    share(one, "all")
    reason = one.page.get_by_text("Services for adults only are left out, because")
    box = one.page.get_by_role("checkbox", name="Sites for adults only")
    assert reason.is_visible() is (age != "adult")
    share(one, "some")
    assert box.is_enabled() is (age == "adult")
    share(one, "all")
    one.page.click("#send")
    one.shown_keys()
    (report,) = bodies(one, "/v1/cases")
    assert (report["under_18_when_taken"], report["under_19_kr"]) == ANSWERS[age]
    left_out = set() if age == "adult" else {"adult_site"}
    assert set(report["items"][0]["sharing"]["kinds"]) == ALL_KINDS - left_out


def test_what_was_ticked_for_an_adult_is_taken_back_with_the_answer(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    one.choose(COFFEE)
    fuller = one.page.get_by_role("checkbox", name="Photo 1: Add fuller fingerprint")
    assert fuller.count() == 0
    say_age(one, "adult")
    share(one, "some")
    fuller.check()
    for kind in ("community", "adult_site"):
        one.page.check(f'input[name="kind_{kind}"]')
    say_age(one, "eighteen")
    assert fuller.count() == 0
    say_age(one, "adult")
    assert not fuller.is_checked()
    assert not one.page.locator('input[name="kind_adult_site"]').is_checked()
    one.page.select_option("#days", "180")
    one.page.click("#send")
    one.shown_keys()
    (report,) = bodies(one, "/v1/cases")
    (item,) = report["items"]
    assert item["sharing"] == {"kinds": ["community"], "days": 180}
    assert "rpdq" not in [signal["type"] for signal in item["signals"]]


def test_not_yet_tells_nobody_and_asks_for_no_time(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    one.choose(COFFEE)
    share(one, "all")
    one.page.select_option("#days", "30")
    share(one, "none")
    assert not one.page.locator("#days").is_visible()
    one.page.check('input[name="agent"]')
    one.page.click("#send")
    one.shown_keys()
    (report,) = bodies(one, "/v1/cases")
    assert report["items"][0]["sharing"] == {"kinds": [], "days": None}
    assert report["agent"] is True
    one.open("/case")
    assert one.page.get_by_text("Not shared at the moment").is_visible()


# What is typed ------------------------------------------------------------------------------------

TYPED = {
    "url": "https://forum.example/1",
    "place": "غرفة 🐲 방",
    "note": "친구가 알려 줬어요 😀\nשלום",
    "told_by": "صديق",
    "first_heard_on": "2026-11-20",
    "threats": "⚠️ <b>돈을 달라고</b> 했어요",
}


@pytest.mark.parametrize("scripts", [True, False])
def test_all_that_is_typed_arrives_in_any_script_and_direction(visit: Begin, scripts: bool) -> None:
    one = visit("ko", java_script_enabled=scripts)
    one.open("/case/new")
    assert not one.page.locator("#threats").is_visible()
    one.page.locator("#more summary").click()
    for name, text in TYPED.items():
        one.page.fill(f"#{name}", text)
        if name not in ("url", "first_heard_on"):
            assert one.page.locator(f"#{name}").get_attribute("dir") == "auto"
    one.page.click("#send")
    number, passphrase = one.shown_keys()
    again = visit("ko", java_script_enabled=False)
    again.enter(number, passphrase)
    for summary in again.page.locator("main summary").all():
        summary.click()
    shown = again.page.locator("main").inner_text()
    for text in TYPED.values():
        assert text in shown


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"url": "그 방 😀"}, "url", "not a web address"),
        (
            {"place": "x", "first_heard_on": "2090-01-01"},
            "first_heard_on",
            "not a day that has been",
        ),
        ({}, "place", "Write an address|or write an address"),
        ({"first_heard_on": "2026-11-20"}, "place", "Write an address|or write an address"),
    ],
    ids=["address", "day", "nothing", "only a day"],
)
def test_what_is_wrong_is_said_once_and_led_to(
    visit: Begin, scripts: bool, fields: dict[str, str], field: str, sentence: str
) -> None:
    one = visit(java_script_enabled=scripts)
    one.open("/case/new")
    one.page.locator("#more summary").click()
    for name, text in fields.items():
        one.page.fill(f"#{name}", text)
    one.page.locator("#more summary").click()
    say_age(one, "under_18")
    one.page.click("#send")
    one.page.locator("[role=alert]").wait_for()
    said = one.page.locator("[role=alert]").inner_text()
    assert len(re.findall(sentence, said)) == 1
    wrong = one.page.locator(f"#{field}")
    assert wrong.get_attribute("aria-invalid") == "true"
    assert wrong.is_visible()
    if scripts:
        assert focused(one) == field
    else:
        one.page.locator("[role=alert] a").click()
        assert urlsplit(one.page.url).fragment == field
    for name, text in fields.items():
        assert one.page.locator(f"#{name}").input_value() == text
    assert one.page.locator('input[name="age"][value="under_18"]').is_checked()


def test_without_scripts_the_form_asks_for_nothing_of_files(visit: Begin) -> None:
    one = visit(java_script_enabled=False)
    one.open("/case/new")
    assert "open a case without a file" in one.page.locator("main").inner_text()
    for selector in ("#files", "#sharing", "#kinds", "#days", "#fuller"):
        assert not one.page.locator(selector).is_visible()
    one.page.fill("#place", "a room")
    say_age(one, "eighteen")
    one.page.check('input[name="agent"]')
    with one.page.expect_request("**/case/new") as sent:
        one.page.click("#send")
    form = parse_qs(sent.value.post_data)
    assert (form["age"], form["agent"]) == (["eighteen"], ["yes"])
    assert len(form["send_key"][0]) >= 22
    one.shown_keys()


# Files that are not what they should be -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "head", "size_bytes", "sentence"),
    [
        ("notes.jpg", b"Dear diary", 10, "not a photo or video"),
        ("notes.mp4", b"Dear diary", 2 * 2**30, "not a photo or video"),
        ("empty.png", b"", 0, "could not be read"),
        ("endless.mp4", MP4_HEAD, 5 * 10**9, "too large for this page"),
    ],
)
def test_a_strange_file_is_one_kind_sentence_and_a_way_on(
    visit: Begin, tmp_path: Path, name: str, head: bytes, size_bytes: int, sentence: str
) -> None:
    file = tmp_path / name
    file.write_bytes(head)
    os.truncate(file, size_bytes)
    one = visit()
    one.open("/case/new")
    one.choose(file)
    line = one.page.locator("#chosen li")
    assert sentence in line.locator("p").inner_text()
    assert "You can go on without it" in line.locator("p").inner_text()
    assert not one.page.locator("#sharing").is_visible()
    one.page.locator("#working").wait_for(state="hidden")
    assert one.page.locator("#status").inner_text() == ""
    one.page.fill("#place", "a room")
    one.page.click("#send")
    one.shown_keys()
    (report,) = bodies(one, "/v1/cases")
    assert report["items"] == []


def test_a_large_film_is_read_piece_by_piece_and_can_be_stopped(
    visit: Begin, tmp_path: Path
) -> None:
    """Two gigabytes: a minute of work that can be left, with a sentence that says so."""
    film = tmp_path / "film.mp4"
    film.write_bytes(MP4_HEAD)
    os.truncate(film, 2 * 2**30)
    one = visit()
    one.open("/case/new")
    one.page.set_input_files("#files", film)
    one.page.get_by_text("A large file takes some minutes").wait_for()
    one.page.locator('#progress:not([value="0"])').wait_for()
    one.page.fill("#place", "typed meanwhile")
    one.page.get_by_role("button", name="Stop").click()
    one.page.get_by_text("Stopped. Nothing was sent.").wait_for()
    assert one.page.locator("#chosen li").count() == 0
    assert one.page.locator("#place").input_value() == "typed meanwhile"


def test_five_hundred_files_at_once_are_one_sentence(visit: Begin, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(500)]
    for file in files:
        file.write_bytes(b"\xff\xd8\xff")
    one = visit("ko")
    one.open("/case/new")
    one.page.set_input_files("#files", files)
    assert "50" in told(one)
    assert one.page.locator("#chosen li").count() == 0
    one.choose(COFFEE)
    assert one.page.locator("[role=alert]").count() == 0


def test_each_file_is_listed_as_soon_as_it_is_ready(visit: Begin, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(MP4_HEAD)
    os.truncate(film, 2 * 2**30)
    one = visit()
    one.open("/case/new")
    one.page.set_input_files("#files", [COFFEE, ASTRONAUT, film])
    one.page.locator("#chosen li").nth(1).wait_for()
    one.page.get_by_text("Making fingerprints: 3 of 3").wait_for()
    one.page.get_by_role("button", name="Stop").click()
    one.page.get_by_text("2 ready. Nothing is sent before you open the case.").wait_for()
    shown = one.page.content()
    assert "coffee" not in shown
    assert "astronaut" not in shown
    assert one.page.locator("main img, main canvas, main video").count() == 0


# Sent twice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("has_file", [True, False])
def test_after_no_answer_the_same_secret_is_sent_and_one_case_is_open(
    visit: Begin, has_file: bool
) -> None:
    one = visit()
    one.open("/case/new")
    if has_file:
        one.choose(COFFEE)
        share(one, "all")
    one.page.fill("#place", "a room")
    first: dict[str, Any] = {}

    def lose(route: Any) -> None:
        first.update(route.fetch().json())
        route.abort()

    one.page.route("**/v1/cases", lose, times=1)
    one.page.click("#send")
    assert "There was no answer" in told(one)
    assert one.page.locator("#place").input_value() == "a room"
    one.page.click("#send")
    assert one.shown_keys() == (first["case_number"], first["passphrase"])
    keys = [body["send_key"] for body in bodies(one, "/v1/cases")]
    assert len(keys) == 2
    assert len(set(keys)) == 1


def test_a_double_tap_sends_once_and_back_keeps_the_passphrase(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    one.choose(COFFEE)
    share(one, "all")
    one.page.locator("#send").dblclick()
    keys = one.shown_keys()
    assert len(bodies(one, "/v1/cases")) == 1
    one.page.go_back()
    assert one.shown_keys() == keys
    one.page.reload()
    assert one.page.locator(".note .number").inner_text() == keys[0]
    assert one.page.locator("#send").is_visible()


def test_what_was_sent_long_ago_leads_to_the_way_in(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    one.page.fill("#place", "a room")
    error = {"error": {"code": "already_sent", "message": "…"}}
    one.page.route("**/v1/cases", lambda route: route.fulfill(status=409, json=error))
    one.page.click("#send")
    box = one.page.locator("[role=alert]")
    assert "This was sent already" in box.inner_text()
    assert box.locator("a").get_attribute("href") == "/case/enter"


# Adding to a case ---------------------------------------------------------------------------------


def opened_for(visit: Begin, age: str) -> Visit:
    one = visit()
    one.open("/case/new")
    one.page.fill("#place", "a room")
    say_age(one, age)
    one.page.click("#send")
    one.shown_keys()
    one.open("/case/add")
    return one


@pytest.mark.parametrize("age", ["adult", "unknown"])
def test_what_is_added_has_an_age_of_its_own(visit: Begin, age: str) -> None:
    """Whatever the case was opened with: a photo that is added may be of another year."""
    one = opened_for(visit, "adult" if age == "unknown" else "unknown")
    assert one.page.locator('input[name="age"][value="unknown"]').is_checked()
    assert one.page.locator('input[name="agent"]').count() == 0
    one.page.check(f'input[name="age"][value="{age}"]')
    one.choose(COFFEE)
    share(one, "all")
    assert one.page.locator("#fuller").is_visible() is (age == "adult")
    one.page.fill("#url", "t.me/elsewhere")
    one.page.locator("#send").dblclick()
    one.page.wait_for_url("**/case")
    assert one.page.get_by_role("heading", name="Photo 1").is_visible()
    assert one.page.get_by_role("heading", name="Place 2").is_visible()
    (added,) = bodies(one, "/v1/case/items")
    assert added.keys() == {
        "case_number", "send_key", "items", "sightings", "under_18_when_taken", "under_19_kr",
    }  # fmt: skip
    assert added["under_19_kr"] is (False if age == "adult" else None)
    left_out = set() if age == "adult" else {"adult_site"}
    assert set(added["items"][0]["sharing"]["kinds"]) == ALL_KINDS - left_out


def test_adding_after_no_answer_adds_once(visit: Begin) -> None:
    one = opened_for(visit, "unknown")
    one.page.fill("#place", "another room")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    one.page.route("**/v1/case/items", lose, times=1)
    one.page.click("#send")
    assert "There was no answer" in told(one)
    one.page.click("#send")
    one.page.wait_for_url("**/case")
    assert one.page.get_by_role("heading", name="Place 2").is_visible()
    assert one.page.get_by_role("heading", name="Place 3").count() == 0


def test_a_case_that_was_closed_meanwhile_says_so(visit: Begin) -> None:
    one = opened_for(visit, "unknown")
    one.context.clear_cookies()
    one.page.fill("#place", "another room")
    one.page.click("#send")
    box = one.page.locator("[role=alert]")
    assert "was closed on this device" in box.inner_text()
    assert box.locator("a").get_attribute("href") == "/case/enter"


def test_nobody_adds_without_a_case(site: str) -> None:
    assert httpx.get(f"{site}/case/add").status_code == 401
    assert httpx.post(f"{site}/case/add", data={"place": "x"}).status_code == 401


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_whole_form_is_accessible_and_fits(visit: Begin, language: str) -> None:
    one = visit(language, viewport=NARROW)
    one.open("/case/new")
    one.choose(COFFEE)
    one.page.click("#send")
    one.page.locator("[role=alert]").wait_for()
    one.page.locator("#more summary").click()
    share(one, "all")
    Look(one.page).at("asked")
    say_age(one, "adult")
    share(one, "some")
    Look(one.page).at("answered")
    one.page.check('input[name="kind_platform"]')
    one.page.click("#send")
    one.shown_keys()
    one.open("/case/new")
    Look(one.page).at("another one")
    one.open("/case/add")
    Look(one.page).at("add")


def test_what_is_wrong_stands_where_the_page_jumps_to_until_she_answers(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    one.choose(COFFEE)
    marks = one.page.locator("#wrong, [role=alert], [aria-invalid]")
    for answer in ('input[name="share"][value="some"]', 'input[name="share"][value="none"]'):
        one.page.click("#send")
        one.page.locator("#wrong").wait_for()
        assert one.page.locator("[role=alert]").count() == 1
        assert one.page.evaluate(
            "() => { const at = document.querySelector('#wrong').getBoundingClientRect();"
            " return at.top >= 0 && at.bottom <= innerHeight; }"
        )
        one.page.check(answer)
        assert marks.count() == 0
