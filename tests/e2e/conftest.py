# SPDX-License-Identifier: Apache-2.0
"""A real server on a free port, a real browser, the real command line."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from device_page import Device, opened, serving
from page_visit import Begin, watched
from running_server import Server, clean_environment, free_port

from haechi.settings import load_settings
from haechi.values import Actor, ActorKind
from haechi.workflows import admit_partner, open_context

READY_WITHIN_S = 60
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def start_server() -> Iterator[Callable[..., Server]]:
    """Starts servers; all of them end with the session."""
    started: list[Server] = []

    def start(data_folder: Path, **settings: str) -> Server:
        port = free_port()
        # Passkeys belong to a name, and browsers take this one without https.
        settings = {"HAECHI_PUBLIC_URL": f"http://localhost:{port}", **settings}
        log = data_folder.parent / f"{data_folder.name}-{port}.log"
        with log.open("wb") as log_file:
            process = subprocess.Popen(
                [sys.executable, "-m", "haechi", "serve", "--port", str(port)],
                env=clean_environment(HAECHI_DATA_FOLDER=str(data_folder), **settings),
                stdout=log_file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        server = Server(f"http://127.0.0.1:{port}", data_folder, process, log)
        started.append(server)
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{server.address}/readyz").is_success:
                    return server
            time.sleep(0.05)
        server.kill()
        pytest.fail(f"the server did not start: {log.read_text(errors='replace')}")

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """One server that tests share; no test may depend on what others left in it."""
    return start_server(
        tmp_path_factory.mktemp("site") / "data",
        HAECHI_REPORTS_PER_MIN="100000",
        HAECHI_TRIES_PER_MIN="100000",
    )


@pytest.fixture(scope="session")
def site(server: Server) -> str:
    """The address of the shared server."""
    return server.address


@pytest.fixture(scope="session")
def admit() -> Callable[..., str]:
    """Admits a partner to a running server's installation; gives its token."""

    def admitted(data_folder: Path, name: str, *scopes: str, **facts: Any) -> str:
        settings = load_settings({}, data_folder=data_folder)
        with open_context(settings, follows=False) as ctx:
            return admit_partner(ctx, Actor(ActorKind.OPERATOR), name=name, scopes=scopes, **facts)[
                1
            ]

    return admitted


@pytest.fixture
def run_haechi(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line in an empty folder and hands back all it printed."""

    def run(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "haechi", *map(str, arguments)],
            env=clean_environment(COLUMNS="200", **settings),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def browser():  # Playwright's type, where Playwright is
    """Debian's Chromium, driven by Playwright."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip(
            "SKIPPED: there is no Chromium here; as root on Debian: apt-get install chromium"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(site: str, browser: Any) -> Iterator[Begin]:
    """Opens windows on the shared site; every request that any of them makes is looked at."""
    with watched(site, browser) as begin:
        yield begin


@pytest.fixture(scope="session")
def served_device() -> Iterator[tuple[str, list[str]]]:
    """The address of the page that runs the on-device code, and what is asked of its server."""
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def device_window(browser: Any) -> Iterator[Any]:
    """A browser window that the tests of a module share."""
    window = browser.new_page()
    yield window
    window.close()


@pytest.fixture
def device(
    device_window: Any, served_device: tuple[str, list[str]], tmp_path: Path
) -> Iterator[Device]:
    """That page, freshly opened, with nothing to complain of at the end."""
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    with opened(device_window, served_device, chosen) as device:
        yield device
