# SPDX-License-Identifier: Apache-2.0
"""The command line, as a person at a terminal meets it: what it prints, and how it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps
from running_server import clean_environment, free_port

Run = Callable[..., "subprocess.CompletedProcess[str]"]

HEAVY = ("numba", "numpy", "cv2", "litestar", "sqlalchemy", "PIL", "granian", "httpx", "jinja2")
SECP160K1 = """-----BEGIN PUBLIC KEY-----
MD4wEAYHKoZIzj0CAQYFK4EEAAkDKgAEqPqIIn3Rh0MAtjmYtWes49l78aituWgW
XZJw5BSCBSzuOmmmAxK26g==
-----END PUBLIC KEY-----
"""
ADULT = {"under_18_when_taken": False, "under_19_kr": False}
COMMANDS = [
    ("serve",),
    ("bot",),
    ("demo",),
    ("doctor",),
    ("hash",),
    ("match",),
    ("follow",),
    ("bank", "list"),
    ("bank", "show"),
    ("bank", "add"),
    ("bank", "change"),
    ("bank", "access"),
    ("bank", "hold"),
    ("bank", "release"),
    ("bank", "lift"),
    ("bank", "withdraw"),
    ("bank", "note"),
    ("bank", "history"),
    ("bank", "import"),
    ("bank", "export"),
    ("bank", "aside"),
    ("case", "list"),
    ("case", "show"),
    ("case", "half"),
    ("case", "check"),
    ("notice", "draft"),
    ("notice", "sent"),
    ("notice", "received"),
    ("exchange", "add"),
    ("exchange", "change"),
    ("exchange", "list"),
    ("exchange", "pull"),
    ("exchange", "push"),
    ("exchange", "remove"),
    ("exchange", "status"),
    ("partner", "add"),
    ("partner", "list"),
    ("partner", "change"),
    ("partner", "tokens"),
    ("partner", "token"),
    ("partner", "leak"),
    ("partner", "revoke"),
    ("receipt", "verify"),
    ("receipt", "key"),
    ("user", "add"),
    ("user", "invite"),
    ("user", "list"),
    ("user", "disable"),
    ("bench", "match"),
    ("bench", "hash"),
    ("bench", "video"),
    ("bench", "live"),
    ("bench", "api"),
    ("bench", "edits"),
    ("bench", "all"),
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

    @pytest.mark.parametrize(
        "group",
        [(), *sorted({command[:1] for command in COMMANDS if len(command) > 1})],
        ids=" ".join,
    )
    def test_every_group_has_an_example(self, run_haechi: Run, group: tuple[str, ...]) -> None:
        assert "Example: haechi" in run_haechi(*group, "--help").stdout


class TestWaysOut:
    """How a command ends, whoever ends it."""

    @pytest.fixture
    def album(self, photo: Path) -> Path:
        folder = photo.parent / "album"
        folder.mkdir()
        for number in range(400):
            os.link(photo, folder / f"{number}.png")
        return folder

    @pytest.mark.parametrize("flag", [[], ["--json"]], ids=["text", "json"])
    def test_a_reader_that_has_enough_ends_it_quietly(self, album: Path, flag: list[str]) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "haechi", "hash", album, *flag],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(60) == 0

    @pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["hash", "{photo}"]])
    def test_so_does_one_that_was_never_there(self, photo: Path, arguments: list[str]) -> None:
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run(
            [sys.executable, "-m", "haechi", *(a.format(photo=photo) for a in arguments)],
            env=clean_environment(),
            stdout=write_end,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
        os.close(write_end)
        assert (done.returncode, done.stderr) == (0, b"")

    def test_ctrl_c_ends_with_130(self, album: Path) -> None:
        with subprocess.Popen(
            [sys.executable, "-m", "haechi", "hash", album],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            # As a terminal does: to every process of the group.
            os.killpg(process.pid, signal.SIGINT)
            process.stdout.read()
            assert b"Traceback" not in process.stderr.read()
            assert process.wait(60) == 130

    @pytest.mark.parametrize(
        "arguments",
        [["nothing"], ["hash", "--nothing"], ["match", "x"], ["demo", "--port", "0"], ["hash"]],
        ids=" ".join,
    )
    def test_a_usage_error_ends_with_2(self, run_haechi: Run, arguments: list[str]) -> None:
        done = run_haechi(*arguments)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


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
            "rpdq",
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

    def test_a_pipe_is_no_file_and_nobody_waits_for_it(self, run_haechi: Run, photo: Path) -> None:
        pipe = photo.with_name("pipe.jpg")
        os.mkfifo(pipe)
        done = run_haechi("hash", pipe, photo, "--json")
        assert [line["error"] and line["error"]["code"] for line in lines(done)] == [
            "file_not_readable",
            None,
        ]
        assert done.returncode == 1

    def test_a_name_that_is_no_utf_8_is_escaped(self, run_haechi: Run, photo: Path) -> None:
        odd = photo.with_name("photo-\udc80.png")
        photo.rename(odd)
        strict = {"PYTHONIOENCODING": "utf-8:strict", "PYTHONUTF8": "1"}
        (line,) = lines(run_haechi("hash", odd, "--json", **strict))
        assert Path(line["path"]) == odd
        assert line["error"] is None
        done = run_haechi("hash", odd, **strict)
        assert done.returncode == 0
        assert "photo-\\udc80.png  pdq" in done.stdout

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
            evidence = match["evidence"]
            assert (evidence["rendition"], evidence["turn"]) == ("as_sent", "mirrored")
            assert evidence["pdq_distance"] <= 31
            assert match["distance"] <= match["radius"]
            assert (match["signal"], match["radius"]) == ("pdq", 31)
            if text == known:
                # The line that `haechi hash` wrote has the picture's regions too.
                assert evidence["reason"] == "shown_whole"
                assert evidence["regions"]["is_mirrored"] is True
                assert evidence["regions"]["agree"] >= 3
                assert evidence["part_distance"] <= 20
            else:
                assert evidence["reason"] == "near_value"
                assert evidence["pdq_distance"] == match["distance"]
                assert set(evidence) == {"rendition", "turn", "reason", "pdq_distance"}

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

    def test_a_bank_that_is_a_pipe_is_a_clear_error(self, run_haechi: Run, photo: Path) -> None:
        os.mkfifo(photo.with_name("bank"))
        done = run_haechi("match", photo, "--bank", photo.with_name("bank"))
        assert done.returncode == 1
        assert "cannot be opened" in done.stderr

    @pytest.mark.parametrize("how", ["flag", "variable"])
    def test_a_file_that_the_service_refuses_does_not_stop_the_rest(
        self, run_haechi: Run, photo: Path, start_server: Any, how: str
    ) -> None:
        server = start_server(photo.parent / "data", HAECHI_UPLOAD_MAX_MIB="1")
        large = photo.with_name("large.png")
        Image.effect_noise((1600, 1200), 90).save(large)
        assert large.stat().st_size > 1 << 20
        token = lines(
            run_haechi("partner", "add", "--name", "p", "--scope", "match", "--json",
                       "--data-folder", server.data_folder)
        )[0]["token"]  # fmt: skip
        given = ["--token", token] if how == "flag" else []
        variables = {} if given else {"HAECHI_PARTNER_TOKEN": token}
        done = run_haechi(
            "match", large, photo, "--bank", server.address, "--json", *given, **variables
        )
        assert done.returncode == 0, done.stderr
        first, second = lines(done)
        assert "too large" in first["error"]["message"]
        assert second == {"path": str(photo), "matches": []}
        server.stop()

    @pytest.mark.parametrize("token", ["é", "a b", "a\nb", "\x7f"])
    def test_a_token_that_can_be_none_is_a_clear_error(
        self, run_haechi: Run, photo: Path, token: str
    ) -> None:
        done = run_haechi("match", photo, "--bank", "http://127.0.0.1:9", "--token", token)
        assert done.returncode == 2
        assert "--token" in done.stderr
        assert "Traceback" not in done.stderr

    def test_an_address_that_is_no_haechi_service_is_an_outside_failure(
        self, run_haechi: Run, photo: Path, site: str
    ) -> None:
        done = run_haechi("match", photo, "--bank", f"{site}/nowhere", "--token", "x")
        assert done.returncode in (3, 4)

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
        revoked = run_haechi(
            "partner", "revoke", "--name", "forum", "--json", "--data-folder", data
        )
        assert lines(revoked) == [{"name": "forum", "revoked": True}]
        assert "revoked" in run_haechi("partner", "list", "--data-folder", data).stdout
        assert run_haechi("case", "show", "0000-0000", "--data-folder", data).returncode == 1
        assert run_haechi("receipt", "key", "--data-folder", data).stdout.startswith("-----BEGIN")

    def test_a_partners_tokens_and_whose_list_leaked(self, run_haechi: Run, tmp_path: Path) -> None:
        data = {"HAECHI_DATA_FOLDER": str(tmp_path / "data")}
        forum = ("--name", "forum")
        asked = ("--scope", "match", "--scope", "changes", "--keep-lookups-h", "24", "--json")
        (made,) = lines(run_haechi("partner", "add", *forum, *asked, **data))
        assert made["token"].startswith("hp_")
        (more,) = lines(
            run_haechi("partner", "token", *forum, "--replace-in-h", "0", "--json", **data)
        )
        assert more["scopes"] == ["changes", "match"]
        states = [
            one["state"] for one in lines(run_haechi("partner", "tokens", *forum, "--json", **data))
        ]
        assert states == ["ended", "good"]
        assert not run_haechi(
            "partner", "change", *forum, "--lookups-per-min", "7", **data
        ).returncode
        (told,) = lines(run_haechi("partner", "list", "--json", **data))
        assert (told["lookups_per_min"], told["keeps_lookups_h"]) == (7, 24)
        assert run_haechi("bank", "add", "reports", **data).returncode == 0
        exported = tmp_path / "leaked.jsonl"
        out = run_haechi("bank", "export", "reports", "--out", exported, "--for", "forum", **data)
        assert out.returncode == 0, out.stderr
        (leak,) = lines(run_haechi("partner", "leak", exported, "--json", **data))
        assert leak == {"name": "forum", "values": 8, "of": 8}
        assert (
            run_haechi("partner", "revoke", *forum, "--token", more["id"], **data).returncode == 0
        )
        assert run_haechi("partner", "token", "--name", "nobody", **data).returncode == 1

    def test_a_case_and_its_notice_as_json(self, run_haechi: Run, server: Any, photo: Path) -> None:
        import httpx

        hashed = lines(run_haechi("hash", photo, "--json"))[0]
        seen = {"url": "https://forum.example/1", "place": "Forum", "note": ""}
        body = {
            "items": [{"kind": "image", "signals": hashed["signals"]}],
            "sightings": [seen],
            **ADULT,
        }
        number = httpx.post(f"{server.address}/v1/cases", json=body).json()["case_number"]
        here = ("--json", "--data-folder", server.data_folder)
        asked = ("notice", "draft", number, "--service", "Forum", "--good-faith")
        (bare,) = lines(run_haechi(*asked, *here))
        (full,) = lines(run_haechi(*asked, "--authorised", *here))
        assert set(bare["missing"]) - set(full["missing"])
        (case,) = lines(run_haechi("case", "show", number, *here))
        assert (case["case_number"], case["status"]) == (number, "open")
        assert [(item["kind"], item["is_matched"]) for item in case["items"]] == [("image", True)]
        assert [{k: v for k, v in s.items() if k in seen} for s in case["sightings"]] == [seen]
        assert [notice["id"] for notice in case["notices"]] == [bare["id"], full["id"]]

    @pytest.mark.parametrize(
        "command",
        [
            ("case", "list"),
            ("case", "show", "0000-0000"),
            ("notice", "draft", "0000-0000", "--service", "x"),
            ("partner", "list"),
            ("partner", "revoke", "--name", "x"),
            ("receipt", "key"),
        ],
        ids=" ".join,
    )
    def test_what_only_reads_founds_nothing(
        self, run_haechi: Run, tmp_path: Path, command: tuple[str, ...]
    ) -> None:
        done = run_haechi(*command, "--data-folder", tmp_path / "misspelt")
        assert done.returncode == 1
        assert "no installation here yet; haechi serve makes one" in " ".join(done.stderr.split())
        assert not (tmp_path / "misspelt").exists()

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

    @staticmethod
    def _signed(folder: Path, case_number: str, reported_at: str) -> Path:
        """A receipt that holds, by a key of its own."""
        import base64

        import rfc8785
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        statement = {
            "format": "haechi-receipt/1",
            "case_number": case_number,
            "reported_at": reported_at,
        }
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        signature = {
            "algorithm": "Ed25519",
            "public_key": base64.b64encode(public).decode(),
            "value": base64.b64encode(key.sign(rfc8785.dumps(statement))).decode(),
        }
        path = folder / "receipt.json"
        path.write_text(json.dumps({"statement": statement, "signature": signature}))
        return path

    def test_what_anybody_signed_cannot_write_to_the_terminal(
        self, run_haechi: Run, tmp_path: Path
    ) -> None:
        path = self._signed(tmp_path, "1[/red]\x1b[2J\r\n[bold]ok\u2028", "\u202enow[blink]" * 30)
        done = run_haechi("receipt", "verify", path)
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        assert line.startswith("The receipt holds: case 1[/red]\\x1b[2J\\x0d\\x0a[bold]ok\\u2028, ")
        assert line.endswith("now[blink]")
        (answer,) = lines(run_haechi("receipt", "verify", path, "--json"))
        assert answer["holds"] is True
        assert answer["is_signer_known"] is False
        assert answer["reported_at"].endswith("now[blink]")

    def test_a_key_of_another_kind_ends_with_five(self, run_haechi: Run, tmp_path: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        path = self._signed(tmp_path, "1", "now")
        key = tmp_path / "key.pem"
        rsa_key = rsa.generate_private_key(65537, 2048).public_key()
        for pem in (
            rsa_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            SECP160K1,
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
            "nothing",
        ):
            key.write_text(pem)
            done = run_haechi("receipt", "verify", path, "--key", key)
            assert done.returncode == 5, done.stderr
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

    def test_the_file_that_was_reported_belongs_to_the_receipt(
        self, run_haechi: Run, tmp_path: Path, server: Any, photo: Path
    ) -> None:
        """Hashed, reported and signed as it happens, and told again by the file alone."""
        import httpx

        hashed = lines(run_haechi("hash", photo, "--json"))[0]["signals"]
        # Not agreed to here: `rpdq`, which the receipt then knows nothing of.
        signals = [one for one in hashed if one["type"] != "rpdq"]
        assert len(signals) < len(hashed)
        body = {"items": [{"kind": "image", "signals": signals}]}
        given = httpx.post(f"{server.address}/v1/cases", json=body).json()
        receipt = tmp_path / "receipt.json"
        receipt.write_text(json.dumps(given["receipt"]))
        done = run_haechi("receipt", "verify", receipt, "--file", photo)
        assert done.returncode == 0, done.stderr
        assert "it is the very file that was reported" in done.stdout
        other = tmp_path / "other.jpg"
        # Seen as the same picture, and another file: less is shown, and that is said.
        other.write_bytes(photo.read_bytes() + b"\0")
        less = run_haechi("receipt", "verify", receipt, "--file", other)
        assert less.returncode == 0, less.stderr
        assert "by pdq" in less.stdout
        assert "not by sha256" in less.stdout


class TestDoctor:
    def test_a_fresh_installation_is_right(self, run_haechi: Run, tmp_path: Path) -> None:
        done = run_haechi("doctor", "--json", "--data-folder", tmp_path / "none")
        assert done.returncode == 0
        assert all(line["is_right"] for line in lines(done))
        assert not (tmp_path / "none").exists()

    def test_lost_keys_are_found_and_never_replaced(self, run_haechi: Run, tmp_path: Path) -> None:
        data = tmp_path / "data"
        run_haechi("partner", "add", "--name", "x", "--scope", "match", "--data-folder", data)
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
        assert 38 <= len(uploads) <= 42
        assert all((upload["match"] is not None) == upload["is_copy"] for upload in uploads)
        assert {"exact copy", "mirrored", "cropped", "captioned", "on a page", "unrelated"} <= {
            upload["what"] for upload in uploads
        }
        by_step = {step["step"]: step for step in steps}
        assert by_step["report"]["receipt_holds"] is True
        # Of each of two photos less than 2.4 KB for its regions and 80 bytes for all else.
        assert 2 * 80 < by_step["report"]["signal_bytes_sent"] < 5000
        assert by_step["notice"]["missing"] == []
        assert by_step["withdraw"]["withdrawn_is_found"] is False
        assert by_step["withdraw"]["other_is_found"] is True
        assert done.stderr == ""

    def test_leaves_a_configured_installation_alone(self, run_haechi: Run, tmp_path: Path) -> None:
        done = run_haechi(
            "demo",
            "--json",
            HAECHI_DATABASE_URL=f"sqlite:///{tmp_path}/real.sqlite3",
            HAECHI_KEY_FOLDER=str(tmp_path / "keys"),
            HAECHI_DATA_FOLDER=str(tmp_path / "data"),
            HAECHI_PUBLIC_URL="https://haechi.example",
        )
        assert done.returncode == 0, done.stderr
        assert list(tmp_path.iterdir()) == []

    @staticmethod
    @contextlib.contextmanager
    def _staying(**settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """A demo that has walked and stays, with the address of its site."""
        address = f"http://127.0.0.1:{free_port()}"
        with subprocess.Popen(
            [
                sys.executable,
                "-m",
                "haechi",
                "demo",
                "--stay",
                "--port",
                address.rpartition(":")[2],
            ],
            env=clean_environment(COLUMNS="200", **settings),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                assert process.stderr is not None
                for line in process.stderr:
                    if "The site stays open" in line:
                        break
                else:
                    pytest.fail(f"the demo ended with {process.wait()}")
                yield process, address
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)

    def test_stays_in_the_configured_installation_whatever_else_is_reported(
        self, run_haechi: Run, tmp_path: Path
    ) -> None:
        """The second time both photos are known from other cases, and it must not mind them."""
        import httpx

        from haechi.cli._demo_uploads import two_photos

        (tmp_path / "tmp").mkdir()
        settings = {
            "HAECHI_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere/real.sqlite3",
            "HAECHI_KEY_FOLDER": str(tmp_path / "keys"),
            "HAECHI_DATA_FOLDER": str(tmp_path / "data"),
            "TMPDIR": str(tmp_path / "tmp"),
        }
        hashed = lines(run_haechi("hash", *two_photos(), "--json"))
        items = [{"kind": "image", "signals": one["signals"]} for one in hashed]
        body = {"items": items, **ADULT}
        for _ in range(2):
            with self._staying(**settings) as (process, address):
                assert httpx.post(f"{address}/v1/cases", json=body).is_success
                process.send_signal(signal.SIGTERM)
                assert process.wait(30) == 128 + signal.SIGTERM
            with pytest.raises(httpx.ConnectError):
                httpx.get(address)
            assert list((tmp_path / "tmp").iterdir()) == []
        assert (tmp_path / "elsewhere" / "real.sqlite3").exists()
        assert not (tmp_path / "data" / "haechi.sqlite3").exists()
        # Two cases for each time: that of the demo and ours.
        assert len(lines(run_haechi("case", "list", "--json", **settings))) == 4
        partners = lines(run_haechi("partner", "list", "--json", **settings))
        assert [partner["revoked"] for partner in partners] == [True, True]

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

    @pytest.mark.parametrize(("port", "says"), [("99999", "99999"), ("0", "at least 1")])
    def test_a_port_that_is_none_is_one_sentence(
        self, run_haechi: Run, tmp_path: Path, port: str, says: str
    ) -> None:
        done = run_haechi("serve", "--port", port, "--data-folder", tmp_path / "d")
        assert done.returncode == 2
        assert says in done.stderr
        assert not (tmp_path / "d").exists()
