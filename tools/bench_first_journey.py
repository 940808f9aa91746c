# SPDX-License-Identifier: Apache-2.0
"""The figures of docs/benchmarks.md: `make bench`, or `python tools/bench_first_journey.py --json`.

Hashing stands beside Pillow + pdqhash (what HMA does), measured in the same run in an environment of its
own; time to protect and to withdraw is measured over HTTP against a real server. The photos are those of
`../shared/photos` where they are, otherwise those that installed packages bring.
"""

from __future__ import annotations

import json
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / "build" / "peers"
ROUNDS = 5
REPORTS = 200
INDEX_SIZE = 1_000_000
GOAL_MS = 1000.0

Figure = dict[str, Any]


def figure(name: str, value: float, unit: str, **rest: Any) -> Figure:
    """One figure, in the shape that every bench of ours prints."""
    empty = {"peer": None, "peer_value": None, "ratio": None, "goal": None, "holds": None}
    return {"name": name, "value": round(value, 3), "unit": unit} | empty | rest


def photos() -> list[Path]:
    """JPEG photographs, the largest first."""
    shared = ROOT.parent / "shared" / "photos"
    found = [*shared.rglob("*.jpg")] if shared.is_dir() else []
    if not found:
        import matplotlib as mpl
        import skimage

        found = [
            *(Path(skimage.__file__).parent / "data").glob("*.jpg"),
            *(Path(mpl.get_data_path()) / "sample_data").glob("*.jpg"),
        ]
    return sorted(found, key=lambda path: -path.stat().st_size)


def peer_python() -> str:
    """The peers' own Python, set up at the first use."""
    python = PEERS / "bin" / "python"
    if not (PEERS / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
        lock = ROOT / "requirements" / "peers.lock"
        install = [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)]
        subprocess.run(install, check=True)
        (PEERS / "ready").touch()
    return str(python)


def fastest_ms(work: Callable[[], object]) -> float:
    """The time of the fastest of a few rounds, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begun_s = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun_s)
    return min(times) * 1000


def bench_hash() -> list[Figure]:
    """Bytes of a photo → PDQ, in one process on one thread, beside Pillow + pdqhash."""
    from haechi.media import open_picture
    from haechi.signals import pdq

    paths = photos()
    command = [
        peer_python(),
        str(ROOT / "src" / "haechi" / "bench" / "peers" / "hash_with_pdqhash.py"),
        str(ROUNDS),
    ]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    answers = subprocess.run(
        [*command, *map(str, paths)], check=True, capture_output=True, text=True, env=one_thread
    ).stdout.splitlines()
    ours_ms, theirs_ms, distances = [], [], []
    for path, line in zip(paths, answers, strict=True):
        peer = json.loads(line)
        data = path.read_bytes()
        pdq(open_picture(data))
        ours_ms.append(fastest_ms(lambda data=data: pdq(open_picture(data))))  # type: ignore[misc]
        theirs_ms.append(peer["ms"])
        if peer["quality"] >= 80:
            mine = int(pdq(open_picture(data)).hex, 16)
            distances.append((mine ^ int(peer["value"], 16)).bit_count())
    ours, theirs = np.array(ours_ms), np.array(theirs_ms)
    peer_name = "Pillow 13.0.0 + pdqhash 0.2.8"
    return [
        figure(
            f"hash, median of {len(paths)} photos",
            float(np.median(ours)),
            "ms",
            peer=peer_name,
            peer_value=round(float(np.median(theirs)), 3),
            ratio=round(float(np.median(theirs / ours)), 2),
        ),
        figure(
            "hash, largest photo",
            ours[0],
            "ms",
            peer=peer_name,
            peer_value=round(float(theirs[0]), 3),
            ratio=round(float(theirs[0] / ours[0]), 2),
        ),
        figure(
            f"largest distance to the peer, {len(distances)} photos of quality 80 and more",
            max(distances),
            "bits",
            goal=10,
            holds=max(distances) <= 10,
        ),
    ]


def bench_index() -> list[Figure]:
    """One query against a million values, on one thread. The faster structures come with their issue."""
    from haechi.match import Index
    from haechi.values import Signal, SignalType

    index = Index()
    values = secrets.token_bytes(32 * INDEX_SIZE)
    index.add(
        (number, [Signal(SignalType.PDQ, values[32 * number : 32 * number + 32], 100)])
        for number in range(INDEX_SIZE)
    )
    asked = [Signal(SignalType.PDQ, secrets.token_bytes(32), 100)]
    index.search(asked)
    return [
        figure("search of 1 M values at radius 31", fastest_ms(lambda: index.search(asked)), "ms")
    ]


def bench_live() -> list[Figure]:
    """Report stored → answered by the index, and withdrawal stored → silent, over HTTP."""
    from haechi.cli._demo_server import DemoServer
    from haechi.settings import load_settings
    from haechi.values import Actor, ActorKind
    from haechi.workflows import admit_partner, open_context

    os.environ["HAECHI_REPORTS_PER_MIN"] = "1000000"
    protected, silent = [], []
    with tempfile.TemporaryDirectory() as folder:
        data_folder = Path(folder) / "data"
        with DemoServer(data_folder, port=None) as server:
            settings = load_settings(data_folder=data_folder)
            with open_context(settings, follows=False) as context:
                operator = Actor(ActorKind.OPERATOR, "bench")
                _, token = admit_partner(context, operator, name="bench", scopes=["match"])
            headers = {"authorization": f"Bearer {token}"}
            platform_side = httpx.Client(base_url=server.address, headers=headers)
            for _ in range(REPORTS):
                signal = {"type": "pdq", "value": secrets.token_hex(32), "quality": 100}
                with httpx.Client(base_url=server.address) as person:
                    item = {"kind": "image", "signals": [signal]}
                    opened = person.post("/v1/cases", json={"items": [item]}).json()
                    protected.append(until(platform_side, signal, is_found=True))
                    person.post(f"/v1/case/items/{opened['items'][0]['id']}/withdraw")
                    silent.append(until(platform_side, signal, is_found=False))
            platform_side.close()
    figures = []
    for name, times in (("report to protected", protected), ("withdrawal to silent", silent)):
        for percent in (50, 99):
            value = float(np.percentile(times, percent))
            figures.append(
                figure(
                    f"{name}, p{percent} of {REPORTS}",
                    value,
                    "ms",
                    goal=GOAL_MS,
                    holds=value < GOAL_MS,
                )
            )
    return figures


def until(client: httpx.Client, signal: dict[str, Any], *, is_found: bool) -> float:
    """Milliseconds until the service answers so, from the moment its own answer came back."""
    begun_s = time.perf_counter()
    while bool(client.post("/v1/match", json={"signals": [signal]}).json()["matches"]) != is_found:
        pass
    return (time.perf_counter() - begun_s) * 1000


def main() -> None:
    """Run all three and print them."""
    figures = [*bench_hash(), *bench_index(), *bench_live()]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    if "--json" in sys.argv:
        print(json.dumps({"bench": "first journey", "machine": machine, "figures": figures}))
        return
    print(machine)
    for one in figures:
        beside = f"  {one['peer']}: {one['peer_value']} ({one['ratio']} x)" if one["peer"] else ""
        goal = (
            f"  goal {one['goal']}: {'holds' if one['holds'] else 'MISSED'}" if one["goal"] else ""
        )
        print(f"{one['name']:60} {one['value']:10} {one['unit']}{beside}{goal}")


if __name__ == "__main__":
    main()
