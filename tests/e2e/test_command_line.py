# SPDX-License-Identifier: Apache-2.0
"""The command line, as a person at a terminal meets it: what it prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

Run = Callable[..., "subprocess.CompletedProcess[str]"]

HEAVY = ("numba", "numpy", "cv2", "litestar", "sqlalchemy", "PIL", "granian", "httpx", "jinja2")
COMMANDS = [
    ("serve",),
    ("demo",),
    ("doctor",),
    ("hash",),
    ("match",),
    ("case", "list"),
    ("case", "show"),
    ("notice", "draft"),
    ("partner", "add"),
    ("partner", "list"),
    ("partner", "revoke"),
    ("receipt", "verify"),
    ("receipt", "key"),
]


def lines(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    # Off centre: the whole set is its own mirror image.
    drawn = Image.effect_mandelbrot((320, 240), (-1.5, -0.2, 0.5, 1.3), 100)
    drawn.convert("RGB").save(path)
    return path


class TestHelp:
    def test_loads_nothing_heavy(self) -> None:
        code = (
            "import sys; from haechi.__main__ import main; sys.argv = ['haechi', '--help']\n"
            "try: main()\n"
            "except SystemExit: pass\n"
            f"print('LOADED', [name for name in {HEAVY!r} if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        assert "Usage:" in done.stdout
        assert "LOADED []" in done.stdout

    @pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
    def test_ends_with_an_example(self, command: tuple[str, ...]) -> None:
        from typer.main import get_command

        from haechi.cli import app

        found: Any = get_command(app)
        for name in command:
            found = found.commands[name]
        assert f"Example: haechi {' '.join(command)}" in " ".join(found.help.split())

    def test_names_every_command_that_there_is(self) -> None:
        from typer.main import get_command

        from haechi.cli import app

        tree: Any = get_command(app)
        found = set()
        for name, command in tree.commands.items():
            below = getattr(command, "commands", None)
            found |= {(name, verb) for verb in below} if below else {(name,)}
        assert found == set(COMMANDS)


class TestHash:
    def test_answers_every_file_in_one_line_each(self, run_haechi: Run, photo: Path) -> None:
        folder = photo.parent / "mixed"
        folder.mkdir()
        (folder / "a.png").write_bytes(photo.read_bytes())
        (folder / "b.txt").write_text("no picture")
        (folder / "c.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut off")
        (folder / "d.mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(64))
        (folder / "e.png").write_bytes(b"")
        done = run_haechi("hash", folder, "--json")
        answers = {Path(line["path"]).name: line for line in lines(done)}
        assert list(answers) == ["a.png", "b.txt", "c.jpg", "d.mp4", "e.png"]
        assert [signal["type"] for signal in answers["a.png"]["signals"]] == [
            "pdq",
            "md5",
            "sha256",
        ]
        assert answers["a.png"]["kind"] == "image"
        assert answers["a.png"]["error"] is None
        assert answers["b.txt"]["error"]["code"] == "unsupported_format"
        assert answers["c.jpg"]["error"]["code"] == "damaged_file"
        assert answers["d.mp4"]["kind"] == "video"
        assert answers["e.png"]["error"] is not None
        assert done.returncode == 0

    def test_a_file_that_was_named_and_is_not_there_is_a_failure(self, run_haechi: Run) -> None:
        done = run_haechi("hash", "nowhere.jpg", "--json")
        assert lines(done)[0]["error"]["code"] == "file_not_readable"
        assert done.returncode == 1

    def test_a_name_cannot_write_to_the_terminal(self, run_haechi: Run, photo: Path) -> None:
        evil = photo.with_name("x\x1b[31m\u202e.png")
        photo.rename(evil)
        done = run_haechi("hash", evil)
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout

    def test_without_a_path_is_a_usage_error(self, run_haechi: Run) -> None:
        assert run_haechi("hash").returncode == 2


class TestMatch:
    def test_finds_an_edited_copy_by_a_list_of_hashes(self, run_haechi: Run, photo: Path) -> None:
        known = json.dumps(lines(run_haechi("hash", photo, "--json"))[0])
        value = json.loads(known)["signals"][0]["value"]
        mirrored = photo.with_name("mirrored.jpg")
        with Image.open(photo) as opened:
            ImageOps.mirror(opened).save(mirrored, quality=70)
        for text in (known, value, value.upper(), f"pdq {value}", f"# a list\n\nnonsense\n{value}"):
            bank = photo.with_name("bank.txt")
            bank.write_text(text + "\n")
            done = run_haechi("match", mirrored, "--bank", bank, "--json")
            (match,) = lines(done)[0]["matches"]
            assert match["verdict"] == "edited"
            assert match["signal"] == "pdq"
            assert match["distance"] <= match["radius"] == 31
            assert match["evidence"] == {"rendition": "as_sent", "turn": "mirrored"}

    def test_does_not_find_another_picture(self, run_haechi: Run, photo: Path) -> None:
        bank = photo.with_name("bank.txt")
        bank.write_text("ab" * 32)
        done = run_haechi("match", photo, "--bank", bank, "--json")
        assert lines(done) == [{"path": str(photo), "matches": []}]
        assert done.returncode == 0

    @pytest.mark.parametrize("text", ["", "nothing here\n", "ab" * 31, '{"signals": []}'])
    def test_a_bank_without_a_fingerprint_is_a_clear_error(
        self, run_haechi: Run, photo: Path, text: str
    ) -> None:
        bank = photo.with_name("bank.txt")
        bank.write_text(text)
        done = run_haechi("match", photo, "--bank", bank)
        assert done.returncode == 2
        assert "No fingerprint was found" in done.stderr

    def test_a_service_that_does_not_answer_is_an_outside_failure(
        self, run_haechi: Run, photo: Path
    ) -> None:
        done = run_haechi("match", photo, "--bank", "http://127.0.0.1:9", "--token", "x")
        assert done.returncode == 3
        assert done.stderr.startswith("haechi: The service")

    def test_a_service_refuses_a_wrong_token(self, run_haechi: Run, photo: Path, site: str) -> None:
        done = run_haechi("match", photo, "--bank", site, "--token", "wrong")
        assert done.returncode == 4


class TestConsole:
    def test_partner_case_notice_and_receipt(self, run_haechi: Run, tmp_path: Path) -> None:
        data = tmp_path / "data"
        added = lines(
            run_haechi(
                "partner",
                "add",
                "--name",
                "forum",
                "--scope",
                "match",
                "--json",
                "--data-folder",
                data,
            )
        )[0]
        assert added["token"].startswith("hp_")
        again = run_haechi(
            "partner", "add", "--name", "forum", "--scope", "match", "--data-folder", data
        )
        assert again.returncode == 2
        assert "partner of that name" in again.stderr
        assert (
            run_haechi("partner", "revoke", "--name", "forum", "--data-folder", data).returncode
            == 0
        )
        assert "revoked" in run_haechi("partner", "list", "--data-folder", data).stdout
        assert run_haechi("case", "show", "0000-0000", "--data-folder", data).returncode == 1
        assert run_haechi("receipt", "key", "--data-folder", data).stdout.startswith("-----BEGIN")

    def test_an_unknown_scope_names_those_there_are(self, run_haechi: Run, tmp_path: Path) -> None:
        done = run_haechi(
            "partner", "add", "--name", "x", "--scope", "all", "--data-folder", tmp_path / "d"
        )
        assert done.returncode == 2
        assert "distance, match, metrics" in done.stderr

    def test_a_misspelt_setting_is_found_at_once(self, run_haechi: Run) -> None:
        done = run_haechi("case", "list", HAECHI_DATA_FOLDERR="x")
        assert done.returncode == 2
        assert "HAECHI_DATA_FOLDERR" in done.stderr


class TestReceipt:
    @pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"statement": {}}'])
    def test_what_is_no_receipt_ends_with_five(
        self, run_haechi: Run, tmp_path: Path, text: str
    ) -> None:
        path = tmp_path / "receipt.json"
        path.write_text(text)
        done = run_haechi("receipt", "verify", path)
        assert done.returncode == 5
        assert done.stderr.startswith("haechi: Verification failed")

    def test_openssl_agrees_as_the_docs_say(
        self, run_haechi: Run, tmp_path: Path, server: Any
    ) -> None:
        import httpx

        given = httpx.post(
            f"{server.address}/v1/cases", json={"sightings": [{"place": "방"}]}
        ).json()
        receipt = tmp_path / "receipt.json"
        receipt.write_text(json.dumps(given["receipt"]))
        key = tmp_path / "key.pem"
        key.write_text(httpx.get(f"{server.address}/v1/receipt-key").text)
        assert run_haechi("receipt", "verify", receipt, "--key", key).returncode == 0
        docs = Path(__file__).parents[2] / "docs" / "receipt-format.md"
        script = docs.read_text().split("```sh\n")[1].split("```")[0]
        done = subprocess.run(
            ["bash", "-eu", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert "Signature Verified Successfully" in done.stdout, done.stderr
        receipt.write_text(receipt.read_text().replace(given["case_number"], "0000-0000"))
        altered = run_haechi("receipt", "verify", receipt, "--key", key)
        assert altered.returncode == 5
        assert "altered" in altered.stderr


class TestDoctor:
    def test_a_fresh_installation_is_right(self, run_haechi: Run, tmp_path: Path) -> None:
        done = run_haechi("doctor", "--json", "--data-folder", tmp_path / "none")
        assert done.returncode == 0
        assert all(line["is_right"] for line in lines(done))
        assert not (tmp_path / "none").exists()

    def test_lost_keys_are_found_and_never_replaced(self, run_haechi: Run, tmp_path: Path) -> None:
        data = tmp_path / "data"
        run_haechi("case", "list", "--data-folder", data)
        (data / "keys" / "master.key").unlink()
        done = run_haechi("doctor", "--json", "--data-folder", data)
        assert done.returncode == 1
        wrong = [line for line in lines(done) if not line["is_right"]]
        assert wrong
        assert all(line["advice"] for line in wrong)
        assert not (data / "keys" / "master.key").exists()


class TestDemo:
    def test_walks_the_whole_journey(self, run_haechi: Run) -> None:
        done = run_haechi("demo", "--json")
        assert done.returncode == 0, done.stderr
        steps = lines(done)
        uploads = [step for step in steps if step["step"] == "upload"]
        assert 28 <= len(uploads) <= 35
        assert all((upload["match"] is not None) == upload["is_copy"] for upload in uploads)
        assert {"exact copy", "mirrored", "half size", "border cut 1%", "unrelated"} <= {
            upload["what"] for upload in uploads
        }
        by_step = {step["step"]: step for step in steps}
        assert by_step["report"]["receipt_holds"] is True
        assert by_step["report"]["signal_bytes_sent"] < 1000
        assert by_step["notice"]["missing"] == []
        assert by_step["withdraw"]["withdrawn_is_found"] is False
        assert by_step["withdraw"]["other_is_found"] is True
        assert done.stderr == ""

    def test_a_taken_port_is_one_sentence(self, run_haechi: Run, site: str) -> None:
        done = run_haechi("demo", "--port", site.rpartition(":")[2])
        assert done.returncode == 2
        assert "taken" in done.stderr
        assert "Traceback" not in done.stderr


class TestServe:
    def test_ctrl_c_stops_it_cleanly(self, start_server: Any, tmp_path: Path) -> None:
        server = start_server(tmp_path / "data")
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()

    def test_a_port_that_is_none_is_one_sentence(self, run_haechi: Run, tmp_path: Path) -> None:
        done = run_haechi("serve", "--port", "99999", "--data-folder", tmp_path / "d")
        assert done.returncode == 2
        assert "99999" in done.stderr
