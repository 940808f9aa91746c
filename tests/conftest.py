# SPDX-License-Identifier: Apache-2.0
"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

_SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of conformance data and photographs beside the repository; never part of it."""
    if not _SHARED.is_dir():
        pytest.skip(f"no conformance data: {_SHARED} is not there, golden checks are NOT run")
    return _SHARED
