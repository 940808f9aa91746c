# SPDX-License-Identifier: Apache-2.0
"""The database is away: whoever asks is told to try again, page or program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from installations import context_on, image, pdq_value, report
from litestar.testing import TestClient
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from haechi.asgi import create_app
from haechi.settings import SESSION_COOKIE
from haechi.storage import Database


@contextmanager
def _away(_: Database) -> Iterator[None]:
    raise OperationalError("select 1", {}, Exception("no such host: db.secret"))
    yield


def test_a_page_and_a_program_are_told_to_try_again(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with context_on(sqlite_url, tmp_path) as ctx:
        opened = report(ctx, image(pdq_value(1)))
        with TestClient(create_app(ctx)) as client:
            client.cookies.set(SESSION_COOKIE, opened.session_token)
            with monkeypatch.context() as gone, capture_logs() as logs:
                gone.setattr(Database, "read", _away)
                gone.setattr(Database, "write", _away)
                page = client.get("/case")
                program = client.get("/v1/case")
            assert client.get("/case").status_code == 200
    assert (page.status_code, program.status_code) == (503, 503)
    assert "try again" in page.text
    assert program.json()["error"]["code"] == "unavailable"
    assert "secret" not in page.text + program.text + str(logs)
