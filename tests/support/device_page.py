# SPDX-License-Identifier: Apache-2.0
"""A page with a file input that runs the on-device code, in a real Chromium.

A tiny server on the loopback serves the modules under the policy that the product sends; nothing
else can be fetched, and a test can look that nothing else is asked for.
"""

from __future__ import annotations

import hashlib
import http.server
import io
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from haechi.asgi import _headers

REPOSITORY = Path(__file__).parents[2]
MODULES = REPOSITORY / "src/haechi/web/static/js"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Fingerprints</title>
<link rel="icon" href="/static/icon.png"><input type="file" id="files" multiple>
<p id="patterns"></p><script type="module" src="/page.js"></script></html>"""
PAGE_SCRIPT = """
import { fingerprintFiles } from "/static/js/fingerprint.js";
window.fingerprintChosen = async (options = {}) => {
  const progress = [];
  const stop = new AbortController();
  const answers = await fingerprintFiles(document.querySelector("#files").files, {
    signal: stop.signal,
    onProgress(step) {
      progress.push(step);
      if (options.stopAt && step.overall >= options.stopAt) stop.abort();
    },
  });
  return { answers, progress };
};
window.isReady = true;
"""
FIGURES = logging.getLogger("haechi.figures")
"""What was measured; shown by `pytest --log-cli-level=INFO`."""


class StaticHandler(http.server.BaseHTTPRequestHandler):
    """Serves the page and the modules, and notes what is asked for."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        folder, _, name = self.path.rpartition("/")
        module = MODULES / name
        if self.path == "/":
            self.answer(PAGE.encode(), "text/html; charset=utf-8")
        elif self.path == "/page.js":
            self.answer(PAGE_SCRIPT.encode(), "text/javascript")
        elif folder == "/static/js" and module.is_file():
            self.answer(module.read_bytes(), "text/javascript")
        elif self.path == "/static/icon.png":
            self.answer(b"", "image/png")
        else:
            self.send_error(404)

    def answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Security-Policy", _headers._POLICY)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Device:
    """A page with a file input; what it asked for, complained of and started."""

    page: Any
    asked: list[str]
    folder: Path
    complaints: list[str] = field(default_factory=list)
    workers: list[Any] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)

    def choose(self, *files: Path | bytes) -> None:
        """Puts files into the input; bytes become files named .jpg, whatever they are."""
        paths: list[Path | bytes] = []
        for file in files:
            path = file
            if isinstance(file, bytes):
                path = self.folder / f"{len(list(self.folder.iterdir()))}.jpg"
                path.write_bytes(file)
            paths.append(path)
        self.page.set_input_files("#files", paths)

    def run(self, files: list[Path | bytes], **options: Any) -> dict[str, Any]:
        """What fingerprintFiles answers, and every progress report before."""
        self.choose(*files)
        return self.page.evaluate("options => window.fingerprintChosen(options)", options)

    def fingerprint(self, *files: Path | bytes) -> list[dict[str, Any]]:
        """One answer a file."""
        return self.run(list(files))["answers"]


def bits_apart(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def pdq_of(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["error"] is None
    return next(signal for signal in answer["signals"] if signal["type"] == "pdq")


def digests_of(answer: dict[str, Any]) -> dict[str, str]:
    return {s["type"]: s["value"] for s in answer["signals"] if s["type"] in ("md5", "sha256")}


def expected_digests(data: bytes) -> dict[str, str]:
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return {"md5": md5, "sha256": hashlib.sha256(data).hexdigest()}


def encoded(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def stripes(width: int = 320, height: int = 200) -> Image.Image:
    """A harmless picture with something to see, the same each time."""
    picture = Image.effect_mandelbrot((width, height), (-2.2, -1.2, 1.0, 1.2), 60)
    return Image.merge("RGB", (picture, picture.rotate(180), picture.transpose(1)))


def workers_gone(device: Device) -> bool:
    """Whether the page has no worker left; the browser needs a moment to end one."""
    deadline = time.monotonic() + 3
    while device.page.workers and time.monotonic() < deadline:
        device.page.wait_for_timeout(20)
    return device.page.workers == []


@contextmanager
def serving() -> Iterator[tuple[str, list[str]]]:
    """A server of the page and the modules: its address, and the paths that are asked for."""
    asked: list[str] = []
    handler = type("Handler", (StaticHandler,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}", asked
        httpd.shutdown()


@contextmanager
def opened(page: Any, served: tuple[str, list[str]], folder: Path) -> Iterator[Device]:
    """The page, freshly opened; nothing may have been complained of when it is left."""
    address, asked = served
    asked.clear()
    device = Device(page, asked, folder)
    listeners = {
        "console": lambda message: device.complaints.append(message.text),
        "pageerror": lambda error: device.complaints.append(str(error)),
        "worker": lambda worker: device.workers.extend([worker]),
        "request": lambda request: device.requests.append((request.method, request.url)),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    page.goto(address + "/")
    page.wait_for_function("window.isReady")
    yield device
    page.unroute_all()
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert device.complaints == []
