# SPDX-License-Identifier: Apache-2.0
"""The process that reads a video: what it may do, how long it lives, who waits for whom."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_videos import moving_pattern, video

import haechi
from haechi.errors import DamagedFile, DecodingStopped
from haechi.media import Decoder, VideoLimits, _frames

_LIMITS = VideoLimits(timeout_s=1.0)


@pytest.fixture(scope="module")
def film() -> bytes:
    """More than the pipe and the child's own buffer hold, when every frame is asked for."""
    return video(moving_pattern(150), g="10")


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    with Decoder(video_limits=_LIMITS) as decoder:
        yield decoder


def _is_gone(pid: int) -> bool:
    for _ in range(200):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "\nState:\tZ" in status.read_text():
            return True
        time.sleep(0.05)
    return False


def test_the_child_can_open_nothing(decoder: Decoder, film: bytes, tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(film)
    with decoder.frames(path, every_s=0.0) as frames:
        next(frames)
        process = Path(f"/proc/{frames.pid}")
        limits = process.joinpath("limits").read_text()
        for name, most in (("core file", "0"), ("file", "0"), ("open files", "1")):
            label = f"Max {name} size" if name != "open files" else "Max open files"
            line = next(line for line in limits.splitlines() if line.startswith(label))
            assert line.removeprefix(label).split()[:2] == [most, most]
        names = {
            entry.partition(b"=")[0]
            for entry in process.joinpath("environ").read_bytes().split(b"\0")
        }
        assert names <= {b"PYTHONPATH", b"OPENBLAS_NUM_THREADS", b""}
        targets = [str(fd.readlink()) for fd in process.joinpath("fd").iterdir()]
        assert sorted(target.partition(":")[0] for target in targets) == sorted([
            str(path), "/dev/null", "/dev/null", "pipe",
        ])  # fmt: skip
        maps = process.joinpath("maps").read_bytes()
        assert b"libavcodec" in maps
        assert b"numba" not in maps


def test_the_parent_loads_no_codec() -> None:
    script = "import sys, haechi.media, haechi.signals; print('av' in sys.modules)"
    environment = {"PYTHONPATH": str(Path(haechi.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout == "False\n"


def test_the_child_ends_with_the_iteration(decoder: Decoder, film: bytes) -> None:
    frames = decoder.frames(film)
    assert len(list(frames)) == 5
    assert _is_gone(frames.pid)
    assert list(frames) == []


def test_closing_early_ends_the_child(decoder: Decoder, film: bytes) -> None:
    frames = decoder.frames(film, every_s=0.0)
    next(frames)
    frames.close()
    frames.close()
    assert not Path(f"/proc/{frames.pid}").exists(), "a zombie is left"
    assert list(frames) == []


def test_forgotten_frames_leave_nothing_behind(decoder: Decoder, film: bytes) -> None:
    frames = decoder.frames(film, every_s=0.0)
    pid = frames.pid
    gc.disable()
    try:
        del frames
        assert _is_gone(pid)
    finally:
        gc.enable()
    with decoder.frames(film) as again:
        next(again)


def test_an_error_ends_the_child(decoder: Decoder, film: bytes) -> None:
    with pytest.raises(DamagedFile):
        decoder.frames(film[:2000])
    with decoder.frames(film) as frames:
        next(frames)


def test_a_child_that_takes_too_long_is_killed(decoder: Decoder, film: bytes) -> None:
    frames = decoder.frames(film, every_s=0.0)
    next(frames)
    os.kill(frames.pid, signal.SIGSTOP)
    started = time.monotonic()
    with pytest.raises(DecodingStopped):
        for _ in frames:
            pass
    assert 0.3 < time.monotonic() - started < 5
    assert _is_gone(frames.pid)


def test_a_child_that_waits_for_us_is_not(decoder: Decoder, film: bytes) -> None:
    frames = decoder.frames(film, every_s=0.0)
    for number, _ in enumerate(frames):
        if number == 3:
            time.sleep(1.5)
    assert number == 149


def test_a_killed_child(decoder: Decoder, film: bytes) -> None:
    frames = decoder.frames(film, every_s=0.0)
    next(frames)
    os.kill(frames.pid, signal.SIGKILL)
    with pytest.raises(DecodingStopped):
        list(frames)


def test_little_memory_is_an_answer(film: bytes) -> None:
    limits = VideoLimits(memory_bytes=200 * 1024 * 1024, timeout_s=10)
    with Decoder(video_limits=limits) as small, pytest.raises(DecodingStopped):
        list(small.frames(film))


def test_frames_hold_a_place(decoder: Decoder, film: bytes) -> None:
    first = decoder.frames(film, every_s=0.0)
    next(first)
    started, second = threading.Event(), []

    def ask() -> None:
        started.set()
        second.extend(decoder.frames(film))

    asker = threading.Thread(target=ask)
    asker.start()
    started.wait()
    time.sleep(0.5)
    assert second == []
    first.close()
    asker.join(20)
    assert len(second) == 5


def test_a_closed_decoder_reads_no_video(film: bytes) -> None:
    decoder = Decoder()
    decoder.close()
    with pytest.raises(RuntimeError, match="closed"):
        decoder.frames(film)


def test_a_child_that_cannot_start(
    decoder: Decoder, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_frames, "_CHILD", "haechi.media._nothing")
    with pytest.raises(DecodingStopped):
        decoder.frames(film)
    monkeypatch.undo()
    assert len(list(decoder.frames(film))) == 5


@pytest.mark.parametrize("asks", ["next(frames)", "next(frames); time.sleep(1)"])
def test_the_child_does_not_outlive_its_parent(film: bytes, tmp_path: Path, asks: str) -> None:
    path = tmp_path / "film"
    path.write_bytes(film)
    script = (
        "import sys, time; from pathlib import Path; from haechi.media import Decoder\n"
        f"frames = Decoder().frames(Path(sys.argv[1]), every_s=0.0); {asks}\n"
        "print(frames.pid, flush=True); time.sleep(60)"
    )
    environment = {"PYTHONPATH": str(Path(haechi.__file__).parents[1])}
    command = [sys.executable, "-c", script, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not _is_gone_now(pid)
        parent.kill()
    assert _is_gone(pid)


def _is_gone_now(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists()
