# SPDX-License-Identifier: Apache-2.0
"""Videos on the device: in a real Chromium, held frame by frame to the service's own vPDQ."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device_page import (
    FIGURES,
    Device,
    bits_apart,
    digests_of,
    encoded,
    expected_digests,
    stripes,
    workers_gone,
)
from made_videos import moving_pattern, sound, video

from haechi.media import Decoder
from haechi.signals import FrameList, vpdq
from haechi.values import PDQ_TRUSTED_QUALITY, Signal, SignalType

FARTHEST_BITS = 10
CONFORMANCE = (
    "chair-20-sd-bar",
    "doorknob-hd-no-bar",
    "pattern-sd-grey-bar",
    "test-padded-dimensions",
)

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])

WATCH = """() => {
    window.shown = [];
    new MutationObserver(changes => {
        for (const { addedNodes } of changes) {
            for (const node of addedNodes) window.shown.push(node.nodeName);
        }
    }).observe(document, { childList: true, subtree: true });
    window.addresses = { made: 0, gone: 0 };
    const { createObjectURL, revokeObjectURL } = URL;
    URL.createObjectURL = blob => {
        window.addresses.made++;
        return createObjectURL.call(URL, blob);
    };
    URL.revokeObjectURL = url => {
        window.addresses.gone++;
        revokeObjectURL.call(URL, url);
    };
}"""
"""Watches what is put into the page from now on, and which files are held open."""


def film(seconds: float = 3, *, fps: int | Fraction = 30, **options: Any) -> bytes:
    """A drawn pattern that moves, as long as that."""
    frames = moving_pattern(round(seconds * fps), width=320, height=240, step_px=2)
    return video(frames, fps=fps, **options)


def frames_of(answer: dict[str, Any]) -> FrameList:
    """The frames of the answer's one `vpdq`, which comes first."""
    signal = answer["signals"][0]
    assert signal.keys() == {"type", "value"}
    return FrameList.from_signal(Signal.parse("vpdq", signal["value"]))


def pythons_frames(source: bytes | Path) -> FrameList:
    """Those that the service itself takes of a video."""
    with Decoder() as decoder:
        return FrameList.from_signal(vpdq(decoder.frames(source)))


def distances(one: FrameList, other: FrameList) -> list[int]:
    return np.unpackbits(one.values ^ other.values, axis=1).sum(axis=1).tolist()


def assert_same_frames(device: Device, source: bytes | Path) -> None:
    """The same moments, and their values within the bits of the reference implementations."""
    [answer] = device.fingerprint(source)
    assert (answer["kind"], answer["error"]) == ("video", None)
    data = source if isinstance(source, bytes) else source.read_bytes()
    assert digests_of(answer) == expected_digests(data)
    found, known = frames_of(answer), pythons_frames(source)
    assert found.at_ms.tolist() == known.at_ms.tolist()
    bits = distances(found, known)
    FIGURES.info("%s: %d frames, %s bits", "distances", len(bits), bits)
    assert max(bits) <= FARTHEST_BITS
    assert np.abs(found.quality.astype(int) - known.quality.astype(int)).max() <= 5


# --- the same frames ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONFORMANCE)
def test_a_published_video_gives_the_published_frames(
    device: Device, shared_dir: Path, name: str
) -> None:
    path = shared_dir / f"conformance/vpdq/{name}.mp4"
    if not path.is_file():
        pytest.skip(f"{path} is missing: parity with the reference NOT TESTED")
    assert_same_frames(device, path)
    published = [line.split(",") for line in path.with_suffix(".txt").read_text().split()]
    by_time = {round(float(at_s) * 1000): value for _, _, value, at_s in published}
    found = frames_of(device.fingerprint(path)[0])
    found = found.trusted()
    bits = [
        bits_apart(value.tobytes().hex(), by_time[at_ms])
        for value, at_ms in zip(found.values, found.at_ms.tolist(), strict=True)
    ]
    FIGURES.info("%s: %s bits from the published values", name, bits)
    assert max(bits) <= FARTHEST_BITS
    assert np.median(bits) <= 6


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"fps": Fraction(30_000, 1001)},
        {"fps": 24},
        {"fps": 60, "container": "webm", "codec": "libvpx-vp9", "cpu-used": "8"},
        {"container": "webm", "codec": "libvpx", "cpu-used": "8"},
        {"container": "matroska"},
        {"container": "mov"},
        {"turn": 90},
        {"pixel_format": "yuvj420p"},
        {"pixel_format": "yuv444p"},
        {"container": "webm", "codec": "libvpx", "cpu-used": "8", "mux": {"live": "1"}},
    ],
    ids=lambda options: "-".join(map(str, options.values())) or "plain",
)
def test_the_frames_are_those_of_the_service(device: Device, options: dict[str, Any]) -> None:
    """Whatever the container, codec, rate or turn; the last one does not tell how long it is."""
    assert_same_frames(device, film(**options))


def test_av1_gives_the_same_frames(device: Device) -> None:
    assert_same_frames(device, film(codec="libsvtav1", preset="12"))


def test_a_large_frame_gives_the_same_value(device: Device) -> None:
    frames = moving_pattern(18, width=1280, height=1024)
    assert_same_frames(device, video(frames, fps=6, preset="ultrafast"))


def test_at_an_uneven_rate_no_stretch_is_left_unseen(device: Device) -> None:
    times_ms = [0]
    for number in range(1, 150):
        times_ms.append(times_ms[-1] + (30, 33, 34, 50, 41)[number % 5])
    found = frames_of(
        device.fingerprint(video(moving_pattern(150, width=320, height=240), at_ms=times_ms))[0]
    )
    spacings = np.diff(found.at_ms.astype(int))
    assert found.at_ms[0] == 0
    assert set(found.at_ms.tolist()) <= set(times_ms)
    assert spacings.min() >= 400
    assert spacings.max() <= 1100
    assert times_ms[-1] - found.at_ms[-1] <= 1100


def test_a_picture_that_stands_still_is_taken_once(device: Device) -> None:
    times_ms = [*range(0, 1200, 40), *range(6000, 7200, 40)]
    made = video(moving_pattern(60, width=320, height=240), at_ms=times_ms)
    found = frames_of(device.fingerprint(made)[0])
    assert set(found.at_ms.tolist()) <= set(times_ms)
    assert len(found) == 4


def test_black_frames_are_kept_with_their_quality(device: Device) -> None:
    black = [np.zeros((120, 160, 3), np.uint8)] * 60
    found = frames_of(device.fingerprint(video(black))[0])
    assert len(found) == 2
    assert found.quality.max() < PDQ_TRUSTED_QUALITY


def test_a_browser_without_video_frames_answers_alike(device: Device) -> None:
    device.page.evaluate("() => { delete window.VideoFrame; }")
    made = film()
    [answer] = device.fingerprint(made)
    bits = distances(frames_of(answer), pythons_frames(made))
    FIGURES.info("by way of bitmaps: %s bits", bits)
    assert max(bits) <= FARTHEST_BITS


# --- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["codec", "sound"])
def test_what_this_browser_cannot_play_keeps_its_digests(device: Device, kind: str) -> None:
    made = sound() if kind == "sound" else film(1, container="avi", codec="mpeg4")
    [answer] = device.fingerprint(made)
    assert (answer["kind"], answer["error"]) == ("video", "unsupported_format")
    assert {s["type"]: s["value"] for s in answer["signals"]} == expected_digests(made)


def test_a_cut_off_video_is_read_as_far_as_it_goes(device: Device) -> None:
    whole = film(5, mux={"movflags": "faststart"}, g="30")
    [answer] = device.fingerprint(whole[: len(whole) // 2])
    assert (answer["kind"], answer["error"]) == ("video", "damaged_file")
    found, known = frames_of(answer), pythons_frames(whole)
    assert 1 <= len(found) < len(known)
    assert found.values[0].tolist() == known.values[0].tolist()


def test_a_browser_that_hides_pixels_is_noticed(device: Device) -> None:
    device.choose(encoded(stripes(), "PNG"))
    code = device.page.evaluate(
        """async () => {
            const original = OffscreenCanvasRenderingContext2D.prototype.getImageData;
            OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...area) {
                const image = original.apply(this, area);
                image.data.fill(255);
                return image;
            };
            const { hashFrame } = await import("/static/js/frames.js");
            const bitmap = await createImageBitmap(document.querySelector("#files").files[0]);
            return hashFrame(bitmap).catch(error => error.code);
        }"""
    )
    assert code == "blocked_by_browser"


def test_a_broken_video_does_not_stop_the_others(device: Device) -> None:
    good = film()
    answers = device.fingerprint(good, good[:3000], encoded(stripes(), "PNG"), good)
    errors = [answer["error"] for answer in answers]
    assert errors == [None, "unsupported_format", None, None]
    assert answers[0] == answers[3]
    assert len(device.workers) == 1


# --- unseen, stopped, kept small ------------------------------------------------------------------


def test_nothing_of_a_video_is_ever_shown_or_kept(device: Device) -> None:
    device.page.evaluate(WATCH)
    device.fingerprint(film(), film(container="avi", codec="mpeg4"), encoded(stripes(), "PNG"))
    assert device.page.evaluate("window.shown") == []
    assert device.page.evaluate("window.addresses") == {"made": 2, "gone": 2}
    assert workers_gone(device)


def test_one_frame_is_at_work_at_a_time(device: Device) -> None:
    device.page.evaluate(
        """() => {
            const { postMessage } = Worker.prototype;
            const waiting = new Set();
            window.mostAtOnce = 0;
            Worker.prototype.postMessage = function (question, transfer) {
                if (question.frame) {
                    waiting.add(question.id);
                    window.mostAtOnce = Math.max(window.mostAtOnce, waiting.size);
                    this.addEventListener("message", ({ data }) => waiting.delete(data.id));
                }
                return postMessage.call(this, question, transfer);
            };
        }"""
    )
    device.fingerprint(film(5))
    assert device.page.evaluate("window.mostAtOnce") == 1


def test_stopping_ends_the_player_and_the_worker(device: Device) -> None:
    device.page.evaluate(WATCH)
    picture = encoded(stripes(), "PNG")
    answers = device.run([picture, film(20), picture], stopAt=0.6)["answers"]
    assert [answer["error"] for answer in answers] == [None, "cancelled", "cancelled"]
    assert [answer["signals"] for answer in answers[1:]] == [[], []]
    assert device.page.evaluate("window.addresses") == {"made": 1, "gone": 1}
    assert workers_gone(device)


def test_progress_of_a_video_rises_with_its_frames(device: Device) -> None:
    steps = device.run([film(10)])["progress"]
    parts = [step["fraction"] for step in steps]
    assert parts == sorted(parts)
    assert len(parts) >= 10
    assert parts[-1] == 1


def test_the_record_is_the_one_of_the_service(device: Device) -> None:
    """The digits of a whole value, parsed and written again by the service."""
    [answer] = device.fingerprint(film(4))
    value = answer["signals"][0]["value"]
    assert FrameList.from_signal(Signal.parse("vpdq", value)).to_signal().hex == value
    assert [signal["type"] for signal in answer["signals"]] == ["vpdq", "md5", "sha256"]
    assert SignalType.VPDQ == "vpdq"
