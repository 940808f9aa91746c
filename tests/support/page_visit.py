# SPDX-License-Identifier: Apache-2.0
"""A browser window on the site, and a close look at every request that it makes."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import skimage

PHOTOS = Path(skimage.__file__).parent / "data"
ASTRONAUT = PHOTOS / "astronaut.png"
COFFEE = PHOTOS / "coffee.png"
NARROW = {"width": 320, "height": 640}
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
PIECE_BYTES = 16
"""So many bytes in a row of a file in a body would not be chance."""


@dataclass
class Visit:
    """One browser window with nothing remembered, and all that it asked for."""

    site: str
    context: Any
    page: Any
    asked: list[Any] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.site + path)

    def open_case(self, *files: Path, url: str = "") -> tuple[str, str]:
        """Open a case with these files; the number and the passphrase that the page shows."""
        self.open("/case/new")
        self.choose(*files)
        if url:
            self.page.fill("#url", url)
        self.send()
        return self.shown_keys()

    def send(self) -> None:
        """Say that all services may be told, where it is asked, and press the button."""
        everybody = self.page.locator('input[name="share"][value="all"]')
        if everybody.is_visible():
            everybody.check()
        self.page.click("#send")

    def choose(self, *files: Path) -> None:
        """Choose files, one time after another, and wait until each is listed."""
        for file in files:
            count = self.page.locator("#chosen li").count()
            self.page.set_input_files("#files", file)
            self.page.locator("#chosen li").nth(count).wait_for()

    def shown_keys(self) -> tuple[str, str]:
        number = self.page.locator("main [data-number]").inner_text()
        return number, self.page.locator("main [data-passphrase]").inner_text()

    def enter(self, number: str, passphrase: str) -> Any:
        """Send the form for coming back; the answer to it."""
        self.open("/case/enter")
        self.page.fill("#case_number", number)
        self.page.fill("#passphrase", passphrase)
        with self.page.expect_response(lambda answer: answer.request.method == "POST") as sent:
            self.page.click("main button")
        self.page.wait_for_load_state()
        return sent.value


Begin = Callable[..., Visit]


@contextmanager
def watched(site: str, browser: Any) -> Iterator[Begin]:
    """Opens windows. At the end, every request that any of them made is looked at."""
    visits: list[Visit] = []

    def begin(language: str = "en", **options: Any) -> Visit:
        locale = {"ko": "ko-KR", "en": "en-US"}[language]
        context = browser.new_context(**{"locale": locale, "viewport": PHONE, **options})
        context.set_default_timeout(20_000)
        one = Visit(site, context, context.new_page())
        context.on("request", lambda request: one.asked.append(request))  # noqa: PLW0108  # Playwright marks what it is given
        one.page.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.page.on("console", lambda line: one.complaints.append(line.text))
        visits.append(one)
        return one

    yield begin
    for one in visits:
        # What answers 401 or 404, and a line that a test cut, is told in the console; a broken policy too.
        told = [line for line in one.complaints if not line.startswith(_FAILED_TO_LOAD)]
        assert told == []
        for request in one.asked:
            assert_harmless(request, site)
        one.context.close()


def assert_harmless(request: Any, site: str) -> None:
    """To nobody but this site, no upload but a form or JSON, and nothing of a file in it."""
    parts = urlsplit(request.url)
    assert parts.scheme == "blob" or parts.netloc == urlsplit(site).netloc, request.url
    assert not re.search(r"astronaut|coffee|text\.png", request.url)
    body = request.post_data_buffer or b""
    if not body:
        return
    sent_as = request.headers.get("content-type", "").partition(";")[0]
    assert sent_as in ("application/json", "application/x-www-form-urlencoded")
    body = _PASSKEY_ANSWER.sub(b"", body)
    assert len(_LONG_VALUES.sub(b"", body)) < 4096
    for file in (ASTRONAUT, COFFEE):
        assert_nothing_of(file, body)


def assert_nothing_of(file: Path, body: bytes) -> None:
    """No piece of the file in the body: not as bytes, not in base64 or hexadecimal, not its name."""
    assert file.name.encode() not in body
    known = pieces_of(file)
    for at in range(len(body) - PIECE_BYTES + 1):
        assert body[at : at + PIECE_BYTES] not in known


@functools.cache
def pieces_of(file: Path) -> frozenset[bytes]:
    """The file cut into pieces, in each form; twice a piece's length in a body would hold one."""
    data = file.read_bytes()
    # Base64 packs three bytes into four letters, from any of three starts.
    forms = [data, data.hex().encode(), *(base64.b64encode(data[start:]) for start in range(3))]
    return frozenset(
        form[at : at + PIECE_BYTES]
        for form in forms
        for at in range(0, len(form) - PIECE_BYTES, PIECE_BYTES)
    )


_LONG_VALUES = re.compile(rb'"type":"[rv]pdq","value":"[0-9a-f]+"')
"""Fingerprints that are as long as they have to be; a plain report is short."""
_PASSKEY_ANSWER = re.compile(rb"^answer=[^&]+")
"""What the browser itself signed, with zeros in a row as a file may have too."""
_FAILED_TO_LOAD = "Failed to load resource"
