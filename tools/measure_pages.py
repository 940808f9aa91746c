# SPDX-License-Identifier: Apache-2.0
"""How soon the pages can be used on a slow phone: `python tools/measure_pages.py [--rounds N]`.

Starts the site on an empty data folder and opens pages in Chromium with an empty cache, slowed down as
Lighthouse's mobile profile does: 150 ms round trip, 1.6 Mbit/s down, 750 kbit/s up, a processor four times
slower. Prints one JSON object: for each page the bytes over the line, the first text on the screen, and the
moment from which it can be used (document parsed, module scripts run), as medians.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page, sync_playwright

PAGES: Final = ("/", "/ways", "/case/new", "/case/enter", "/guide/now", "/contacts")
NETWORK: Final = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1.6e6 / 8,
    "uploadThroughput": 750e3 / 8,
}
SLOWER: Final = 4
_WHEN: Final = """() => {
  const [page] = performance.getEntriesByType("navigation");
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return [paint.startTime, Math.max(page.domContentLoadedEventEnd, page.domInteractive)];
}"""


def measure(page: Page, url: str) -> dict[str, float]:
    """One visit: kilobytes, first text and usable, in milliseconds."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", NETWORK)
    line.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received: list[float] = []
    line.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    page.goto(url, wait_until="networkidle")
    paint_ms, usable_ms = page.evaluate(_WHEN)
    return {"kib": sum(received) / 1024, "first_text_ms": paint_ms, "usable_ms": usable_ms}


def figures(browser: Any, address: str, rounds: int) -> list[dict[str, object]]:
    """The medians of each page, each visit in a window with nothing cached."""
    told = []
    for path in PAGES:
        visits = []
        for _ in range(rounds):
            context = browser.new_context(
                locale="ko-KR", viewport={"width": 390, "height": 844}, device_scale_factor=3
            )
            visits.append(measure(context.new_page(), address + path))
            context.close()
        medians = {name: round(statistics.median(v[name] for v in visits), 1) for name in visits[0]}
        told.append({"page": path, **medians})
    return told


def serve(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """The site on an empty data folder, once it answers."""
    environment = {
        name: text for name, text in os.environ.items() if not name.startswith("HAECHI_")
    }
    environment["HAECHI_DATA_FOLDER"] = str(folder)
    command = [sys.executable, "-m", "haechi", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
                return server
        except OSError:
            time.sleep(0.2)
    server.kill()
    raise SystemExit("The site did not start.")


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--port", type=int, default=8791)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = serve(Path(folder), asked.port)
        try:
            chromium = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            told = figures(chromium, f"http://127.0.0.1:{asked.port}", asked.rounds)
            chromium.close()
        finally:
            server.terminate()
            server.wait()
    print(
        json.dumps({"bench": "pages", "profile": "150 ms, 1.6 Mbit/s, 4 x slower", "figures": told})
    )


if __name__ == "__main__":
    main()
