# SPDX-License-Identifier: Apache-2.0
"""What a person meets, in a real browser against the real server.

Every request of every page here is looked at: nothing of a file leaves the browser but its
fingerprints, and nobody else is asked for anything.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from made_videos import moving_pattern, video
from page_visit import ASTRONAUT, COFFEE, Begin, Visit
from PIL import Image

from haechi.values import FRAME_BYTES

playwright_api = pytest.importorskip("playwright.sync_api")

FIRST_PAGE_MAX_BYTES = 60 * 1024

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def report_case(site: str, *, language: str = "en", url: str = "") -> tuple[str, str]:
    """A case opened by the request that the page sends, where the test is about something else."""
    digest = secrets.token_hex(16)
    report = {
        "language": language,
        "items": [{"kind": "image", "signals": [{"type": "md5", "value": digest}]}],
        "sightings": [{"url": url}] if url else [],
    }
    opened = httpx.post(f"{site}/v1/cases", json=report).json()
    return opened["case_number"], opened["passphrase"]


def signal_types(item: dict[str, Any]) -> list[str]:
    return [signal["type"] for signal in item["signals"]]


def sent_reports(visit: Visit) -> list[dict[str, Any]]:
    return [
        json.loads(request.post_data)
        for request in visit.asked
        if request.url.endswith("/v1/cases") and request.method == "POST"
    ]


# The journey with a file ----------------------------------------------------------------------------


def test_a_photo_is_reported_found_again_and_withdrawn(visit: Begin) -> None:
    first = visit()
    number, passphrase = first.open_case(ASTRONAUT, COFFEE, url="t.me/somewhere")
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", number)
    assert len(passphrase.split()) == 6
    assert first.page.evaluate("document.activeElement.tagName") == "H1"
    assert first.page.locator("main img, main canvas, main video").count() == 0

    (report,) = sent_reports(first)
    assert report.keys() == {
        "language", "items", "sightings", "agent", "standing", "send_key",
        "under_18_when_taken", "under_19_kr",
    }  # fmt: skip
    assert report["agent"] is False
    assert report["under_18_when_taken"] is report["under_19_kr"] is None
    (seen,) = report["sightings"]
    assert seen == {**dict.fromkeys(seen, ""), "url": "t.me/somewhere"}
    for item in report["items"]:
        assert item.keys() == {"kind", "signals", "sharing"}
        assert item["sharing"]["days"] is None
        # Nothing was said of the age, and that counts as under age.
        assert set(item["sharing"]["kinds"]) == {"platform", "community", "hash_service"}
        assert signal_types(item) == ["pdq", "md5", "sha256"]

    assert first.page.get_by_text("can compare new uploads").is_visible()
    supporting = first.page.get_by_text("A support worker can now")
    # Of the two ways to say it, the one for who did not say that the centre may act.
    assert [each.is_visible() for each in supporting.all()] == [False, True]
    assert first.page.get_by_text("You can withdraw at any time").is_visible()

    second = visit()
    second.enter(number.lower(), f"  {passphrase.upper().replace(' ', '')} ")
    assert urlsplit(second.page.url).path == "/case"
    assert second.page.get_by_text("Can be matched").count() == 2
    assert "t.me/somewhere" not in second.page.locator("main").inner_text()
    second.page.get_by_text("What you wrote").click()
    assert "t.me/somewhere" in second.page.locator("main").inner_text()
    assert second.page.locator('main a[href*="t.me"]').count() == 0

    second.page.locator("summary", has_text="Withdraw").first.click()
    second.page.get_by_role("button", name="Yes, withdraw Photo 1").click()
    second.page.get_by_text("Withdrawn").wait_for()
    assert second.page.get_by_text("Can be matched").count() == 1

    second.page.get_by_role("button", name="Close the case on this device").click()
    assert urlsplit(second.page.url).path == "/"
    second.open("/case")
    assert "Please come in first" in second.page.locator("[role=alert]").inner_text()


def test_the_receipt_can_be_saved_and_holds(
    visit: Begin, run_haechi: Callable[..., Any], tmp_path: Path
) -> None:
    first = visit()
    number, _ = first.open_case(COFFEE)
    with first.page.expect_download() as saving:
        first.page.get_by_role("button", name="Save the receipt").click()
    assert saving.value.suggested_filename == f"receipt-{number}.json"
    receipt = tmp_path / "receipt.json"
    saving.value.save_as(receipt)
    assert json.loads(receipt.read_text())["statement"]["case_number"] == number
    assert run_haechi("receipt", "verify", receipt).returncode == 0


def test_files_are_listed_by_number_and_pattern_and_can_be_left_out(
    visit: Begin, tmp_path: Path
) -> None:
    no_picture = tmp_path / "holiday.jpg"
    no_picture.write_text("not a picture")
    one = visit()
    one.open("/case/new")
    one.choose(ASTRONAUT, no_picture, COFFEE)
    lines = one.page.locator("#chosen li")
    assert lines.locator("strong").all_inner_texts() == ["Photo 1", "File 1", "Photo 2"]
    assert lines.locator("svg.pattern").count() == 2
    assert "not a photo or video" in lines.nth(1).inner_text()
    shown = one.page.locator("body").inner_text()
    assert "astronaut" not in shown
    assert "holiday" not in shown
    assert one.page.locator("main img, main canvas, main video").count() == 0

    one.page.get_by_role("button", name="Leave out: Photo 1").click()
    assert lines.locator("strong").all_inner_texts() == ["File 1", "Photo 1"]
    one.send()
    one.shown_keys()
    (report,) = sent_reports(one)
    assert len(report["items"]) == 1


def test_the_fuller_fingerprint_is_sent_of_the_photos_that_she_ticked(
    visit: Begin,
) -> None:
    """Off before she says so, on by the keyboard too, and off again when she takes it back."""
    one = visit()
    one.open("/case/new")
    hint = one.page.get_by_text("never leaves this service")
    assert not hint.is_visible()
    one.choose(ASTRONAUT, COFFEE, ASTRONAUT)
    assert not hint.is_visible(), "only for adults"
    one.page.check('input[name="age"][value="adult"]')
    assert hint.is_visible()
    boxes = [
        one.page.get_by_role("checkbox", name=f"Photo {number}: Add fuller fingerprint")
        for number in (1, 2, 3)
    ]
    assert [box.is_checked() for box in boxes] == [False, False, False]
    described = one.page.locator(f"#{boxes[0].get_attribute('aria-describedby')}").inner_text()
    for said in ("nearly a rough, grey copy", "faces too", "is erased when you withdraw"):
        assert said in described
    boxes[1].focus()
    one.page.keyboard.press("Space")
    boxes[2].check()
    boxes[2].uncheck()
    one.page.get_by_role("button", name="Leave out: Photo 1").click()
    assert one.page.get_by_role("checkbox", name="Photo 1: Add fuller").is_checked()
    one.send()
    one.shown_keys()
    (report,) = sent_reports(one)
    assert [signal_types(item) for item in report["items"]] == [
        ["pdq", "rpdq", "md5", "sha256"],
        ["pdq", "md5", "sha256"],
    ]
    assert report["items"][0]["signals"][1].keys() == {"type", "value"}


def test_what_has_no_fuller_fingerprint_has_no_box_for_it(visit: Begin, tmp_path: Path) -> None:
    plain, film = tmp_path / "plain.png", tmp_path / "film.mp4"
    Image.new("RGB", (300, 200), (90, 120, 200)).save(plain)
    film.write_bytes(drawn_film())
    one = visit()
    one.open("/case/new")
    one.page.check('input[name="age"][value="adult"]')
    boxes = one.page.get_by_role("checkbox", name="fuller fingerprint")
    one.choose(plain, film)
    assert boxes.count() == 0
    assert not one.page.get_by_text("never leaves this service").is_visible()
    one.choose(COFFEE)
    assert boxes.count() == 1
    one.page.get_by_role("button", name="Leave out: Photo 2").click()
    assert not one.page.get_by_text("never leaves this service").is_visible()


def drawn_film() -> bytes:
    """Two seconds of a drawn pattern that moves."""
    return video(moving_pattern(60, width=320, height=240))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_video_is_reported_by_its_frames(visit: Begin, tmp_path: Path, language: str) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(drawn_film())
    one = visit(language)
    one.open("/case/new")
    one.choose(film)
    line = one.page.locator("#chosen li")
    said = {"ko": "짧게 자르거나 다시 저장한 영상도", "en": "Shortened and re-saved copies"}
    assert said[language] in line.inner_text()
    assert line.locator("svg.pattern").count() == 1
    assert one.page.locator("main img, main canvas, main video").count() == 0
    one.send()
    one.shown_keys()
    (report,) = sent_reports(one)
    (item,) = report["items"]
    assert (item["kind"], signal_types(item)) == ("video", ["vpdq", "md5", "sha256"])
    assert len(item["signals"][0]["value"]) == 2 * 2 * FRAME_BYTES


def test_what_of_a_video_can_be_recognised_is_said(visit: Begin, tmp_path: Path) -> None:
    frames = moving_pattern(150, width=320, height=240)
    whole = video(frames, mux={"movflags": "faststart"}, g="30")
    files = {
        "unread.avi": video(frames[:30], container="avi", codec="mpeg4"),
        "part.mp4": whole[: len(whole) // 2],
        "black.mp4": video([frame * 0 for frame in frames[:60]]),
    }
    one = visit()
    one.open("/case/new")
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
        one.choose(tmp_path / name)
    said = one.page.locator("#chosen li").all_inner_texts()
    assert "cannot read this kind of video, so only exact copies" in said[0]
    assert "Not all of the video could be read" in said[1]
    assert "The video is almost plain, so only exact copies" in said[2]


def test_more_than_fits_into_one_case_is_said_kindly(visit: Begin) -> None:
    one = visit()
    one.open("/case/new")
    one.choose(COFFEE)
    one.page.route(
        "**/v1/cases",
        lambda route: route.fulfill(
            status=413, json={"error": {"code": "too_much_at_once", "message": "…"}}
        ),
    )
    one.send()
    assert "more fingerprints than fit" in one.page.locator("[role=alert]").inner_text()
    one.page.unroute_all()
    one.send()
    one.shown_keys()


def test_videos_may_be_played_from_chosen_files_and_from_nowhere_else(site: str) -> None:
    policy = httpx.get(site + "/case/new").headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules.pop("media-src") == "blob:"
    assert set(rules.values()) <= {"'self'", "'none'"}


def test_a_picture_that_this_browser_cannot_read_is_sent_with_its_digests(
    visit: Begin, tmp_path: Path
) -> None:
    photo = tmp_path / "photo.heic"
    photo.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + bytes(range(256)) * 8)
    one = visit("ko")
    one.open("/case/new")
    one.choose(photo)
    assert "똑같은 복사본만" in one.page.locator("#chosen li").inner_text()
    one.send()
    one.shown_keys()
    (report,) = sent_reports(one)
    assert signal_types(report["items"][0]) == ["md5", "sha256"]
    assert report["language"] == "ko"


def test_stopping_sends_nothing(visit: Begin, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    with large.open("wb") as file:
        file.write(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
        file.truncate(300 * 2**20)
    one = visit()
    one.open("/case/new")
    one.page.set_input_files("#files", large)
    one.page.get_by_role("button", name="Stop").click()
    one.page.get_by_text("Stopped. Nothing was sent.").wait_for()
    assert one.page.locator("#chosen li").count() == 0
    assert sent_reports(one) == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_without_a_place_nothing_is_said_of_one(visit: Begin, language: str) -> None:
    one = visit(language)
    one.open_case(COFFEE)
    said = {"ko": ("철회할 수도", "지원 담당자"), "en": ("You can withdraw", "A support worker")}
    withdrawing, supporting = said[language]
    assert one.page.get_by_text(withdrawing).is_visible()
    told = one.page.get_by_text(supporting).all()
    assert told
    assert not any(each.is_visible() for each in told)


def test_files_still_at_work_count_too(visit: Begin, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(30)]
    for file in files:
        file.write_bytes(b"\xff\xd8\xff")
    one = visit()
    one.page.add_init_script(_WORKER_THAT_NEVER_ANSWERS)
    one.open("/case/new")
    one.page.set_input_files("#files", files)
    one.page.set_input_files("#files", files)
    assert "up to 50 files" in one.page.locator("[role=alert]").inner_text()
    one.page.set_input_files("#files", files[:20])
    assert one.page.locator("[role=alert]").count() == 0
    one.send()
    one.page.get_by_role("button", name="Stop").click()
    one.page.get_by_text("Stopped. Nothing was sent.").wait_for()
    one.page.locator("#working").wait_for(state="hidden")
    assert urlsplit(one.page.url).path == "/case/new"
    one.page.set_input_files("#files", files)
    one.page.locator("#working").wait_for(state="visible")
    assert sent_reports(one) == []


def test_fingerprints_that_cannot_be_made_are_said_kindly(visit: Begin) -> None:
    """The form stays alive: she may choose again, or go on without files."""
    one = visit()
    one.page.add_init_script(_NO_WORKER)
    one.open("/case/new")
    for _ in range(2):
        one.page.set_input_files("#files", COFFEE)
        said = one.page.locator("[role=alert]").inner_text()
        assert "could not be made this time. Nothing was sent." in said
        assert not one.page.locator("#working").is_visible()
    one.page.evaluate("() => { window.Worker = window.RealWorker; }")
    one.choose(COFFEE)
    assert one.page.locator("[role=alert]").count() == 0
    one.page.evaluate("window.Worker = null")
    one.page.set_input_files("#files", ASTRONAUT)
    one.page.locator("[role=alert]").wait_for()
    one.send()
    one.shown_keys()
    (report,) = sent_reports(one)
    assert len(report["items"]) == 1


def test_a_wrong_address_is_said_kindly_and_what_was_chosen_stays(
    visit: Begin,
) -> None:
    one = visit("ko")
    one.open("/case/new")
    one.choose(COFFEE)
    one.page.fill("#url", "그 방")
    one.send()
    assert "웹 주소가 아닌 것 같아요" in one.page.locator("[role=alert]").inner_text()
    assert one.page.evaluate("document.activeElement.id") == "url"
    one.page.fill("#url", "")
    one.send()
    one.shown_keys()


# The journey without a file, without scripts -----------------------------------------------------


def test_a_case_without_a_file_needs_no_scripts(visit: Begin) -> None:
    one = visit("ko", java_script_enabled=False)
    one.open("/")
    one.page.get_by_role("link", name="접수하기").click()
    assert "파일 없이" in one.page.locator("main").inner_text()
    assert not one.page.locator("#files").is_visible()
    one.page.fill("#place", "어떤 방")
    one.page.fill("#note", "친구가 알려 줬어요.\n<b>어제</b>")
    one.send()
    number, passphrase = one.shown_keys()
    one.page.get_by_text("접수증을 글자로 보기").click()
    receipt = json.loads(one.page.locator("#receipt").input_value())
    assert receipt["statement"]["case_number"] == number
    assert receipt["statement"]["sightings"] == 1
    assert not one.page.get_by_text("새로 올라오는 사진과 영상을").first.is_visible()
    assert not one.page.get_by_text("철회할 수도 있어요").is_visible()

    again = visit("ko", java_script_enabled=False)
    again.enter(number, passphrase)
    again.page.get_by_text("적은 내용").click()
    assert "<b>어제</b>" in again.page.locator("main").inner_text()
    again.page.get_by_role("button", name="이 기기에서 닫기").click()
    assert urlsplit(again.page.url).path == "/"


def test_an_empty_form_is_said_kindly(visit: Begin) -> None:
    one = visit(java_script_enabled=False)
    one.open("/case/new")
    one.send()
    assert "Write an address, a room or name" in one.page.locator("[role=alert]").inner_text()


def test_a_photo_is_withdrawn_without_scripts(visit: Begin, site: str) -> None:
    one = visit(java_script_enabled=False)
    one.enter(*report_case(site))
    one.page.locator("summary", has_text="Withdraw").click()
    one.page.get_by_role("button", name="Yes, withdraw Photo 1").click()
    assert "no longer compared" in one.page.locator("main").inner_text()


# Doors that stay closed ------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_wrong_passphrase_and_a_wrong_number_look_the_same(
    visit: Begin, site: str, language: str
) -> None:
    number, passphrase = report_case(site, language=language)
    one = visit(language)
    said = []
    for tried in ((number, "one two three four five six"), ("ZZZZ-ZZZZ", passphrase), ("", "")):
        answer = one.enter(*tried)
        assert answer.status == 401
        said.append(one.page.locator("[role=alert]").inner_text())
        assert one.page.locator("#passphrase").input_value() == ""
    assert len(set(said)) == 1
    assert "접수번호와 비밀 문구가" in said[0] if language == "ko" else "do not fit" in said[0]


def test_another_case_cannot_be_withdrawn(visit: Begin, site: str) -> None:
    hers = visit()
    hers.enter(*report_case(site))
    action = hers.page.locator("form[action*=withdraw]").get_attribute("action")
    other = visit()
    other.enter(*report_case(site))
    assert other.page.request.post(site + action, form={"": ""}).status == 404
    hers.page.reload()
    assert hers.page.get_by_text("Can be matched").count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/case/new", "/case/enter", "/case/leave"])
def test_a_form_of_another_site_is_refused(site: str, path: str, headers: dict[str, str]) -> None:
    answer = httpx.post(site + path, data={"place": "x"}, headers=headers)
    assert answer.status_code == 403
    assert "another page" in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/case/new", "/case/enter"])
def test_a_form_takes_no_files(site: str, path: str) -> None:
    answer = httpx.post(site + path, files={"file": COFFEE.read_bytes()})
    assert answer.status_code == 415
    answer = httpx.post(site + path, content=COFFEE.read_bytes())
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"&" * 500, b"a=1&" * 500, "note=\ud83d\ude00".encode("utf-8", "replace")]
)
def test_a_form_that_is_none_is_one_sentence(site: str, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx.post(site + "/case/enter", content=body, headers=headers)
    assert answer.status_code in (400, 401)
    assert "<h1>" in answer.text
    assert "documentation" not in answer.text
    assert "go back and try again" in answer.text or "do not fit" in answer.text


def test_a_page_that_is_not_there_says_so_in_the_readers_language(site: str) -> None:
    answer = httpx.get(site + "/nothing/here", headers={"accept-language": "ko"})
    assert answer.status_code == 404
    assert '<html lang="ko" dir="ltr">' in answer.text
    assert "여기에는 아무것도 없어요" in answer.text


# Leaving, languages, looks ------------------------------------------------------------------------


def test_the_exit_comes_first_and_closes_the_case(visit: Begin, site: str) -> None:
    one = visit()
    one.enter(*report_case(site))
    exit_link = one.page.locator("#exit")
    assert exit_link.get_attribute("rel") == "nofollow noreferrer"
    one.page.keyboard.press("Tab")
    assert one.page.evaluate("document.activeElement.id") == "exit"
    one.page.evaluate(f"document.querySelector('#exit').href = '{one.site}/healthz'")
    one.page.keyboard.press("Escape")
    with one.page.expect_navigation():
        one.page.keyboard.press("Escape")
    assert one.page.url.endswith("/healthz")
    one.page.go_back()
    assert one.page.locator("[data-in-case]").count() == 0
    one.open("/case")
    assert "Please come in first" in one.page.locator("main").inner_text()


def test_a_language_is_remembered_until_the_browser_closes(visit: Begin) -> None:
    one = visit("en")
    one.open("/")
    one.page.get_by_role("link", name="한국어").click()
    assert one.page.locator("html").get_attribute("lang") == "ko"
    one.open("/case/enter")
    assert one.page.locator("html").get_attribute("lang") == "ko"
    (cookie,) = one.context.cookies()
    assert (cookie["name"], cookie["expires"], cookie["httpOnly"]) == ("lang", -1, True)


def test_the_case_cookie_is_kept_from_scripts_and_gone_with_the_browser(
    visit: Begin,
) -> None:
    one = visit(java_script_enabled=False)
    one.open("/case/new")
    one.page.fill("#place", "a room")
    one.send()
    (cookie,) = one.context.cookies()
    assert cookie["name"] == "haechi_case"
    assert (cookie["expires"], cookie["httpOnly"], cookie["sameSite"]) == (-1, True, "Strict")


def test_the_first_page_is_small_and_shows_no_picture(visit: Begin) -> None:
    one = visit()
    sizes = []
    one.page.on("response", lambda answer: sizes.append(len(answer.body())))
    one.open("/")
    one.page.wait_for_load_state("networkidle")
    assert len(sizes) >= 3
    assert sum(sizes) < FIRST_PAGE_MAX_BYTES
    assert one.page.locator("main img").count() == 0


def test_a_drafted_notice_says_that_no_time_is_running(
    visit: Begin, run_haechi: Callable[..., Any], server: Any
) -> None:
    one = visit("ko")
    number, passphrase = report_case(server.address, url="https://forum.example/thread/1")
    drafted = run_haechi(
        "notice", "draft", number, "--service", "Example Forum", "--good-faith",
        "--data-folder", server.data_folder,
    )  # fmt: skip
    assert drafted.returncode == 0, drafted.stderr
    one.enter(number, passphrase)
    said = one.page.locator("#places ~ article").inner_text()
    assert "Example Forum" in said
    assert "아직 기한은 시작되지 않았어요" in said


_WORKER_THAT_NEVER_ANSWERS = """
window.Worker = class extends EventTarget { postMessage() {} terminate() {} };
"""
_NO_WORKER = "window.RealWorker = window.Worker; window.Worker = null;"
