# SPDX-License-Identifier: Apache-2.0
"""Files of one's own: fingerprinted, and looked for in a list of hashes."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from installations import digest, flipped, pdq_value
from made_videos import moving_pattern, video
from PIL import Image

from haechi.errors import (
    DamagedFile,
    FileNotReadable,
    FileTooLarge,
    UnreadableBank,
    UnsupportedFormat,
)
from haechi.media import Limits
from haechi.values import FRAME_BYTES, MediaKind, SignalType
from haechi.workflows import HashedFile, _fingerprint, hash_files, load_local_bank

NO_FILM = b"\0\0\0\x18ftypmp42" + bytes(64)


def _film() -> bytes:
    """Three seconds of a drawn pattern that moves."""
    return video(moving_pattern(30), fps=10)


def _photo(path: Path, seed: int = 0) -> Path:
    Image.effect_mandelbrot((120 + seed, 90), (-2.0, -1.5, 1.0, 1.5), 60).save(path, "PNG")
    return path


def _only(path: Path) -> HashedFile:
    (answer,) = hash_files([path])
    return answer


def test_a_picture_gets_all_its_signals(tmp_path: Path) -> None:
    path = _photo(tmp_path / "사진 🐲.png")
    answer = _only(path)
    assert (answer.path, answer.kind, answer.error) == (path, MediaKind.IMAGE, None)
    assert [signal.type for signal in answer.signals] == [
        SignalType.PDQ, SignalType.RPDQ, SignalType.MD5, SignalType.SHA256,
    ]  # fmt: skip
    assert answer.signals[3].hex == hashlib.sha256(path.read_bytes()).hexdigest()
    assert answer.upload is None


def test_a_picture_without_a_photographed_region_has_no_rpdq(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "flat.png")
    kinds = [signal.type for signal in _only(tmp_path / "flat.png").signals]
    assert kinds == [SignalType.PDQ, SignalType.MD5, SignalType.SHA256]


def test_a_video_gets_its_frames_and_its_digests(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(_film())
    answer = _only(path)
    assert (answer.kind, answer.error) == (MediaKind.VIDEO, None)
    assert [signal.type for signal in answer.signals] == [
        SignalType.VPDQ, SignalType.MD5, SignalType.SHA256,
    ]  # fmt: skip
    assert len(answer.signals[0].value) == 3 * FRAME_BYTES
    (close,) = hash_files([path], looks_closely=True)
    assert len(close.signals[0].value) > 20 * FRAME_BYTES


def test_every_file_is_answered_in_the_order_it_was_named(tmp_path: Path) -> None:
    good = _photo(tmp_path / "b.png")
    cut = tmp_path / "a.png"
    cut.write_bytes(good.read_bytes()[:200])
    (tmp_path / "film.mp4").write_bytes(NO_FILM)
    (tmp_path / "text.txt").write_text("no picture")
    (tmp_path / "empty").touch()
    (tmp_path / "folder.png").mkdir()
    names = ["text.txt", "b.png", "missing.png", "a.png", "film.mp4", "empty", "x" * 300, "b.png"]
    answers = list(hash_files([tmp_path / name for name in names]))
    assert [answer.path.name for answer in answers] == names
    assert [type(answer.error) for answer in answers] == [
        UnsupportedFormat, type(None), FileNotReadable, DamagedFile, DamagedFile, UnsupportedFormat,
        FileNotReadable, type(None),
    ]  # fmt: skip
    # What cannot be decoded can still be found by its digests.
    assert [signal.type for signal in answers[3].signals] == [SignalType.MD5, SignalType.SHA256]
    assert answers[4].kind is MediaKind.VIDEO
    assert len(answers[4].signals) == 2


def test_a_folder_is_walked_without_hidden_files_and_links(tmp_path: Path) -> None:
    folder = tmp_path / "albums"
    (folder / "z").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    for name in ("z/1.mp4", "b.mp4", ".hidden/c.mp4", ".d.mp4"):
        (folder / name).write_bytes(NO_FILM)
    (folder / "link.mp4").symlink_to(folder / "b.mp4")
    (folder / "loop").symlink_to(folder)
    outside = tmp_path / "outside.mp4"
    outside.write_bytes(NO_FILM)
    (folder / "away.mp4").symlink_to(outside)
    found = [answer.path.relative_to(folder).as_posix() for answer in hash_files([folder])]
    assert found == ["b.mp4", "z/1.mp4"]


def test_what_is_no_regular_file_is_told_and_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        assert isinstance(_only(path).error, FileNotReadable)
        with pytest.raises(FileNotReadable):
            load_local_bank(path)


def test_a_hidden_folder_that_is_named_is_walked(tmp_path: Path) -> None:
    folder = tmp_path / ".mine"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(NO_FILM)
    assert [type(answer.error) for answer in hash_files([folder])] == [DamagedFile]


def test_a_file_over_the_limit_keeps_its_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _photo(tmp_path / "a.png")
    monkeypatch.setattr(_fingerprint, "_LIMITS", Limits(max_bytes=1000))
    answer = _only(path)
    assert isinstance(answer.error, FileTooLarge)
    assert len(answer.signals) == 2


def test_no_file_no_answer_and_no_child() -> None:
    assert list(hash_files([])) == []


def test_a_hashed_file_shows_no_value(tmp_path: Path) -> None:
    answer = _only(_photo(tmp_path / "a.png"))
    assert all(signal.hex[:8] not in repr(answer) for signal in answer.signals)


class TestLocalBank:
    def _bank(self, tmp_path: Path, data: str | bytes) -> Path:
        path = tmp_path / "bank.txt"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    def _hashed(self, *signals: object) -> HashedFile:
        return HashedFile(Path("x"), MediaKind.IMAGE, tuple(signals), None)

    def test_every_form_of_a_line_is_read(self, tmp_path: Path) -> None:
        md5 = digest(3, SignalType.MD5)
        line = {
            "path": "x",
            "signals": [
                {"type": "pdq", "value": pdq_value(4).hex, "quality": 90},
                {"type": "sha256", "value": digest(4).hex},
            ],
        }
        path = self._bank(
            tmp_path,
            f"# a comment\n\n{pdq_value(1).hex}\nPDQ {pdq_value(2).hex.upper()}\r\n"
            f"  {md5.hex}  \nsha256,{digest(5).hex}\n{json.dumps(line)}\n   # more\n",
        )
        bank = load_local_bank(path)
        assert (bank.name, bank.contents, bank.skipped) == ("bank.txt", 5, 0)
        for signal, number in (
            (pdq_value(1), 3), (pdq_value(2), 4), (md5, 5), (digest(5), 6), (digest(4), 7),
            (pdq_value(4), 7),
        ):  # fmt: skip
            (match,) = bank.matches(self._hashed(signal))
            assert (match.content_id, match.bank) == (f"line {number}", "bank.txt")

    def test_a_list_from_windows_loses_no_line(self, tmp_path: Path) -> None:
        path = self._bank(tmp_path, b"\xef\xbb\xbf" + pdq_value(1).hex.encode() + b"\r\n")
        bank = load_local_bank(path)
        assert (bank.contents, bank.skipped) == (1, 0)
        assert bank.matches(self._hashed(pdq_value(1)))

    @pytest.mark.parametrize(
        "junk",
        [
            "x", "{", "{}", '{"signals": []}', '{"signals": 3}', '{"signals": [3]}',
            '{"signals": ["pdq"]}', '{"signals": [{"type": "pdq"}]}', '{"signals": null}',
            '{"signals": [{"type": [], "value": 3}]}', "pdq", "pdq 12", "sha1 " + "0" * 40,
            '{"signals": [{"type": "pdq", "value": "' + "0" * 64 + '", "quality": "good"}]}',
            '{"signals": [{"type": "pdq", "value": "' + "0" * 64 + '", "quality": 101}]}',
            '{"a":' * 5000, "[" * 5000, "\ufffd", "\0", "0" * 63, "0" * 65, "é" * 64,
        ],
    )  # fmt: skip
    def test_a_line_that_cannot_be_read_is_counted_and_no_more(
        self, tmp_path: Path, junk: str
    ) -> None:
        path = self._bank(tmp_path, f"{junk}\n{pdq_value(1).hex}\n{junk}\n")
        bank = load_local_bank(path)
        assert (bank.contents, bank.skipped) == (1, 2)
        assert bank.matches(self._hashed(pdq_value(1)))

    @pytest.mark.parametrize(
        "data", [b"", b"# only words\n", b"words\n", b"\xff\xfe\x00", b"{" * 9]
    )
    def test_a_file_without_one_fingerprint_is_refused(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(UnreadableBank):
            load_local_bank(self._bank(tmp_path, data))

    def test_a_file_that_is_not_there_is_told(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(FileNotReadable):
                load_local_bank(path)

    def test_the_radius_is_that_of_pdq(self, tmp_path: Path) -> None:
        bank = load_local_bank(self._bank(tmp_path, pdq_value(1).hex))
        assert bank.matches(self._hashed(flipped(pdq_value(1), 31)))
        assert not bank.matches(self._hashed(flipped(pdq_value(1), 32)))

    def test_a_picture_is_looked_at_from_every_side(self, tmp_path: Path) -> None:
        picture = _only(_photo(tmp_path / "a.png"))
        bank = load_local_bank(self._bank(tmp_path, picture.signals[0].hex))
        assert bank.matches(picture)[0].distance_bits == 0
        (close,) = hash_files([picture.path], looks_closely=True)
        without_signals = HashedFile(picture.path, picture.kind, (), None, close.upload)
        assert bank.matches(without_signals)[0].distance_bits == 0
        assert len(close.upload.queries) > 8
