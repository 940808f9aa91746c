# SPDX-License-Identifier: Apache-2.0
"""An installation on each engine, and the moment that the rooms believe in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installations import context_on
from staff_accounts import Clock

from haechi.audit import _log
from haechi.staff import _invitations, _sessions, _totp, _users
from haechi.workflows import Context, _staff_account, _staff_entry


@pytest.fixture
def ctx(store_url: str, tmp_path: Path) -> Iterator[Context]:
    """On each engine."""
    with context_on(store_url, tmp_path, public_url="http://localhost:8000") as opened:
        yield opened


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (
        _sessions, _invitations, _totp, _users, _staff_entry, _staff_account, _log,
    ):  # fmt: skip
        monkeypatch.setattr(module, "utc_now", made)
    return made
