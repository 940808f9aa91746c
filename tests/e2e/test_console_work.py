# SPDX-License-Identifier: Apache-2.0
"""The work of the console in a real browser: reviewing, banks and contents, partners, sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from console_matter import APPEAL, Matter, make_matter
from console_visit import invitation, take_up, use_app
from page_look import Look
from page_visit import Begin, Visit, watched
from running_server import Server

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "localhost"])

Run = Callable[..., Any]
Enter = Callable[..., Visit]


@pytest.fixture(scope="module")
def own_server(
    start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory
) -> Server:
    """One whose queue no other test fills, and where two decisions a day are enough."""
    return start_server(
        tmp_path_factory.mktemp("work") / "data",
        HAECHI_TRIES_PER_MIN="100000",
        HAECHI_DECISIONS_A_DAY="2",
    )


@pytest.fixture(scope="module")
def matter(own_server: Server) -> Matter:
    return make_matter(own_server.data_folder)


@pytest.fixture
def visit(own_server: Server, browser: Any) -> Iterator[Begin]:
    with watched(own_server.address.replace("127.0.0.1", "localhost"), browser) as begin:
        yield begin


@pytest.fixture
def enter(visit: Begin, run_haechi: Run, own_server: Server, matter: Matter) -> Enter:
    """Signs a new user of this role in."""

    def make(login: str, role: str, language: str = "en") -> Visit:
        one = visit(language)
        take_up(one, invitation(run_haechi, own_server.data_folder, login, role))
        use_app(one)
        return one

    return make


def _main(one: Visit) -> str:
    return str(one.page.locator("main").inner_text())


def _press(one: Visit, selector: str) -> None:
    with one.page.expect_navigation():
        one.page.locator(selector).first.click()


def test_two_review_an_appeal_each_without_the_other(enter: Enter, matter: Matter) -> None:
    mina, juno = enter("mina", "worker"), enter("juno", "worker")
    mina.open("/work/review")
    assert "0 of 2" in _main(mina)
    first = mina.page.locator("main :is(a, button)").first
    assert first.inner_text() == "Take the next one"
    juno.open("/work/review")
    appeal = juno.page.locator("tbody a", has_text="Appeal").get_attribute("href")
    mina.open(appeal)
    text = _main(mina)
    assert APPEAL in text, "written as it was sent, not as markup"
    for told in ("reports", "chat board", "upload-3", "4 of at most 31 bits", "PDQ", "very near"):
        assert told in text
    assert mina.page.locator("main img, main video, main canvas").count() == 0
    juno.open(appeal)
    assert "Somebody else is at this" in _main(juno)
    keys = [b.get_attribute("accesskey") for b in mina.page.locator(".decisions button").all()]
    assert keys == ["1", "2"]
    _press(mina, '.decisions button[value="upheld"]')
    assert mina.page.url.rpartition("/")[2].startswith("tsk_"), "on to the next"
    mina.open("/work/review")
    assert "1 of 2" in _main(mina)
    assert mina.page.locator("tbody a", has_text="Appeal").count() == 0
    juno.open(appeal)
    text = _main(juno)
    assert "Nothing yet." in text
    html = juno.page.content().replace('value="upheld"', "")
    assert "upheld" not in html
    assert "mina" not in html
    _press(juno, '.decisions button[value="upheld"]')
    juno.open(appeal)
    assert "Somebody else is at this or has decided it" in _main(juno)
    juno.open("/work/review/tsk_nothing")
    assert "There is nothing here." in _main(juno)


def test_enough_is_enough_for_a_day(enter: Enter, matter: Matter) -> None:
    hana = enter("hana", "worker")
    hana.open("/work/review")
    _press(hana, "main a.button")
    for _ in range(2):
        _press(hana, ".decisions button")
    assert hana.page.url.endswith("/work/review")
    assert "2 of 2" in _main(hana)
    assert "That is enough for today" in _main(hana)
    assert hana.page.locator("main a.button").count() == 0
    with hana.page.expect_navigation():
        hana.page.evaluate(
            """() => { const form = document.createElement("form");
            form.method = "post"; form.action = "/work/review/tsk_any";
            document.body.append(form); form.submit(); }"""
        )
    assert "Please go on after 00:00 UTC" in _main(hana)


def test_a_content_is_held_released_noted_and_withdrawn(enter: Enter, matter: Matter) -> None:
    lead = enter("lead", "lead")
    page = lead.page
    lead.open("/work/banks")
    page.fill("#name", "school cases")
    page.fill("#radius_bits", "12")
    _press(lead, 'form[action="/work/banks"] button')
    assert page.locator("#wrong").inner_text() == "There is a bank of that name already."
    assert page.input_value("#radius_bits") == "12", "what was typed is kept"
    page.fill("#name", "second bank")
    page.check('input[name="is_limited"]')
    _press(lead, 'form[action="/work/banks"] button')
    assert page.locator("h1").inner_text() == "second bank"
    assert "radius 12 bits" in _main(lead)
    page.fill("#radius_bits", "99")
    _press(lead, "section form:has(#radius_bits) button")
    assert "between 0 and 31" in page.locator("#wrong").inner_text()
    lead.open(f"/work/banks/{matter.bank_id}?status=held")
    assert page.locator("tbody tr").count() == 1
    path = f"/work/banks/{matter.bank_id}/contents/{matter.content_id}"
    lead.open(path)
    page.fill("#until", "2020-01-01")
    page.evaluate('document.querySelector("#until").removeAttribute("min")')
    _press(lead, "form:has(#until) button")
    assert "ahead" in page.locator("#wrong").inner_text()
    assert page.input_value("#until") == "2020-01-01"
    page.fill("#until", "")
    _press(lead, "form:has(#until) button")
    _press(lead, 'form:has(input[value="release"]) button')
    page.fill("#note", "Seen twice.")
    _press(lead, "form:has(#note) button")
    assert page.input_value("#note") == "Seen twice."
    page.locator("main summary").click()
    page.evaluate('document.querySelector("#sure").removeAttribute("required")')
    _press(lead, 'form:has(input[value="withdraw"]) button')
    assert "Tick the box first" in page.locator("#wrong").inner_text()
    page.check("#sure")
    _press(lead, 'form:has(input[value="withdraw"]) button')
    verbs = page.locator("table code").all_inner_texts()
    assert {"hold_content", "release_content", "note_content", "withdraw_content"} <= set(verbs)
    assert page.locator("main form").count() == 0, "nothing is left to change"
    for wrong in (f"/work/banks/{matter.bank_id}/contents/con_x", "/work/banks/bnk_x"):
        lead.open(wrong)
        assert "There is nothing here." in _main(lead)


def test_a_partner_is_admitted_changed_and_dismissed(
    enter: Enter, matter: Matter, own_server: Server
) -> None:
    admin = enter("admin", "admin")
    page = admin.page
    admin.open("/work/partners")
    page.fill("#name", "video site")
    page.fill("#purpose", "Uploads of videos")
    page.fill("#lookups_per_min", "many")
    _press(admin, 'form[action="/work/partners"] button')
    assert page.locator("#wrong").inner_text() == "Write a whole number here."
    assert page.input_value("#purpose") == "Uploads of videos"
    assert page.is_checked('input[name="scope_match"]')
    page.fill("#lookups_per_min", "100")
    page.fill("#token_days", "7")
    _press(admin, 'form[action="/work/partners"] button')
    first = page.locator(".secret").inner_text()
    assert first not in page.url
    assert page.url.endswith("/work/partners")
    assert _may_ask(own_server, first)
    admin.open("/work")
    assert "1\npartners whose last token ends within 14 days" in _main(admin)
    admin.open("/work/partners")
    _press(admin, 'tbody a:has-text("video site")')
    assert first not in page.content()
    page.fill("#ends_others_in_h", "0")
    _press(admin, 'form[action$="/tokens"] button')
    second = page.locator(".secret").inner_text()
    assert (_may_ask(own_server, first), _may_ask(own_server, second)) == (False, True)
    _press(admin, "main a")
    page.fill("#contact", "someone")
    _press(admin, "form:has(#contact) button")
    assert page.input_value("#contact") == "someone"
    page.locator("#dismiss ~ details summary").click()
    page.check("#sure")
    _press(admin, 'form[action$="/dismiss"] button')
    assert "dismissed" in _main(admin)
    assert page.locator("main form").count() == 0
    assert not _may_ask(own_server, second)
    admin.open("/work/partners/ptn_x")
    assert "There is nothing here." in _main(admin)
    admin.open(f"/work/banks/{matter.bank_id}")
    page.select_option("#partner", "photo board")
    page.check('input[name="may_write"]')
    _press(admin, 'form[action$="/access"] button')
    row = page.locator("tr", has_text="photo board").inner_text()
    assert row.split("\t")[1:] == ["no", "yes"]
    _turn_the_source(admin)


def _turn_the_source(admin: Visit) -> None:
    page = admin.page
    admin.open("/work/sources")
    _press(admin, 'form[action="/work/sources/city%20list"] button')
    assert "Turn on" in page.locator("tbody tr").inner_text()
    _press(admin, "tbody a")
    assert page.locator("tbody tr").count() == 50
    _press(admin, 'form:has(input[name="from"]) button')
    assert page.locator("tbody tr").first.inner_text().startswith("line 50")
    assert page.locator("tbody tr").count() == 10
    admin.open("/work/sources/none")
    assert "There is nothing here." in _main(admin)


def _may_ask(server: Server, token: str) -> bool:
    answer = httpx.get(
        f"{server.address}/v1/usage", headers={"authorization": f"Bearer {token}"}, timeout=10
    )
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


@pytest.mark.parametrize("language", ["ko", "en"])
def test_these_pages_are_accessible(enter: Enter, matter: Matter, language: str) -> None:
    lead = enter(f"lead-{language}", "lead", language)
    admin = enter(f"admin-{language}", "admin", language)
    look = Look(lead.page, has_exit=False)
    lead.open("/work/review")
    look.at("queue")
    _press(lead, "main a.button")
    look.at("task")
    of_bank = f"/work/banks/{matter.bank_id}"
    of_content = f"{of_bank}/contents/{matter.content_id}"
    # English words are the longer ones; what is the same in both is looked at once.
    more = [of_bank, "/work/sources/city%20list"] if language == "en" else []
    for path in (of_content, *more):
        lead.open(path)
        look.at(path)
    admin.open(f"/work/partners/{matter.partner_id}")
    for summary in admin.page.locator("main summary").all():
        summary.click()
    Look(admin.page, has_exit=False).at("partner")
