# SPDX-License-Identifier: Apache-2.0
"""How a server ends: by SIGKILL in the middle of many reports, and with requests that never end."""

from __future__ import annotations

import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from running_server import Server

REPORTS = 1000
CONNECTIONS = 1000
KILL_AFTER = 200


def _report(client: httpx.Client, value: str) -> str | None:
    """The case number that the server acknowledged; None when it did not answer any more."""
    body = {
        "items": [{"kind": "image", "signals": [{"type": "pdq", "value": value, "quality": 90}]}],
        "sightings": [{"place": "room"}],
    }
    try:
        answer = client.post("/v1/cases", json=body)
    except httpx.HTTPError:
        return None
    return answer.json()["case_number"] if answer.status_code == 201 else None


def _report_until_killed(server: Server) -> dict[str, str]:
    """Case number → value of every acknowledged report, out of a thousand under way."""
    acknowledged: dict[str, str] = {}
    lock = threading.Lock()

    def one(value: str) -> None:
        number = _report(client, value)
        with lock:
            if number is not None:
                acknowledged[number] = value
            if len(acknowledged) == KILL_AFTER:
                server.kill()

    limits = httpx.Limits(max_connections=CONNECTIONS)
    with (
        httpx.Client(base_url=server.address, limits=limits, timeout=60) as client,
        ThreadPoolExecutor(REPORTS) as pool,
    ):
        list(pool.map(one, [secrets.token_hex(32) for _ in range(REPORTS)]))
    return acknowledged


def test_no_acknowledged_report_is_lost_and_none_is_half_there(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    settings = {"HAECHI_REPORTS_PER_MIN": "100000"}
    first = start_server(tmp_path / "data", **settings)

    acknowledged = _report_until_killed(first)
    assert KILL_AFTER <= len(acknowledged) < REPORTS

    start_server(tmp_path / "data", **settings).stop()
    with sqlite3.connect(tmp_path / "data" / "haechi.sqlite3") as database:
        cases = dict(database.execute("SELECT number, id FROM case_file"))
        assert acknowledged.keys() <= cases.keys()
        whole = set(
            database.execute(
                """
                SELECT c.id FROM case_file c
                JOIN item i ON i.case_id = c.id
                JOIN sighting s ON s.case_id = c.id
                JOIN content b ON b.id = i.content_id
                JOIN content_signal g ON g.entry_id = b.entry_id
                JOIN feed_change f ON f.entry_id = b.entry_id
                JOIN data_key k ON k.id = c.key_id
                JOIN audit_event a ON a.subject_id = c.id
                """
            )
        )
        assert {case_id for (case_id,) in whole} == set(cases.values())
        for table in ("item", "sighting", "content", "content_signal", "feed_change", "data_key"):
            (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert count == len(cases), table
        steps = [seq for (seq,) in database.execute("SELECT seq FROM feed_change ORDER BY seq")]
        assert steps == list(range(1, len(cases) + 1))
    database.close()


@pytest.mark.parametrize(
    "half",
    [
        b"GET / HTTP/1.1\r\nHo",
        (
            b"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        ),
    ],
    ids=["header", "body"],
)
def test_a_half_sent_request_does_not_keep_the_server_from_stopping(
    start_server: Callable[..., Server], tmp_path: Path, half: bytes
) -> None:
    server = start_server(tmp_path / "data")
    host, _, port = server.address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(half)
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
