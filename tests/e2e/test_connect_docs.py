# SPDX-License-Identifier: Apache-2.0
"""docs/connect: what the pages say is run, in order, against a real Haechi; what they show is what is shown."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from reported_pictures import drawn_picture, partner, report_picture
from running_server import Server, clean_environment

OURS = ("README", "bot-admins", "follower", "forums", "hma", "stopncii")
PAGES = sorted((Path(__file__).parents[2] / "docs" / "connect").glob("*.md"))
KNOWN, NEW = drawn_picture(2), drawn_picture(3)
_FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_KEEP_STATE = ". ./state 2>/dev/null || true\nset -eua\n{block}\nexport -p > ./state\n"


def blocks(page: Path) -> list[tuple[str, str, str]]:
    return [(kind, mark.strip(), text) for kind, mark, text in _FENCE.findall(page.read_text())]


def is_shown(wanted: str, output: str) -> bool:
    """Whether the output has this text, `…` standing for anything on a line."""
    pattern = ".*".join(re.escape(part) for part in wanted.strip().split("…"))
    return re.search(pattern, output) is not None


@pytest.fixture(scope="module")
def environment(server: Server) -> dict[str, str]:
    with partner(server, "match") as token:
        report_picture(server, token, KNOWN).close()
        return clean_environment(
            HAECHI_URL=server.address,
            HAECHI_PARTNER_TOKEN=token,
            HAECHI_DATA_FOLDER=str(server.data_folder),
            PATH=f"{Path(sys.executable).parent}:/usr/bin:/bin",
        )


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.stem in OURS], ids=lambda page: page.stem
)
def test_what_a_page_says_can_be_run(
    page: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "upload.jpg").write_bytes(NEW)
    (tmp_path / "known.jpg").write_bytes(KNOWN)
    output = ""
    for kind, mark, text in blocks(page):
        if mark == "shown":
            for line in text.splitlines():
                assert is_shown(line, output), f"{page.name} shows {line!r}, and it is {output!r}"
        elif mark == "run":
            output = _run(kind, text, environment, tmp_path)


def _run(kind: str, text: str, environment: dict[str, str], folder: Path) -> str:
    block = text if kind == "sh" else f"{sys.executable} - <<'PYTHON'\n{text}\nPYTHON"
    assert kind in {"sh", "python"}
    done = subprocess.run(
        ["bash", "-c", _KEEP_STATE.format(block=block)],
        env=environment, cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_ten_minutes_are_run() -> None:
    marks = [mark for page in PAGES for _, mark, _ in blocks(page)]
    assert marks.count("run") >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_and_flag_that_a_page_names_is_there(page: Path) -> None:
    from typer.main import get_command

    from haechi.cli import app

    for kind, _, text in blocks(page):
        for line in text.replace("\\\n", " ").splitlines() if kind == "sh" else ():
            if not line.startswith("haechi "):
                continue
            words = shlex.split(line.partition(">")[0].replace("…", "x"))[1:]
            command: Any = get_command(app)
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            known = {option for param in command.params for option in param.opts}
            assert {word for word in words if word.startswith("--")} <= known, line


def test_both_languages_are_told_the_same() -> None:
    page = next(page for page in PAGES if page.stem == "bot-admins").read_text()
    korean = page[page.index("## 한국어") : page.index("## English")]
    english = page[page.index("## English") : page.index("## Who runs")]
    for mark in (
        "\n**",
        "\n- ",
        "\n| ",
        "\n1. ",
        "\n2. ",
        "\n3. ",
        "/settings",
        "/status",
        "20 MB",
    ):
        assert korean.count(mark) == english.count(mark), mark
    assert "니다" not in korean
