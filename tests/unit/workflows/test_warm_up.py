# SPDX-License-Identifier: Apache-2.0
"""Before the first question everything that answers it has been walked through once."""

from __future__ import annotations

import pytest

from haechi.media import Decoder
from haechi.workflows import _warm_up


def test_the_drawn_picture_finds_itself_down_to_the_last_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the first upload that is found would wait for what is compiled then."""
    parts = []
    real = _warm_up.pdq_of_part
    monkeypatch.setattr(
        _warm_up, "pdq_of_part", lambda *asked, **how: parts.append(real(*asked, **how))
    )
    with Decoder() as decoder:
        _warm_up.warm_up(decoder)
    assert [part is not None for part in parts] == [True]
