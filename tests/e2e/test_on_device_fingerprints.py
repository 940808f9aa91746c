# SPDX-License-Identifier: Apache-2.0
"""The on-device fingerprint code, in a real Chromium, held to the published PDQ and to hashlib."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from device_page import (
    FIGURES,
    MODULES,
    Device,
    bits_apart,
    digests_of,
    encoded,
    expected_digests,
    pdq_of,
    stripes,
    workers_gone,
)
from PIL import Image

from haechi.media import open_picture
from haechi.signals import pdq

FARTHEST_BITS = 10
"""How far the reference implementations may be apart at quality 80 and more (pdq/README.md)."""

pytestmark = pytest.mark.allow_hosts(["127.0.0.1"])


def pixel_pdq(device: Device, picture: Image.Image) -> dict[str, Any]:
    """The PDQ that the JavaScript makes of Pillow's pixels."""
    device.choose(picture.tobytes())
    return device.page.evaluate(
        """async ([width, height]) => {
            const { pdqFromRgba } = await import("/static/js/pdq.js");
            const [file] = document.querySelector("#files").files;
            return pdqFromRgba(new Uint8Array(await file.arrayBuffer()), width, height);
        }""",
        list(picture.size),
    )


def noisy_frame() -> bytes:
    """The bytes of a film for the digests' sake; only its first box is real."""
    return b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + random.Random(5).randbytes(70_000)


# --- PDQ ------------------------------------------------------------------------------------------


def test_pdq_is_within_ten_bits_of_the_published_values(device: Device, shared_dir: Path) -> None:
    folder = shared_dir / "conformance/pdq"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing: parity NOT TESTED")
    expected = json.loads((folder / "expected.json").read_text())["images"]
    answers = device.fingerprint(*(folder / name for name in expected))
    rows, far = [], []
    for (name, known), answer in zip(expected.items(), answers, strict=True):
        found = pdq_of(answer)
        distance = bits_apart(found["value"], known["pdq"])
        rows.append(f"{name:28} {distance:3} bits, quality {found['quality']} ({known['quality']})")
        if known["quality"] >= 80:
            far += [rows[-1]] if distance > FARTHEST_BITS else []
            assert abs(found["quality"] - known["quality"]) <= 5, rows[-1]
        assert digests_of(answer) == expected_digests((folder / name).read_bytes())
    FIGURES.info("%s: %s", "distances", rows)
    assert not far


def test_pdq_is_within_ten_bits_of_the_service(device: Device, shared_dir: Path) -> None:
    folder = shared_dir / "conformance/pdq"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing: parity NOT TESTED")
    names = sorted(json.loads((folder / "expected.json").read_text())["images"])
    answers = device.fingerprint(*(folder / name for name in names))
    distances, far = {}, []
    for name, answer in zip(names, answers, strict=True):
        signal = pdq(open_picture((folder / name).read_bytes()))
        distances[name] = bits_apart(pdq_of(answer)["value"], signal.hex)
        if (signal.quality or 0) >= 80 and distances[name] > FARTHEST_BITS:
            far.append((name, distances[name]))
    FIGURES.info("%s: %s", "distances", distances)
    assert not far


@pytest.mark.parametrize("way", ["canvas", "decoder"])
def test_each_way_to_the_pixels_alone_is_within_ten_bits(
    device: Device, shared_dir: Path, way: str
) -> None:
    """A browser without one of the two ways (Safari has no ImageDecoder) must answer alike."""
    folder = shared_dir / "conformance/pdq"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing: parity NOT TESTED")
    expected = json.loads((folder / "expected.json").read_text())["images"]
    device.choose(*(folder / name for name in expected))
    found = device.page.evaluate(
        """async way => {
            const { readPicture } = await import("/static/js/pixels.js");
            const { PdqAccumulator } = await import("/static/js/pdq.js");
            const { sniff } = await import("/static/js/sniff.js");
            const found = [];
            for (const file of document.querySelector("#files").files) {
                const { format } = sniff(new Uint8Array(await file.slice(0, 512).arrayBuffer()));
                const sinkFor = (width, height) => new PdqAccumulator(width, height);
                const sink = await readPicture(file, format, sinkFor, { ways: [way] });
                found.push(sink.finish());
            }
            return found;
        }""",
        way,
    )
    distances = {
        name: bits_apart(hash_["value"], known["pdq"])
        for (name, known), hash_ in zip(expected.items(), found, strict=True)
        if known["quality"] >= 80
    }
    FIGURES.info("%s: %s", "distances", distances)
    assert max(distances.values()) <= FARTHEST_BITS


def test_pixels_handed_over_directly_give_the_published_values_to_the_bit(
    device: Device, shared_dir: Path
) -> None:
    """Without a browser's decoder in between: the arithmetic itself."""
    folder = shared_dir / "conformance/pdq"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing: parity NOT TESTED")
    expected = json.loads((folder / "expected.json").read_text())["images"]
    for name, known in expected.items():
        found = pixel_pdq(device, Image.open(folder / name).convert("RGB").convert("RGBA"))
        assert found == {"value": known["pdq"], "quality": known["quality"]}


def test_small_pictures(device: Device) -> None:
    sizes = [(4, 100), (100, 4), (1, 1), (5, 5), (63, 64), (129, 5)]
    answers = device.fingerprint(*(encoded(stripes(*size), "PNG") for size in sizes))
    for size, answer in zip(sizes, answers, strict=True):
        if min(size) < 5:
            assert pdq_of(answer) == {"type": "pdq", "value": "0" * 64, "quality": 0}
        else:
            known = pixel_pdq(device, stripes(*size).convert("RGBA"))
            assert pdq_of(answer) == {"type": "pdq", **known}


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_a_note_on_turning_changes_nothing(device: Device, file_format: str) -> None:
    plain = encoded(stripes(), file_format)
    files = [plain]
    for orientation in range(1, 9):
        note = Image.Exif()
        note[0x0112] = orientation
        files.append(encoded(stripes(), file_format, exif=note))
    assert len(set(files)) == 9
    assert len({pdq_of(answer)["value"] for answer in device.fingerprint(*files)}) == 1


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "AVIF"])
def test_the_pixels_are_those_of_pillow(device: Device, file_format: str) -> None:
    """Strong colours, where brightness taken before or after clipping differs."""
    file = encoded(stripes(), file_format)
    known = pixel_pdq(device, Image.open(io.BytesIO(file)).convert("RGBA"))
    assert bits_apart(pdq_of(device.fingerprint(file)[0])["value"], known["value"]) <= 2


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_alpha_is_ignored(device: Device, file_format: str) -> None:
    """What is hidden by full transparency counts; an editor must not hide a picture that way."""
    hidden = stripes().copy()
    hidden.putalpha(0)
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    opaque, invisible = device.fingerprint(
        encoded(stripes(), "PNG"), encoded(hidden, file_format, **options)
    )
    assert pdq_of(opaque)["value"] == pdq_of(invisible)["value"]


def renderer_peaks() -> dict[int, int]:
    """The peak resident kilobytes of each renderer process that this test run started."""
    parents, peaks = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = dict(
                line.split(":", 1) for line in (folder / "status").read_text().splitlines()
            )
            is_renderer = b"--type=renderer" in (folder / "cmdline").read_bytes()
        except OSError:
            continue
        parents[int(folder.name)] = int(status["PPid"])
        if is_renderer and "VmHWM" in status:
            peaks[int(folder.name)] = int(status["VmHWM"].split()[0])

    def is_ours(process: int) -> bool:
        while process in parents and process != os.getpid():
            process = parents[process]
        return process == os.getpid()

    return {process: peak for process, peak in peaks.items() if is_ours(process)}


@pytest.mark.parametrize("name", ["the-spices-of-life.jpg", "saturnian-profile.jpg"])
def test_a_large_photograph(device: Device, shared_dir: Path, tmp_path: Path, name: str) -> None:
    source = shared_dir / "photos/budgie" / name
    if not source.is_file():
        pytest.skip(f"{source} is missing: large photographs NOT TESTED")
    picture = Image.open(source).convert("RGB").resize((4032, 3024))
    photo = tmp_path / "photo.jpg"
    picture.save(photo, quality=90)
    before = max(renderer_peaks().values(), default=0)
    started = time.perf_counter()
    found = pdq_of(device.fingerprint(photo)[0])
    seconds = time.perf_counter() - started
    grown = max(renderer_peaks().values(), default=0) - before
    figures = f"12 MP: {seconds:.2f} s, {grown / 1024:.0f} MiB more at the renderers' peak"
    FIGURES.info("%s: %s", "figures", figures)
    known = pixel_pdq(device, Image.open(photo).convert("RGBA"))
    distance = bits_apart(found["value"], known["value"])
    apart = bits_apart(found["value"], pdq(open_picture(photo.read_bytes())).hex)
    FIGURES.info("%s: %s", "distance_to_pillow_and_service", (distance, apart))
    assert distance <= FARTHEST_BITS
    assert apart <= FARTHEST_BITS
    assert grown / 1024 < 400


@pytest.mark.parametrize("way", ["canvas", "decoder"])
def test_a_picture_too_large_for_full_size_is_brought_down(
    device: Device, shared_dir: Path, tmp_path: Path, way: str
) -> None:
    source = shared_dir / "photos/budgie/casa-mila.jpg"
    if not source.is_file():
        pytest.skip(f"{source} is missing: large photographs NOT TESTED")
    small = Image.open(source).convert("RGB")
    photo = tmp_path / "photo.jpg"
    small.resize((8000, 5333)).save(photo, quality=85)
    device.choose(photo)
    value, width, height = device.page.evaluate(
        """async way => {
            const { readPicture } = await import("/static/js/pixels.js");
            const { PdqAccumulator } = await import("/static/js/pdq.js");
            const [file] = document.querySelector("#files").files;
            const sinkFor = (width, height) => new PdqAccumulator(width, height);
            const sink = await readPicture(file, "jpeg", sinkFor, { ways: [way] });
            return [sink.finish().value, sink.width, sink.height];
        }""",
        way,
    )
    full = pdq_of(device.fingerprint(source)[0])["value"]
    FIGURES.info("%s: %s", "read_at_and_distance", (width, height, bits_apart(value, full)))
    assert width * height <= 17e6
    assert bits_apart(value, full) <= FARTHEST_BITS


# --- digests --------------------------------------------------------------------------------------


def test_digests_equal_those_of_hashlib(device: Device) -> None:
    chance = random.Random(20_26)
    lengths = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000, 2**20 - 1, 2**20, 2**20 + 3]
    lengths += [chance.randrange(200_000) for _ in range(10)]
    files = [chance.randbytes(length) for length in lengths]
    device.choose(*files)
    found = device.page.evaluate(
        """async () => {
            const { digestBlob } = await import("/static/js/digests.js");
            const files = [...document.querySelector("#files").files];
            return Promise.all(files.map(file => digestBlob(file)));
        }"""
    )
    assert found == [expected_digests(file) for file in files]


def test_digests_of_pieces_equal_those_of_the_whole(device: Device) -> None:
    data = random.Random(7).randbytes(5000)
    cuts = random.Random(8).sample(range(5000), 40)
    found = device.page.evaluate(
        """async ([bytes, cuts]) => {
            const { Md5, Sha256 } = await import("/static/js/digests.js");
            const [md5, sha256, data] = [new Md5(), new Sha256(), Uint8Array.from(bytes)];
            let at = 0;
            for (const cut of [...cuts.sort((a, b) => a - b), data.length]) {
                md5.update(data.subarray(at, cut));
                sha256.update(data.subarray(at, cut));
                at = cut;
            }
            return { md5: md5.hex(), sha256: sha256.hex() };
        }""",
        [list(data), cuts],
    )
    assert found == expected_digests(data)


def test_a_video_that_cannot_be_played_has_its_digests_alone(device: Device) -> None:
    film = noisy_frame()
    [answer] = device.fingerprint(film)
    assert (answer["kind"], answer["error"]) == ("video", "unsupported_format")
    assert {s["type"]: s["value"] for s in answer["signals"]} == expected_digests(film)


# --- what goes wrong ------------------------------------------------------------------------------


def test_what_is_no_picture_has_an_error_and_no_signal(device: Device) -> None:
    text, empty = device.fingerprint(b"a text, whatever its name says\n" * 40, b"")
    assert text == {"kind": None, "signals": [], "error": "unsupported_format"}
    assert empty == {"kind": None, "signals": [], "error": "damaged_file"}


def test_a_cut_off_picture_is_damaged_and_keeps_its_digests(device: Device) -> None:
    wholes = [
        encoded(stripes(), file_format) for file_format in ("JPEG", "PNG", "WEBP", "GIF", "AVIF")
    ]
    pieces = [whole[:length] for whole in wholes for length in (len(whole) // 2, 32)]
    for piece, answer in zip(pieces, device.fingerprint(*pieces), strict=True):
        assert (answer["kind"], answer["error"]) == ("image", "damaged_file")
        assert {s["type"]: s["value"] for s in answer["signals"]} == expected_digests(piece)


def test_heic_is_unsupported_and_keeps_its_digests(device: Device) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    try:
        pillow_heif.from_pillow(stripes()).save(buffer)
    except RuntimeError as error:
        pytest.skip(f"pillow-heif cannot write HEIC here ({error}): NOT TESTED")
    [answer] = device.fingerprint(buffer.getvalue())
    assert (answer["kind"], answer["error"]) == ("image", "unsupported_format")
    assert {s["type"]: s["value"] for s in answer["signals"]} == expected_digests(buffer.getvalue())


def test_a_picture_beyond_the_limits_is_refused_before_it_is_decoded(device: Device) -> None:
    bomb = encoded(Image.new("1", (20_000, 20_000)), "PNG")
    heavy = encoded(stripes(), "JPEG") + bytes(64 * 2**20)
    started = time.perf_counter()
    [vast] = device.fingerprint(bomb)
    assert time.perf_counter() - started < 2
    assert (vast["kind"], vast["error"]) == ("image", "too_large")
    assert digests_of(vast) == expected_digests(bomb)
    error = device.page.evaluate(
        """async size => {
            const { readPicture } = await import("/static/js/pixels.js");
            const blob = new Blob([new Uint8Array(size)]);
            return readPicture(blob, "jpeg", () => null).catch(error => error.code);
        }""",
        len(heavy),
    )
    assert error == "too_large"


def test_a_browser_that_hides_pixels_is_noticed(device: Device) -> None:
    device.choose(encoded(stripes(), "JPEG"))
    code = device.page.evaluate(
        """async () => {
            const original = OffscreenCanvasRenderingContext2D.prototype.getImageData;
            OffscreenCanvasRenderingContext2D.prototype.getImageData = function (...area) {
                const image = original.apply(this, area);
                image.data.fill(255);
                return image;
            };
            delete window.ImageDecoder;
            const { readPicture } = await import("/static/js/pixels.js");
            const [file] = document.querySelector("#files").files;
            return readPicture(file, "jpeg", () => null).catch(error => error.code);
        }"""
    )
    assert code == "blocked_by_browser"


def test_a_broken_file_does_not_stop_the_others(device: Device) -> None:
    good = encoded(stripes(), "PNG")
    answers = device.fingerprint(good, b"text", good[:200], good)
    errors = [answer["error"] for answer in answers]
    assert errors == [None, "unsupported_format", "damaged_file", None]
    assert pdq_of(answers[0]) == pdq_of(answers[3])


def test_a_worker_that_cannot_start_is_a_failure_not_a_hang(device: Device) -> None:
    device.page.route("**/worker.js", lambda route: route.abort())
    answers = device.fingerprint(encoded(stripes(), "PNG"), encoded(stripes(), "GIF"))
    assert [answer["error"] for answer in answers] == ["failed", "failed"]
    device.complaints.clear()  # the browser itself tells of the script that did not load


# --- progress, stopping, silence ------------------------------------------------------------------


def test_progress_never_falls_and_ends_at_one(device: Device) -> None:
    big = encoded(stripes(), "JPEG") + random.Random(1).randbytes(5 * 2**20)
    steps = device.run([big, encoded(stripes(900, 900), "PNG"), noisy_frame(), b"text"])["progress"]
    assert [step["overall"] for step in steps] == sorted(step["overall"] for step in steps)
    assert steps[-1]["overall"] == pytest.approx(1)
    assert {step["index"] for step in steps} == {0, 1, 2, 3}
    for index in range(4):
        parts = [step["fraction"] for step in steps if step["index"] == index]
        assert parts == sorted(parts)
        assert parts[-1] == 1
    assert len(steps) > 10


def test_stopping_ends_the_worker_and_answers_for_every_file(device: Device) -> None:
    picture = encoded(stripes(), "PNG")
    film = noisy_frame() + bytes(40 * 2**20)
    answers = device.run([picture, film, picture], stopAt=0.2)["answers"]
    assert [answer["error"] for answer in answers] == [None, "cancelled", "cancelled"]
    assert [answer["signals"] for answer in answers[1:]] == [[], []]
    assert workers_gone(device)


def test_the_worker_is_gone_at_the_end(device: Device) -> None:
    picture = encoded(stripes(), "PNG")
    device.fingerprint(picture, picture, picture)
    assert len(device.workers) == 1
    assert workers_gone(device)


def test_a_signal_aborted_beforehand_starts_nothing(device: Device) -> None:
    answers = device.page.evaluate(
        """async () => {
            const { fingerprintFiles } = await import("/static/js/fingerprint.js");
            return fingerprintFiles([new Blob(["x"])], { signal: AbortSignal.abort() });
        }"""
    )
    assert answers == [{"kind": None, "signals": [], "error": "cancelled"}]
    assert device.workers == []


def test_digests_stop_when_asked(device: Device) -> None:
    code = device.page.evaluate(
        """async () => {
            const { digestBlob } = await import("/static/js/digests.js");
            const stop = new AbortController();
            const options = { signal: stop.signal, onProgress: () => stop.abort() };
            return digestBlob(new Blob([new Uint8Array(3e6)]), options).catch(error => error.code);
        }"""
    )
    assert code == "cancelled"


def test_nothing_is_asked_of_the_network_but_the_modules(device: Device) -> None:
    device.fingerprint(encoded(stripes(), "PNG"), encoded(stripes(), "JPEG"), noisy_frame())
    allowed = {"/", "/page.js", "/static/icon.png"}
    allowed |= {f"/static/js/{module.name}" for module in MODULES.glob("*.js")}
    assert set(device.asked) <= allowed
    assert {"/static/js/worker.js", "/static/js/pdq.js"} <= set(device.asked)
    assert all(method == "GET" and "?" not in url for method, url in device.requests)
    assert device.requests


# --- kinds, patterns, files -----------------------------------------------------------------------

SIGNATURES = [
    (b"\xff\xd8\xff\xe0", ("image", "jpeg")),
    (b"\x89PNG\r\n\x1a\n", ("image", "png")),
    (b"GIF89a", ("image", "gif")),
    (b"RIFF\0\0\0\0WEBPVP8 ", ("image", "webp")),
    (b"RIFF\0\0\0\0AVI LIST", ("video", "avi")),
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ("image", "heic")),
    (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", ("image", "heic")),
    (b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", ("image", "avif")),
    (b"\0\0\0\x18ftypmif1\0\0\0\0avifmiaf", ("image", "avif")),
    (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", ("video", "mov")),
    (b"\0\0\0\x08wide\0\0\0\0mdat", ("video", "mov")),
    (b"\0\0\0\x18ftypisom\0\0\2\0isommp41", ("video", "mp4")),
    (b"\0\0\0\x18ftyp3gp5\0\0\0\0isom3gp5", ("video", "mp4")),
    (b"\x1aE\xdf\xa3\x9fB\x86\x81\1B\x82\x84webm", ("video", "webm")),
    (b"\x1aE\xdf\xa3\xa3B\x86\x81\1B\x82\x88matroska", ("video", "mkv")),
    (b"\0\0\0\x18ftypM4A \0\0\0\0M4A mp42", None),
    (b"%PDF-1.7", None),
    (b"GIF", None),
    (b"\xff\xd8", None),
    (b"", None),
]


def test_kinds_are_told_by_the_first_bytes(device: Device) -> None:
    found = device.page.evaluate(
        """async heads => {
            const { sniff } = await import("/static/js/sniff.js");
            return heads.map(head => sniff(Uint8Array.from(head)));
        }""",
        [list(head) for head, _ in SIGNATURES],
    )
    told = [found_kind and (found_kind["kind"], found_kind["format"]) for found_kind in found]
    assert told == [kind for _, kind in SIGNATURES]


def test_a_pattern_shows_the_bits_of_the_value(device: Device) -> None:
    value = "8001" + "ffff" + "0" * 52 + "0180"
    found = device.page.evaluate(
        """async value => {
            const { createPattern } = await import("/static/js/pattern.js");
            const svg = createPattern(value, "Fingerprint <1>");
            document.querySelector("#patterns").append(svg);
            const { width, height } = svg.getBoundingClientRect();
            const path = svg.querySelector("path").getAttribute("d");
            return { role: svg.getAttribute("role"), label: svg.ariaLabel, path, width, height };
        }""",
        value,
    )
    assert (found["role"], found["label"]) == ("img", "Fingerprint <1>")
    assert (found["width"], found["height"]) == (108, 108)
    assert found["path"] == ("M0 0h1v1h-1zM15 0h1v1h-1zM0 1h16v1h-16zM7 15h2v1h-2z")


@pytest.mark.parametrize("module", sorted(MODULES.glob("*.js")), ids=lambda path: path.name)
def test_every_module_is_plain_and_of_one_piece(module: Path, tmp_path: Path) -> None:
    lines = module.read_text().splitlines()
    assert lines[0] == "// SPDX-License-Identifier: Apache-2.0"
    assert len(lines) < 300
    assert "https://" not in module.read_text()
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is missing: syntax of the module NOT CHECKED apart from the browser")
    copy = tmp_path / f"{module.stem}.mjs"
    shutil.copy(module, copy)
    subprocess.run([node, "--check", copy], check=True, timeout=20)
