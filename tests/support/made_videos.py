# SPDX-License-Identifier: Apache-2.0
"""Small harmless videos: a drawn pattern that moves, in any container and codec."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]


def moving_pattern(
    count: int, *, width: int = 160, height: int = 120, seed: int = 1, step_px: float = 1.0
) -> list[Pixels]:
    """Frames of a window that moves over soft blobs; RGB (height, width, 3)."""
    random = np.random.default_rng(seed)
    wide = width + int(count * step_px) + 2
    ground = np.zeros((height, wide, 3))
    y, x = np.mgrid[0:height, 0:wide]
    for _ in range(2 * wide // 20):
        at_y, at_x, size = random.uniform(0, height), random.uniform(0, wide), random.uniform(6, 24)
        blob = np.exp(-((y - at_y) ** 2 + (x - at_x) ** 2) / (2 * size**2))
        ground += blob[:, :, None] * random.uniform(-160, 160, 3)
    pixels = np.clip(128 + ground, 0, 255).astype(np.uint8)
    lefts = [int(number * step_px) for number in range(count)]
    return [np.ascontiguousarray(pixels[:, left : left + width]) for left in lefts]


def video(
    frames: Iterable[Pixels],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    fps: int | Fraction = 30,
    turn: int | None = None,
    at_ms: Sequence[int] | None = None,
    mux: dict[str, str] | None = None,
    **options: str,
) -> bytes:
    """A video file; `at_ms` gives each frame its own time, `turn` a display matrix in degrees."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        with av.open(str(path), "w", format=container, options=mux or {}) as file:
            stream: Any = None
            for number, pixels in enumerate(frames):
                if stream is None:
                    stream = file.add_stream(codec, rate=fps, options=options)
                    stream.height, stream.width = pixels.shape[:2]
                    stream.pix_fmt = pixel_format
                    if turn is not None:
                        stream.set_display_rotation(turn)
                    if at_ms is not None:
                        stream.codec_context.time_base = Fraction(1, 1000)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                if at_ms is not None:
                    frame.pts, frame.time_base = at_ms[number], Fraction(1, 1000)
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path.read_bytes()


def sound() -> bytes:
    """An MP4 file with sound and no picture."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sound"
        with av.open(str(path), "w", format="mp4") as file:
            stream = file.add_stream("aac", rate=44100)
            silence = np.zeros((1, 44100), np.float32)
            frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
            frame.sample_rate = 44100
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        return path.read_bytes()


def remuxed(
    data: bytes, change: Callable[[int, Packet[Any]], Packet[Any] | None], container: str = "mp4"
) -> bytes:
    """The same packets in a new file, each changed, or left out when `change` gives None."""
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder) / "old", Path(folder) / "new"
        old.write_bytes(data)
        with av.open(str(old)) as source, av.open(str(new), "w", format=container) as file:
            stream = file.add_stream_from_template(source.streams.video[0])
            for number, packet in enumerate(source.demux(source.streams.video[0])):
                changed = change(number, packet) if packet.size else None
                if changed is not None:
                    changed.stream = stream
                    file.mux(changed)
        return new.read_bytes()


def every_frame(data: bytes) -> list[Pixels]:
    """The brightness of all frames, decoded plainly and by way of RGB, as the reference does."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        path.write_bytes(data)
        with av.open(str(path)) as file:
            colours = [
                frame.to_ndarray(format="rgb24").astype(np.float64)
                for frame in file.decode(file.streams.video[0])
            ]
    weights = np.array([0.299, 0.587, 0.114])
    return [np.rint(colour @ weights).astype(np.uint8) for colour in colours]
