# SPDX-License-Identifier: Apache-2.0
"""The example forums, each served as its page says, against a real Haechi."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from PIL import Image
from reported_pictures import drawn_picture, partner, report_picture
from running_server import Server, clean_environment, free_port

EXAMPLES = Path(__file__).parents[2] / "examples"
COMMANDS = {
    "flask_forum": ["-m", "flask", "--app", "forum", "run", "--port", "{port}"],
    "django_forum": ["forum.py", "runserver", "--noreload", "127.0.0.1:{port}"],
    "asgi_forum": ["-m", "granian", "--interface", "asgi", "--port", "{port}", "forum:app"],
}
KNOWN, NEW = drawn_picture(1), drawn_picture(7)
READY_WITHIN_S = 30


@dataclass
class Forum:
    """A served forum."""

    client: httpx.Client
    output: Path

    def publish(self, picture: bytes, title: str = "Hello <b>") -> httpx.Response:
        page = self.client.get("/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        data = {"title": title} | ({"csrfmiddlewaretoken": token[1]} if token else {})
        files = {"picture": ("x.jpg", picture, "image/jpeg")}
        return self.client.post("/", data=data, files=files)


@pytest.fixture(scope="module")
def token(server: Server) -> Iterator[str]:
    with partner(server, "match") as given:
        report_picture(server, given, KNOWN).close()
        yield given


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Forum]]:
    with contextlib.ExitStack() as stack:

        def start(name: str, url: str, token: str) -> Forum:
            port = free_port()
            folder = tmp_path_factory.mktemp(name)
            output = folder / "output"
            command = [part.format(port=port) for part in COMMANDS[name]]
            process = subprocess.Popen(
                [sys.executable, *command],
                cwd=EXAMPLES / name,
                env=clean_environment(
                    HAECHI_URL=url,
                    HAECHI_PARTNER_TOKEN=token,
                    PYTHONDONTWRITEBYTECODE="1",
                    TMPDIR=str(folder / "tmp"),
                ),
                stdout=stack.enter_context(output.open("wb")),
                stderr=subprocess.STDOUT,
            )
            (folder / "tmp").mkdir()
            stack.callback(process.wait)
            stack.callback(process.terminate)
            client = stack.enter_context(
                httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20)
            )
            deadline = time.monotonic() + READY_WITHIN_S
            while time.monotonic() < deadline and process.poll() is None:
                with contextlib.suppress(httpx.HTTPError):
                    if client.get("/").is_success:
                        return Forum(client, output)
                time.sleep(0.05)
            pytest.fail(f"{name} did not start: {output.read_text(errors='replace')}")

        yield start


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def forum(
    request: pytest.FixtureRequest, serve: Callable[..., Forum], server: Server, token: str
) -> Forum:
    return serve(request.param, server.address, token)


def test_every_example_is_run_here() -> None:
    found = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert found == set(COMMANDS)
    for name in found:
        lines = (EXAMPLES / name / "forum.py").read_text().splitlines()
        assert lines[0] == "# SPDX-License-Identifier: Apache-2.0"
        assert len(lines) < 120
        assert (EXAMPLES / name / "README.md").read_text().count("\n") < 25


def test_a_new_picture_is_published_as_it_was_sent(forum: Forum) -> None:
    answer = forum.publish(NEW)
    assert answer.status_code == 201
    assert "Published." in answer.text
    assert "<b>" not in answer.text
    shown = re.findall(r'src="(/pictures/\d+)"', answer.text)
    assert forum.client.get(shown[-1]).content == NEW


def test_a_known_copy_is_not_and_has_a_reference(forum: Forum) -> None:
    before = forum.client.get("/").text.count("<article>")
    with Image.open(io.BytesIO(KNOWN)) as opened:
        written = io.BytesIO()
        opened.resize((400, 300)).save(written, "PNG")
    for copy in (KNOWN, written.getvalue()):
        answer = forum.publish(copy)
        assert answer.status_code == 403
        assert re.search(r"(mat|con)_\w+", answer.text)
    assert forum.client.get("/").text.count("<article>") == before


def test_a_damaged_picture_waits_for_a_moderator(forum: Forum) -> None:
    before = forum.client.get("/").text.count("<article>")
    answer = forum.publish(NEW[:400])
    assert answer.status_code == 202
    assert "moderator" in answer.text
    assert forum.client.get("/").text.count("<article>") == before


def test_nothing_was_written_beside_it(forum: Forum) -> None:
    forum.publish(KNOWN)
    assert list((forum.output.parent / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_without_a_haechi_a_picture_passes(serve: Callable[..., Forum], name: str) -> None:
    forum = serve(name, f"http://127.0.0.1:{free_port()}", "hp_none")
    assert forum.publish(KNOWN).status_code == 201
