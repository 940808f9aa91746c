# SPDX-License-Identifier: Apache-2.0
"""A follower against a real server, both killed in the middle of things."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from running_server import Server, clean_environment

from haechi.follower import Follower
from haechi.settings import load_settings
from haechi.values import Actor, ActorKind, Signal, SignalType
from haechi.workflows import dismiss_partner, hash_files, open_context

PROGRAM = Path(__file__).parents[1] / "support" / "feed_follower.py"
WITHIN_S = 20.0


class Process:
    """A follower in a process of its own."""

    def __init__(self, site: str, token: str, folder: Path) -> None:
        self._command = [sys.executable, str(PROGRAM), site, token, str(folder)]
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(
            self._command,
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def ask(self, text: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self._line()

    def kill_and_start(self) -> None:
        self.kill()
        self._start()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def token(server: Server, admit: Callable[..., str]) -> str:
    return admit(server.data_folder, f"follower {secrets.token_hex(4)}", "changes")


@pytest.fixture
def follower(site: str, token: str, tmp_path: Path) -> Iterator[Follower]:
    with Follower(site, token, folder=tmp_path / "own") as started:
        assert started.wait_ready(WITHIN_S)
        yield started


def report(http: httpx.Client) -> tuple[str, str]:
    """The value, and the item's id; the client's session is in the case."""
    value = secrets.token_hex(32)
    signals = [{"type": "pdq", "value": value, "quality": 100}]
    body = {"items": [{"kind": "image", "signals": signals}]}
    answer = http.post("/v1/cases", json=body)
    assert answer.status_code == 201, answer.text
    return value, answer.json()["items"][0]["id"]


def withdraw(http: httpx.Client, item_id: str) -> None:
    assert http.post(f"/v1/case/items/{item_id}/withdraw").is_success


def until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come to it"
        time.sleep(0.005)


def test_a_report_protects_and_a_withdrawal_is_forgotten(site: str, follower: Follower) -> None:
    with httpx.Client(base_url=site) as person:
        value, item_id = report(person)
        asked = [Signal.parse("pdq", value)]
        until(lambda: follower.matches(asked))
        assert [match.bank for match in follower.matches(asked)] == ["reports"]
        withdraw(person, item_id)
        until(lambda: not follower.matches(asked))


def test_a_killed_follower_misses_nothing(
    site: str, token: str, follower: Follower, tmp_path: Path
) -> None:
    """Reports and withdrawals while it is dead, alive, and starting; in the end both hold the same."""
    killed = Process(site, token, tmp_path / "killed")
    try:
        values, silent = [], []
        for number in range(9):
            with httpx.Client(base_url=site) as person:
                value, item_id = report(person)
                if number % 2:
                    withdraw(person, item_id)
                (silent if number % 2 else values).append(value)
            if number in {3, 6}:
                killed.kill_and_start()
        until(lambda: killed.ask(" ".join(values)) == "1" * len(values))
        until(lambda: killed.ask(" ".join(silent)) == "0" * len(silent))
        until(lambda: set(killed.ask("ids").split()) == follower.content_ids())
    finally:
        killed.kill()


def test_a_server_that_is_killed_is_followed_again(
    start_server: Callable[..., Server], admit: Callable[..., str], tmp_path: Path
) -> None:
    first = start_server(tmp_path / "data")
    token = admit(first.data_folder, "follower", "changes")
    with httpx.Client(base_url=first.address) as person:
        value, item_id = report(person)
        asked = [Signal.parse("pdq", value)]
        with Follower(first.address, token, folder=tmp_path / "held") as follower:
            assert follower.wait_ready(WITHIN_S)
            until(lambda: follower.matches(asked))
            first.kill()
            until(lambda: follower.state.problem == "outside_service_failed")
            assert follower.matches(asked), "it goes on answering by what it holds"
    second = start_server(tmp_path / "data")
    with httpx.Client(base_url=second.address, cookies=person.cookies) as again:
        assert again.post(f"/v1/case/items/{item_id}/withdraw").is_success
    with Follower(second.address, token, folder=tmp_path / "held") as follower:
        until(lambda: not follower.matches(asked))
        assert follower.state.resyncs == 0


def test_a_dismissed_partner_is_told_nothing_more(
    admit: Callable[..., str], server: Server
) -> None:
    name = f"gone {secrets.token_hex(4)}"
    token = admit(server.data_folder, name, "changes")
    headers = {"authorization": f"Bearer {token}"}
    with (
        httpx.Client(base_url=server.address, headers=headers, timeout=40) as http,
        http.stream("GET", "/v1/changes/stream") as events,
    ):
        lines = events.iter_lines()
        assert next(lines).startswith("retry:")
        page = http.get("/v1/changes").json()
        asked = {"after": page["next"], "feed": page["feed"], "wait": 30}
        with ThreadPoolExecutor(1) as waiting:
            answer = waiting.submit(http.get, "/v1/changes", params=asked)
            time.sleep(0.3)
            assert not answer.done(), "it waits"
            settings = load_settings({}, data_folder=server.data_folder)
            with open_context(settings, follows=False) as ctx:
                dismiss_partner(ctx, Actor(ActorKind.OPERATOR), name=name)
            begun_s = time.monotonic()
            assert answer.result(WITHIN_S).status_code == httpx.codes.UNAUTHORIZED
        for _ in lines:
            pass  # it ends by itself, and soon: its time would be minutes
        assert time.monotonic() - begun_s < WITHIN_S
        assert http.get("/v1/changes").status_code == httpx.codes.UNAUTHORIZED


def test_the_stream_goes_on_where_it_was(site: str, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}

    def events(**more: str) -> Iterator[dict[str, str]]:
        with httpx.stream("GET", f"{site}/v1/changes/stream", headers=headers | more) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            event: dict[str, str] = {}
            for line in answer.iter_lines():
                name, _, text = line.partition(": ")
                if line:
                    event[name] = text
                elif "data" in event:
                    yield event
                    event = {}

    first = next(events())
    assert json.loads(first["data"])["next"] == first["id"]
    with httpx.Client(base_url=site) as person:
        value, _ = report(person)
    later = next(events(**{"last-event-id": first["id"]}))
    told = json.loads(later["data"])["changes"]
    assert [change["signals"][0]["value"] for change in told if "signals" in change] == [value]
    assert later["signature"].startswith("ed25519=")


def test_the_command_follows_and_match_reads_its_folder(
    site: str, token: str, run_haechi: Callable[..., Any], tmp_path: Path
) -> None:
    photo = tmp_path / "photo.png"
    drawn = Image.effect_mandelbrot((320, 240), (-1.5, -0.2, 0.5, 1.3), 100)
    drawn.convert("RGB").save(photo)
    hashed = next(iter(hash_files([photo])))
    pdq = [
        {"type": "pdq", "value": one.hex, "quality": one.quality}
        for one in hashed.signals
        if one.type is SignalType.PDQ
    ]
    with httpx.Client(base_url=site) as person:
        body = {"items": [{"kind": "image", "signals": pdq}]}
        assert person.post("/v1/cases", json=body).status_code == 201
    folder = tmp_path / "held"
    done = run_haechi("follow", site, "--token", token, "--folder", folder, "--once", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["behind"] == 0
    found = run_haechi("match", photo, "--bank", folder, "--json")
    # Other tests report this picture to the shared site, too.
    assert {match["verdict"] for match in json.loads(found.stdout)["matches"]} == {"same"}
    assert (folder / "follower.sqlite3").stat().st_mode & 0o077 == 0
    wrong = run_haechi("follow", site, "--token", "hp_wrong", "--folder", folder, "--once")
    assert wrong.returncode == 4
    assert "hp_" not in wrong.stderr
