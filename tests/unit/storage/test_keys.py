# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from haechi.errors import BrokenStore
from haechi.storage import Keys, _keys, load_keys

NAMES = ("master.key", "signing.key")


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_missing_keys_are_made_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "keys"
    keys = load_keys(folder, may_create=True)
    assert _files(folder) == {"master.key": keys.master, "signing.key": keys.signing}
    assert len(keys.master) == len(keys.signing) == 32
    assert keys.master != keys.signing
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in NAMES:
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_keys_are_made_for_their_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        load_keys(tmp_path / "keys", may_create=True)
    finally:
        os.umask(before)
    for name in NAMES:
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600


def test_keys_that_are_there_are_kept(tmp_path: Path) -> None:
    first = load_keys(tmp_path, may_create=True)
    assert load_keys(tmp_path, may_create=True) == first
    assert load_keys(tmp_path, may_create=False) == first


def test_two_installations_have_different_keys(tmp_path: Path) -> None:
    one = load_keys(tmp_path / "a", may_create=True)
    other = load_keys(tmp_path / "b", may_create=True)
    assert {one.master, one.signing}.isdisjoint({other.master, other.signing})


@pytest.mark.parametrize("name", NAMES)
def test_a_lost_key_is_not_made_anew_unasked(tmp_path: Path, name: str) -> None:
    load_keys(tmp_path, may_create=True)
    (tmp_path / name).unlink()
    before = _files(tmp_path)
    with pytest.raises(BrokenStore, match=f"{name} is missing; restore it"):
        load_keys(tmp_path, may_create=False)
    assert _files(tmp_path) == before


def test_looking_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BrokenStore, match="missing"):
        load_keys(tmp_path / "keys", may_create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("damage", [b"", b"k" * 31, b"k" * 33, b"k" * 64])
def test_a_damaged_key_is_named_and_left_as_it_is(tmp_path: Path, name: str, damage: bytes) -> None:
    load_keys(tmp_path, may_create=True)
    (tmp_path / name).write_bytes(damage)
    with pytest.raises(BrokenStore, match=f"{name} is damaged"):
        load_keys(tmp_path, may_create=True)
    assert (tmp_path / name).read_bytes() == damage


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o644])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    load_keys(tmp_path, may_create=True)
    (tmp_path / "signing.key").chmod(mode)
    with pytest.raises(BrokenStore, match="chmod 600"):
        load_keys(tmp_path, may_create=True)


def test_a_folder_that_cannot_be_one_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("a file")
    with pytest.raises(BrokenStore, match="key folder cannot be read or written"):
        load_keys(tmp_path / "keys", may_create=True)


def test_of_many_that_begin_at_once_all_have_the_same_keys(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def begin(_: int) -> Keys:
        start.wait()
        return load_keys(tmp_path, may_create=True)

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(begin, range(8)))
    assert len(made) == 1
    assert sorted(_files(tmp_path)) == sorted(NAMES)


def test_who_comes_second_takes_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other program makes its key between our look and our link."""
    real = os.link

    def link_too_late(source: Path, target: Path) -> None:
        target.write_bytes(b"o" * 32)
        target.chmod(0o600)
        real(source, target)

    monkeypatch.setattr(_keys.os, "link", link_too_late)
    assert load_keys(tmp_path, may_create=True) == Keys(b"o" * 32, b"o" * 32)
    assert sorted(_files(tmp_path)) == sorted(NAMES)


def test_an_end_in_the_middle_leaves_no_half_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_keys.os, "fsync", out_of_space)
    with pytest.raises(BrokenStore):
        load_keys(tmp_path, may_create=True)
    assert _files(tmp_path) == {}


def test_keys_never_show() -> None:
    assert repr(Keys(b"secret-m", b"secret-s")) == "Keys()"
