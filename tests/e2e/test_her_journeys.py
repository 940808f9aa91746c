# SPDX-License-Identifier: Apache-2.0
"""Her way through the pages: the first minutes, sending twice, coming back, deciding, erasing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from page_visit import COFFEE, Begin, Visit

from haechi.evidence import verify_receipt

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


class Walk:
    """Does what a person does, and counts it: a press, a field filled, a choice made is one action."""

    def __init__(self, visit: Visit) -> None:
        self.page = visit.page
        self.actions = 0

    def press(self, selector: str) -> None:
        self.actions += 1
        self.page.locator(selector).first.click()

    def fill(self, selector: str, text: str) -> None:
        self.actions += 1
        self.page.fill(selector, text)

    def choose_file(self, path: Path) -> None:
        self.actions += 1
        self.page.set_input_files("#files", path)
        self.page.locator("#chosen li").first.wait_for()


FIRST_PRESSES = {
    "directly": ['a[href="/case/new"]'],
    "by way of the questions": ['form[action="/ways"] button', 'main .route a[href="/case/new"]'],
}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("way", FIRST_PRESSES)
def test_a_case_without_a_file_takes_at_most_six_actions(
    visit: Begin, language: str, way: str
) -> None:
    one = visit(language)
    walk = Walk(one)
    one.open("/")
    for selector in FIRST_PRESSES[way]:
        walk.press(selector)
    walk.fill("#place", "a room")
    walk.press("#send")
    one.shown_keys()
    assert walk.actions <= 6


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_case_with_a_photo_takes_at_most_eight(visit: Begin, language: str) -> None:
    one = visit(language)
    walk = Walk(one)
    one.open("/")
    walk.press('a[href="/case/new"]')
    walk.choose_file(COFFEE)
    walk.press('label:has(input[name="share"][value="all"])')
    walk.press("#send")
    one.shown_keys()
    assert walk.actions <= 8


def test_it_can_be_walked_with_the_keyboard_alone(visit: Begin) -> None:
    one = visit()
    one.open("/")

    def tab_to(selector: str) -> None:
        for _ in range(60):
            one.page.keyboard.press("Tab")
            if one.page.evaluate("(s) => document.activeElement.matches(s)", selector):
                shown = one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert shown != "none", f"{selector} has no visible focus"
                return
        pytest.fail(f"the keyboard does not reach {selector}")

    tab_to('a[href="/case/new"]')
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/case/new")
    tab_to("#place")
    one.page.keyboard.type("a room 🐲 غرفة")
    tab_to("#send")
    one.page.keyboard.press("Enter")
    number, _ = one.shown_keys()
    assert number
    tab_to('main a[href="/case"]')
    one.page.keyboard.press("Enter")
    one.page.wait_for_url("**/case")
    tab_to("summary")
    one.page.keyboard.press("Enter")
    assert one.page.get_by_text("a room 🐲 غرفة").is_visible()


# Sent twice ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scripts", [True, False])
def test_a_double_tap_opens_one_case(visit: Begin, scripts: bool, count_cases: Any) -> None:
    before = count_cases()
    one = visit(java_script_enabled=scripts)
    one.open("/case/new")
    one.page.fill("#place", "a room")
    one.page.locator("#send").dblclick()
    one.shown_keys()
    assert count_cases() == before + 1


def test_sent_again_by_reload_it_shows_the_same(visit: Begin, count_cases: Any) -> None:
    one = visit(java_script_enabled=False)
    one.open("/case/new")
    one.page.fill("#place", "a room")
    one.page.click("#send")
    keys = one.shown_keys()
    before = count_cases()
    one.page.reload()
    assert one.shown_keys() == keys
    assert count_cases() == before


@pytest.mark.parametrize("language", ["ko", "en"])
def test_back_from_an_open_case_says_that_one_is_open(visit: Begin, language: str) -> None:
    one = visit(language)
    one.open("/case/new")
    one.page.fill("#place", "a room")
    one.page.click("#send")
    number, _ = one.shown_keys()
    one.page.go_back()
    one.page.wait_for_load_state()
    assert number in one.page.locator("main").inner_text()
    assert one.page.locator('main a[href="/case"]').count() == 1


def test_after_a_lost_connection_the_same_case_is_shown(visit: Begin, count_cases: Any) -> None:
    one = visit()
    one.open("/case/new")
    one.page.set_input_files("#files", COFFEE)
    one.page.locator("#chosen li").first.wait_for()
    one.page.check('input[name="share"][value="all"]')
    given = {}

    def lose(route: Any) -> None:
        given.update(route.fetch().json())
        route.abort()

    one.page.route("**/v1/cases", lose)
    one.page.click("#send")
    one.page.locator("[role=alert]").wait_for()
    assert "There was no answer" in one.page.locator("[role=alert]").inner_text()
    one.page.unroute("**/v1/cases")
    before = count_cases()
    one.page.click("#send")
    assert one.shown_keys() == (given["case_number"], given["passphrase"])
    assert count_cases() == before


@pytest.fixture
def count_cases(run_haechi: Callable[..., Any], server: Any) -> Callable[[], int]:
    """How many cases the shared site has."""

    def count() -> int:
        from sqlalchemy import create_engine, text

        engine = create_engine(f"sqlite:///{server.data_folder / 'haechi.sqlite3'}")
        with engine.connect() as connection:
            found = connection.execute(text("SELECT count(*) FROM case_file")).scalar_one()
        engine.dispose()
        return int(found)

    return count


# Without scripts: everything but fingerprints -----------------------------------------------------


@pytest.fixture
def in_case(visit: Begin) -> tuple[Visit, str, str]:
    """(a window without scripts in a fresh case with one photo and one place, number, passphrase)."""
    made = visit()
    made.open("/case/new")
    made.page.set_input_files("#files", COFFEE)
    made.page.locator("#chosen li").first.wait_for()
    made.page.check('input[name="share"][value="all"]')
    made.page.fill("#place", "a room")
    made.page.click("#send")
    number, passphrase = made.shown_keys()
    one = visit(java_script_enabled=False)
    one.enter(number, passphrase)
    return one, number, passphrase


def test_she_changes_with_whom_it_is_shared(in_case: tuple[Visit, str, str]) -> None:
    page = in_case[0].page
    assert page.get_by_text("Can be matched").is_visible()
    page.get_by_text("Change who may compare it").click()
    page.check('input[name="share"][value="none"]')
    page.check('input[name="age"][value="adult"]')
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Not shared at the moment").is_visible()
    page.get_by_text("Change who may compare it").click()
    assert page.locator('input[name="share"][value="none"]').is_checked()
    assert page.locator('input[name="age"][value="adult"]').is_checked()
    page.check('input[name="share"][value="some"]')
    page.check('input[name="kind_community"]')
    page.select_option("#days", "30")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_text("Can be matched").is_visible()
    assert page.get_by_text("as you chose").is_visible()


def test_she_adds_a_place(in_case: tuple[Visit, str, str]) -> None:
    page = in_case[0].page
    page.get_by_text("Add a file or a place").click()
    page.fill("#url", "nothing")
    page.locator("main button[type=submit]").click()
    assert "not a web address" in page.locator("[role=alert]").inner_text()
    page.fill("#url", "t.me/elsewhere")
    page.locator("main button[type=submit]").click()
    assert page.get_by_role("heading", name="Place 2").is_visible()
    assert page.locator('a[href$=".pdf"]').count() == 2


def test_she_decides_who_acts_and_how_often_there_is_news(
    in_case: tuple[Visit, str, str], run_haechi: Callable[..., Any], server: Any
) -> None:
    one, number, _ = in_case
    page = one.page

    def wish(**chosen: str) -> None:
        page.get_by_text("Who may act for you").click()
        for name, value in chosen.items():
            page.check(f'input[name="{name}"][value="{value}"]')
        page.get_by_role("button", name="Save").click()

    wish(agent="no", news_every="never", watch="no")
    page.get_by_text("Who may act for you").click()
    for name, value in {"agent": "no", "news_every": "never", "watch": "no"}.items():
        assert page.locator(f'input[name="{name}"][value="{value}"]').is_checked()
    drafted = run_haechi(
        "notice", "draft", number, "--service", "Example", "--good-faith", "--authorised",
        "--data-folder", server.data_folder,
    )  # fmt: skip
    assert drafted.returncode == 4, drafted.stderr
    one.open("/case")
    wish(agent="yes")
    drafted = run_haechi(
        "notice", "draft", number, "--service", "Example", "--good-faith",
        "--data-folder", server.data_folder,
    )  # fmt: skip
    assert drafted.returncode == 0, drafted.stderr
    one.open("/case")
    assert "Example" not in page.locator("main").inner_text()
    page.get_by_text("Show it now").click()
    assert "Example" in page.locator("main").inner_text()


def test_she_comes_back_with_a_code_when_the_passphrase_is_lost(
    in_case: tuple[Visit, str, str], visit: Begin
) -> None:
    one, number, passphrase = in_case
    one.page.get_by_text("Ways back in").click()
    one.page.get_by_role("button", name="Make recovery codes").click()
    assert "not the present passphrase" in one.page.locator("[role=alert]").inner_text()
    one.page.fill("#passphrase", passphrase)
    one.page.get_by_role("button", name="Make recovery codes").click()
    codes = one.page.locator("[data-secret]").all_inner_texts()
    assert len(codes) == 8
    again = visit(java_script_enabled=False)
    again.open("/case/enter")
    again.page.get_by_text("I no longer have the passphrase").click()
    for code, comes_in in (("0000-0000-0000-0000", False), (codes[2].lower(), True)):
        again.page.fill("#case_number", number)
        again.page.fill("#code", code)
        again.page.locator("main button").click()
        assert (again.page.locator("[data-secret]").count() == 1) is comes_in
    fresh = again.page.locator("[data-secret]").inner_text()
    third = visit(java_script_enabled=False)
    assert third.enter(number, passphrase).status == 401
    assert third.enter(number, fresh).status == 303


def test_the_centre_and_she_open_it_together(
    in_case: tuple[Visit, str, str], run_haechi: Callable[..., Any], server: Any
) -> None:
    one, number, passphrase = in_case
    one.page.get_by_text("Ways back in").click()
    one.page.fill("#passphrase", passphrase)
    one.page.get_by_role("button", name="Share a half with the centre").click()
    hers = one.page.locator("[data-secret]").inner_text()
    told = run_haechi("case", "half", number, "--data-folder", server.data_folder)
    assert told.returncode == 0, told.stderr
    one.open("/case/keys")
    assert one.page.get_by_text("The centre told somebody its half").is_visible()
    one.open("/case/recover")
    one.page.fill("#case_number", number)
    one.page.fill("#code", f"{hers} {told.stdout.strip()}")
    one.page.locator("main button").click()
    assert one.page.locator("[data-secret]").count() == 1


def test_her_receipts_can_be_downloaded_and_hold(
    in_case: tuple[Visit, str, str], run_haechi: Callable[..., Any], tmp_path: Path
) -> None:
    one, number, _ = in_case
    for kind in ("pdf", "json"):
        with one.page.expect_download() as saving:
            one.page.locator(f'a[href$=".{kind}"]').first.click()
        assert saving.value.suggested_filename == f"receipt-{number}.{kind}"
        saving.value.save_as(tmp_path / f"receipt.{kind}")
        verified = run_haechi("receipt", "verify", tmp_path / f"receipt.{kind}")
        assert verified.returncode == 0, verified.stderr


def test_enter_in_the_passphrase_field_chooses_nothing_for_her(
    in_case: tuple[Visit, str, str],
) -> None:
    one, _, passphrase = in_case
    one.open("/case/keys")
    one.page.fill("#passphrase", passphrase)
    one.page.press("#passphrase", "Enter")
    assert urlsplit(one.page.url).path == "/case/keys"
    assert one.page.locator("[data-secret]").count() == 0


def test_a_page_of_the_case_goes_when_its_session_has_ended(visit: Begin) -> None:
    one = visit()
    one.page.clock.install()
    one.open("/case/new")
    one.page.fill("#place", "a room")
    one.page.click("#send")
    one.shown_keys()
    one.page.clock.fast_forward("30:00")
    # What is shown once is not taken away from her.
    assert one.page.locator("[data-passphrase]").is_visible()
    one.open("/case")
    one.page.clock.fast_forward("19:00")
    assert urlsplit(one.page.url).path == "/case"
    one.page.clock.fast_forward("02:00")
    one.page.wait_for_url("**/case/enter")


def test_another_case_in_another_window_is_not_erased(
    in_case: tuple[Visit, str, str], site: str
) -> None:
    one = in_case[0]
    one.open("/case/erase")
    other = one.context.new_page()
    other.goto(f"{site}/case/new")
    other.fill("#place", "another room")
    other.click("#send")
    other.locator("[data-passphrase]").wait_for()
    one.page.get_by_role("button", name="Yes, erase my case").click()
    assert "Another case is open" in one.page.locator("main").inner_text()
    other.goto(f"{site}/case")
    assert other.get_by_text("Place 1").count() >= 1


def test_she_erases_everything_and_sees_that_it_happened(in_case: tuple[Visit, str, str]) -> None:
    one, number, passphrase = in_case
    one.page.get_by_text("Erase everything").click()
    one.page.get_by_role("button", name="Yes, erase my case").click()
    assert one.page.get_by_text("Your case is erased").is_visible()
    statement = json.loads(one.page.locator("#receipt").input_value())
    verify_receipt(statement)
    assert statement["statement"]["case_number"] == number
    # Sent again, as by a second tap: the same page.
    one.page.reload()
    assert json.loads(one.page.locator("#receipt").input_value()) == statement
    assert one.enter(number, passphrase).status == 401
    one.open("/case")
    assert "come in first" in one.page.locator("[role=alert]").inner_text()


# Safety of the pages ------------------------------------------------------------------------------


def test_nothing_is_kept_in_the_browser(visit: Begin) -> None:
    one = visit()
    one.open("/")
    one.page.locator('form[action="/ways"] button').click()
    one.open_case(COFFEE, url="t.me/somewhere")
    one.open("/case")
    kept = one.page.evaluate(
        """async () => [localStorage.length, sessionStorage.length,
          (await indexedDB.databases()).length, (await caches?.keys?.())?.length ?? 0,
          (await navigator.serviceWorker?.getRegistrations?.())?.length ?? 0]"""
    )
    assert kept == [0, 0, 0, 0, 0]
    cookies = one.context.cookies()
    assert {cookie["name"] for cookie in cookies} <= {"haechi_case", "lang"}
    # Until the browser closes, and no longer.
    assert {cookie["expires"] for cookie in cookies} == {-1}


NEUTRAL = re.compile(
    r"abuse|fake|porn|sex|report|victim|crime|nude|intimate|딥페이크|성범죄|피해|신고|합성|불법",
    re.IGNORECASE,
)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_stays_in_the_history_is_neutral(visit: Begin, language: str) -> None:
    one = visit(language)
    paths = ["/", "/ways", "/contacts", "/case/new", "/case/enter", "/case/recover", "/guide"]
    one.open("/guide")
    paths += sorted(
        {
            urlsplit(link.get_attribute("href")).path
            for link in one.page.locator('main a[href^="/guide/"]').all()
        }
    )
    assert len(paths) > 12
    for path in paths:
        one.open(path)
        assert not NEUTRAL.search(one.page.title()), path
        assert not NEUTRAL.search(path), path


def test_escape_twice_leaves_from_every_kind_of_page(visit: Begin, site: str) -> None:
    one = visit()
    one.context.route("https://www.weather.go.kr/**", lambda route: route.fulfill(body="rain"))
    one.asked.clear()
    for path in ("/", "/guide/now", "/case/new"):
        one.open(path)
        one.page.keyboard.press("Escape")
        one.page.keyboard.press("Escape")
        one.page.wait_for_url("https://www.weather.go.kr/**")
    # That it leads elsewhere is what it is for.
    one.asked[:] = [request for request in one.asked if "weather.go.kr" not in request.url]
