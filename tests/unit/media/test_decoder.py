# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import haechi
from haechi.errors import DamagedFile, DecodingStopped, FileTooLarge, TooManyPixels
from haechi.media import Decoder, Limits, Picture, _worker, open_picture


def _png(width: int = 64, height: int = 48, mode: str = "RGBA") -> bytes:
    noise = np.random.default_rng(width).integers(0, 256, (height, width, len(mode)), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise, mode).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _equal(one: Picture, other: Picture) -> bool:
    same_planes = all(map(np.array_equal, one.planes, other.planes))
    facts = ("source_width", "source_height", "format", "reduction", "exif_turn")
    same_facts = all(getattr(one, fact) == getattr(other, fact) for fact in facts)
    return same_planes and same_facts and len(one.planes) == len(other.planes)


def _pid(decoder: Decoder) -> int:
    return decoder._idle[-1].pid


def _is_gone(pid: int) -> bool:
    for _ in range(200):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "\nState:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(Limits(max_bytes=3_000_000, max_pixels=1_000_000)) as decoder:
        yield decoder


def test_the_child_gives_what_this_process_gives(decoder: Decoder) -> None:
    for data in (_png(), _png(700, 900), _png(mode="RGB")):
        assert _equal(decoder.picture(data), open_picture(data))


def test_errors_are_told_and_the_child_stays(decoder: Decoder) -> None:
    decoder.picture(_png())
    before = _pid(decoder)
    with pytest.raises(DamagedFile):
        decoder.picture(_png()[:200])
    with pytest.raises(TooManyPixels, match="at most 1 megapixels"):
        decoder.picture(_png(1001, 1000, "RGB")[:5000])
    with pytest.raises(FileTooLarge):
        decoder.picture(bytes(3_000_001))
    decoder.picture(_png())
    assert _pid(decoder) == before


def test_a_killed_child_is_replaced(decoder: Decoder) -> None:
    decoder.picture(_png())
    os.kill(_pid(decoder), signal.SIGKILL)
    with pytest.raises(DecodingStopped):
        decoder.picture(_png())
    assert _equal(decoder.picture(_png()), open_picture(_png()))


def test_a_child_killed_midway(decoder: Decoder) -> None:
    decoder.picture(_png())
    pid = _pid(decoder)
    # Stopped first, so that the request is surely under way when the child dies.
    os.kill(pid, signal.SIGSTOP)
    threading.Timer(0.2, os.kill, (pid, signal.SIGKILL)).start()
    with pytest.raises(DecodingStopped):
        decoder.picture(_png(700, 900, "RGB"))
    decoder.picture(_png())


def test_a_child_that_takes_too_long_is_killed() -> None:
    with Decoder(Limits(timeout_s=0.5)) as decoder:
        decoder.picture(_png())
        pid = _pid(decoder)
        os.kill(pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(DecodingStopped):
            decoder.picture(_png(900, 900, "RGB"))
        assert 0.4 < time.monotonic() - started < 5
        assert _is_gone(pid)
        decoder.picture(_png())


def test_memory_is_capped() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (9000, 9000)).save(buffer, "PNG", compress_level=1)
    with Decoder(Limits(memory_bytes=400 * 1024 * 1024)) as decoder:
        decoder.picture(_png())
        with pytest.raises(DecodingStopped):
            decoder.picture(buffer.getvalue())
        decoder.picture(_png())


def test_the_child_is_confined(decoder: Decoder) -> None:
    decoder.picture(_png())
    process = Path(f"/proc/{_pid(decoder)}")
    limits = process.joinpath("limits").read_text()
    for name in ("Max core file size", "Max file size"):
        line = next(line for line in limits.splitlines() if line.startswith(name))
        assert line.removeprefix(name).split()[:2] == ["0", "0"]
    names = {
        entry.partition(b"=")[0] for entry in process.joinpath("environ").read_bytes().split(b"\0")
    }
    assert names <= {b"PYTHONPATH", b"OPENBLAS_NUM_THREADS", b""}
    assert b"numba" not in process.joinpath("maps").read_bytes()
    os.kill(_pid(decoder), signal.SIGINT)
    decoder.picture(_png())


def test_many_threads_share_few_children() -> None:
    files = [_png(20 + n, 30) for n in range(24)]
    with Decoder(processes=2) as decoder, ThreadPoolExecutor(8) as pool:
        pictures = list(pool.map(decoder.picture, files))
        assert len(decoder._idle) <= 2
    assert [picture.source_width for picture in pictures] == [20 + n for n in range(24)]


def test_closing_ends_the_children() -> None:
    decoder = Decoder()
    decoder.picture(_png())
    pid = _pid(decoder)
    decoder.close()
    decoder.close()
    assert _is_gone(pid)
    assert not Path(f"/proc/{pid}").exists(), "a zombie is left"
    with pytest.raises(RuntimeError, match="closed"):
        decoder.picture(_png())


def test_a_forgotten_decoder_leaves_nothing_behind() -> None:
    decoder = Decoder()
    decoder.picture(_png())
    pid = _pid(decoder)
    del decoder
    assert _is_gone(pid)


def test_the_child_does_not_outlive_its_parent() -> None:
    script = (
        "import sys, time; from haechi.media import Decoder\n"
        "decoder = Decoder(); decoder.picture(bytes.fromhex(sys.argv[1]))\n"
        "print(decoder._idle[0].pid, flush=True); time.sleep(60)"
    )
    environment = {"PYTHONPATH": str(Path(haechi.__file__).parents[1])}
    command = [sys.executable, "-c", script, _png(8, 8).hex()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
    assert _is_gone(pid)


def test_a_child_that_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "arguments", lambda _: ["nonsense"])
    with Decoder() as decoder, pytest.raises(DecodingStopped):
        decoder.picture(_png())


def test_at_least_one_process() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Decoder(processes=0)
