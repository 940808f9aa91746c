# SPDX-License-Identifier: Apache-2.0
"""An open installation for the verbs; its live index moves when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from installations import context_on

from haechi.workflows import Context

_CENTRE = {"centre_name": "Haechi Centre", "centre_contact": "case@centre.example"}


@pytest.fixture
def ctx(sqlite_url: str, tmp_path: Path) -> Iterator[Context]:
    """On SQLite."""
    with context_on(sqlite_url, tmp_path, **_CENTRE) as opened:
        yield opened


@pytest.fixture
def each_ctx(store_url: str, tmp_path: Path) -> Iterator[Context]:
    """On each engine."""
    with context_on(store_url, tmp_path, **_CENTRE) as opened:
        yield opened
