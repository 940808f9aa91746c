# SPDX-License-Identifier: Apache-2.0
"""Drawn pictures reported to a running server, and partners that ask it: what every gate's test needs."""

from __future__ import annotations

import io
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from PIL import Image
from running_server import Server

from haechi.settings import load_settings
from haechi.values import Actor, ActorKind
from haechi.workflows import admit_partner, hash_files, open_context

_KNOWN_WITHIN_S = 20.0


def drawn_picture(seed: int, suffix: str = "JPEG", size: tuple[int, int] = (480, 360)) -> bytes:
    """A drawn picture that no other seed's is like."""
    # Off centre: the whole set is its own mirror image. Each seed looks at another corner of it.
    left, top = -1.5 + 0.37 * (seed % 4), -0.3 + 0.29 * (seed // 4)
    drawn = Image.effect_mandelbrot(size, (left, top, left + 0.5, top + 0.4), 90)
    written = io.BytesIO()
    drawn.convert("RGB").save(written, suffix)
    return written.getvalue()


@contextmanager
def partner(server: Server, *scopes: str) -> Iterator[str]:
    """A partner of a running server, by its token."""
    settings = load_settings({}, data_folder=server.data_folder)
    operator = Actor(ActorKind.OPERATOR, "test")
    with open_context(settings, follows=False) as ctx:
        name = f"partner {secrets.token_hex(4)}"
        yield admit_partner(ctx, operator, name=name, scopes=scopes)[1]


def report_picture(server: Server, token: str, picture: bytes) -> httpx.Client:
    """Report a file as its device would, and wait until the server knows it; the client is in the case."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(picture)
        (hashed,) = hash_files([path])
    signals = [
        {"type": each.type.value, "value": each.hex}
        | ({} if each.quality is None else {"quality": each.quality})
        for each in hashed.signals
    ]
    assert hashed.kind is not None
    body = {
        "items": [{"kind": hashed.kind.value, "signals": signals}],
        "under_18_when_taken": False,
        "under_19_kr": False,
    }
    client = httpx.Client(base_url=server.address)
    client.post("/v1/cases", json=body).raise_for_status()
    wait_until(lambda: bool(_matches(server, token, picture)))
    return client


def _matches(server: Server, token: str, picture: bytes) -> list[object]:
    answer = httpx.post(
        f"{server.address}/v1/match",
        content=picture,
        headers={"authorization": f"Bearer {token}"},
        timeout=30,
    )
    return list(answer.raise_for_status().json()["matches"])


def wait_until(is_so: object) -> None:
    """Until something is so; a failure after a long while."""
    deadline = time.monotonic() + _KNOWN_WITHIN_S
    while time.monotonic() < deadline:
        if is_so():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")
