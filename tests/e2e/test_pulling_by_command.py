# SPDX-License-Identifier: Apache-2.0
"""`haechi exchange`, as somebody types it, against servers on this machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from installations import pdq_value
from stopncii_server import KEYS, StopNciiServer, hash_record

Run = Callable[..., subprocess.CompletedProcess[str]]
A, B = (pdq_value(seed).hex for seed in range(2))


def test_a_source_from_the_first_pull_to_the_last(run_haechi: Run, tmp_path: Path) -> None:
    settings = {"HAECHI_DATA_FOLDER": str(tmp_path / "data"), "HAECHI_REACH_PRIVATE": "1"}
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(KEYS))
    server = StopNciiServer([hash_record(A, 20), hash_record(B.upper(), 21)])
    printed = ""
    with server.running() as address:
        added = run_haechi(
            "exchange", "add", "--name", "stop", "--protocol", "stopncii", "--address", address,
            "--credentials", keys, "--send-opinions", **settings,
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
        assert "told to no partner" in added.stderr
        pulled = run_haechi("exchange", "pull", "--json", **settings)
        assert json.loads(pulled.stdout) == {
            "name": "stop", "new": 2, "gone": 0, "set_aside": 0, "held_back": False
        }  # fmt: skip
        server.records = [hash_record(A, 30, hashStatus="Deleted")]
        again = run_haechi("exchange", "pull", "--name", "stop", **settings)
        assert again.stdout == "stop  0 new, 1 gone\n"
    status = run_haechi("exchange", "status", **settings)
    assert "stop  stopncii  on  1 records" in status.stdout
    assert "read to its end: 2" in status.stdout
    removed = run_haechi("exchange", "remove", "--name", "stop", **settings)
    assert "1 contents were withdrawn" in removed.stderr
    for done in (added, pulled, again, status, removed):
        printed += done.stdout + done.stderr
    for secret in (*KEYS.values(), A, B, address):
        assert secret not in printed
