# SPDX-License-Identifier: Apache-2.0
"""Pictures of every page for docs/screens: `python tools/screens.py docs/screens`.

Starts the site on an empty data folder, opens a case with a photo and places in several states, and puts
what Chromium shows of each page side by side: one sheet for each language, size and theme. Look at them.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx
import skimage
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from measure_pages import serve

SIZES: Final = {"phone": (390, 844), "desktop": (1280, 800)}
PAGES: Final = (
    "/",
    "/contacts",
    "/guide/now",
    "/guide/someone-else",
    "/case/enter",
    "/case/recover",
)
CASE_PAGES: Final = ("/case", "/case/wishes", "/case/keys", "/case/erase")
PHOTO: Final = Path(skimage.__file__).parent / "data" / "coffee.png"
PORT: Final = 8793
LONGEST: Final = 2600
SHRUNK: Final = {"phone": 2, "desktop": 4}
CENTRE: Final = {
    "HAECHI_CENTRE_NAME": "Example Centre",
    "HAECHI_CENTRE_CONTACT": "case@centre.example",
}


def case_in_states(address: str, folder: Path, language: str) -> str:
    """A case with places of which one is blocked, one asked and one new; the token of its session."""
    sightings = [{"url": f"https://forum{number}.example/board/1234"} for number in (1, 2)]
    sightings.append({"place": "Room", "told_by": "a friend", "first_heard_on": "2026-11-20"})
    body = {
        "language": language, "agent": True, "sightings": sightings,
        "items": [{"kind": "image", "signals": [{"type": "md5", "value": 32 * "a"}]}],
    }  # fmt: skip
    opened = httpx.post(f"{address}/v1/cases", json=body)
    number = opened.json()["case_number"]
    for place in (1, 2):
        command = ["notice", "draft", number, "--sighting", str(place)]
        notice = haechi(folder, *command, "--service", "Example Forum", "--good-faith", "--json")
        haechi(folder, "notice", "sent", number, json.loads(notice)["id"])
    check = ["case", "check", number, "--place", "1"]
    haechi(folder, *check, "--outcome", "blocked_in", "--country", "KR")
    return str(opened.cookies["haechi_case"])


def haechi(folder: Path, *arguments: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "haechi", *arguments, "--data-folder", str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=CENTRE).stdout


def walk(page: Page, address: str, session: str) -> list[Image.Image]:
    """Every page, and the form in its states, as it is shown."""
    shots = []

    def shoot() -> None:
        page.evaluate("scrollTo(0, 0)")
        shot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
        shots.append(shot.crop((0, 0, shot.width, min(shot.height, LONGEST))))

    for path in PAGES:
        page.goto(address + path)
        shoot()
        if path == "/":
            page.locator('form[action="/ways"] button').click()
            shoot()
    page.goto(f"{address}/case/new")
    page.set_input_files("#files", PHOTO)
    page.locator("#chosen li").wait_for()
    page.check('input[name="age"][value="adult"]')
    page.check('input[name="share"][value="all"]')
    shoot()
    page.click("#send")
    page.locator("[data-passphrase]").wait_for()
    shoot()
    page.context.add_cookies([{"name": "haechi_case", "value": session, "url": address}])
    for path in CASE_PAGES:
        page.goto(address + path)
        shoot()
    return shots


def sheet(shots: list[Image.Image], shrunk: int) -> Image.Image:
    """The pictures side by side, smaller, in few colours."""
    small = [
        shot.resize((shot.width // shrunk, shot.height // shrunk), Image.Resampling.LANCZOS)
        for shot in shots
    ]
    gap = 12
    width = sum(one.width + gap for one in small)
    joined = Image.new("RGB", (width, max(one.height for one in small)), (128, 128, 128))
    left = 0
    for one in small:
        joined.paste(one, (left, 0))
        left += one.width + gap
    return joined.quantize(64, dither=Image.Dither.NONE)


def shoot_all(chromium: Any, address: str, folder: Path, out: Path) -> None:
    """One sheet for each language, size and theme."""
    for language, locale in (("ko", "ko-KR"), ("en", "en-US")):
        session = case_in_states(address, folder, language)
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                context = chromium.new_context(
                    locale=locale,
                    viewport={"width": width, "height": height},
                    color_scheme=theme,
                )
                shots = walk(context.new_page(), address, session)
                path = out / f"{language}-{size}-{theme}.png"
                sheet(shots, SHRUNK[size]).save(path, optimize=True)
                print(path)
                context.close()


def main() -> None:
    """Make the sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = serve(Path(folder), PORT)
        try:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            shoot_all(chromium, f"http://127.0.0.1:{PORT}", Path(folder), asked.out)
            chromium.close()
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
