# SPDX-License-Identifier: Apache-2.0
"""The published videos: every frame against the reference's hashes, on the files as they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from haechi.media import Decoder
from haechi.signals import FrameList, vpdq

_VIDEOS = (
    "chair-20-sd-bar",
    "doorknob-hd-no-bar",
    "pattern-sd-grey-bar",
    "test-padded-dimensions",
)


def _expected(file: Path) -> FrameList:
    """The lines `frame,quality,hash,seconds` of the reference."""
    records = []
    for number, line in enumerate(file.read_text().splitlines()):
        frame, quality, digits, seconds = line.split(",")
        assert int(frame) == number
        records.append((bytes.fromhex(digits), int(quality), round(float(seconds) * 1000)))
    return FrameList.of(records)


@pytest.mark.parametrize("name", _VIDEOS)
def test_every_frame_is_as_the_reference_has_it(shared_dir: Path, name: str) -> None:
    folder = shared_dir / "conformance" / "vpdq"
    expected = _expected(folder / f"{name}.txt")
    with Decoder() as decoder:
        found = FrameList.from_signal(vpdq(decoder.frames(folder / f"{name}.mp4", every_s=0.0)))
    assert len(found) == len(expected)
    assert found.at_ms.tolist() == expected.at_ms.tolist()
    off = np.abs(found.quality.astype(int) - expected.quality)
    assert off.max() <= 1
    both = found.is_trusted & expected.is_trusted
    bits = np.bitwise_count(found.values[both] ^ expected.values[both]).sum(axis=1)
    # What the reference's own test asks for.
    assert bits.max() < 31
    # What ours comes to: a focus that is pulled leaves the doorknob nearly flat, where one grey
    # level turns several bits.
    assert bits.max() <= (16 if name == "doorknob-hd-no-bar" else 8)
    assert np.mean(bits <= 6) >= (0.7 if name == "doorknob-hd-no-bar" else 0.99)


@pytest.mark.parametrize("name", _VIDEOS)
def test_one_frame_a_second_is_every_thirtieth(shared_dir: Path, name: str) -> None:
    folder = shared_dir / "conformance" / "vpdq"
    with Decoder() as decoder:
        every = FrameList.from_signal(vpdq(decoder.frames(folder / f"{name}.mp4", every_s=0.0)))
        sampled = FrameList.from_signal(vpdq(decoder.frames(folder / f"{name}.mp4")))
    assert sampled.at_ms.tolist() == every.at_ms[::30].tolist()
    assert np.array_equal(sampled.values, every.values[::30])
    assert np.array_equal(sampled.quality, every.quality[::30])
