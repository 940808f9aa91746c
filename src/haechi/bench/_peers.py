# SPDX-License-Identifier: Apache-2.0
"""The peers: other people's programs, in an environment of their own, asked in the same run.

A peer is a script in `peers/` that knows nothing of haechi. It is given a JSON value on standard
input, or arrays in a folder, and prints one JSON value.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from haechi.errors import OutsideServiceFailed

__all__ = ["ask_peer", "checkout", "peer_python"]

_SCRIPTS: Final = Path(__file__).parent / "peers"
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def checkout() -> Path:
    """The checkout: peers are measured from one, as their lock file stands there.

    Raises:
        OutsideServiceFailed: haechi was installed without its checkout.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "requirements" / "peers.lock").is_file():
        raise OutsideServiceFailed(
            service="The peers' environment", reason="it is only set up from a checkout of Haechi"
        )
    return root


def peer_python() -> str:
    """The peers' own Python, set up at the first use from the locked list.

    Raises:
        OutsideServiceFailed: it cannot be set up here.
    """
    root = checkout()
    lock = root / "requirements" / "peers.lock"
    folder = root / "build" / "peers"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if ready.is_file() and ready.read_bytes() == lock.read_bytes():
        return str(python)
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)  # noqa: S603
        subprocess.run(  # noqa: S603
            [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)],
            check=True,
            capture_output=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise OutsideServiceFailed(
            service="The peers' environment", reason="its packages could not be installed"
        ) from error
    ready.write_bytes(lock.read_bytes())
    return str(python)


def ask_peer(script: str, question: Any, *, threads: int = 1) -> Any:
    """What the peer `peers/SCRIPT.py` answers to `question`, both as JSON values.

    Runs on one thread unless told otherwise.

    Raises:
        OutsideServiceFailed: the peer ended with an error, or its answer is no JSON.
    """
    counts = {name: str(threads) for name in _ONE_THREAD}
    done = subprocess.run(  # noqa: S603
        [peer_python(), str(_SCRIPTS / f"{script}.py")],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | counts,
    )
    failed = OutsideServiceFailed(service=f"The peer {script}", reason="it ended with an error")
    if done.returncode:
        raise failed
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise failed from error
