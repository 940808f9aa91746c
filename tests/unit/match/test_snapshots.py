# SPDX-License-Identifier: Apache-2.0
"""Snapshots come back as they were, and nothing but a sound one passes for one."""

from __future__ import annotations

import json
import os
import random
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from value_sets import as_tuples, clustered, every_set, questions, random_values

from haechi.errors import BrokenStore, DamagedSnapshot
from haechi.match import Entry, Index, Kind, Sizes

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
SIZES = Sizes(delta_rows=32, small_rows=64)
PAGE = 4096
both_forms = pytest.mark.parametrize("key", [None, KEY], ids=["plain", "sealed"])


def sample(rows: int = 300) -> Index:
    """Several tables, segments and deltas, payloads and groups, twins and dead rows."""
    index = Index(sizes=SIZES)
    values = np.concatenate(
        [clustered(rows, seed=1), np.repeat(random_values(1), rows // 3, axis=0)]
    )
    ids = np.arange(len(values)) * 7 - 40
    payloads = np.arange(len(values), dtype=np.uint64) << np.uint64(40)
    groups = (np.arange(len(values)) % 9).astype(np.uint16)
    index.add_rows(Kind.PDQ, ids, values, payloads, groups)
    index.add_rows(Kind.REGION, np.repeat(ids + 10**6, 2), np.repeat(values, 2, axis=0))
    index.add_rows(Kind.DIGEST, ids[:20] + 10**9, values[:20])
    index.remove(ids[::11])
    index.change(add=[Entry(5, {Kind.PDQ: (values[:2], payloads[:2])}, group=3)])
    return index


def answers(index: Index) -> list[object]:
    asked = questions(clustered(300, seed=1))
    return [
        len(index),
        *(
            as_tuples(index.search_values(kind, asked, radius))
            for kind in Kind
            for radius in (0, 31, 80)
        ),
    ]


def saved(folder: Path, key: bytes | None, index: Index | None = None) -> Path:
    path = folder / "index"
    (sample() if index is None else index).save(path, position=42, sealing_key=key)
    return path


def assert_damaged(path: Path, key: bytes | None) -> str:
    with pytest.raises(DamagedSnapshot) as caught:
        Index.load(path, sealing_key=key, sizes=SIZES)
    assert caught.value.sentence.startswith("The snapshot of the index cannot be used: ")
    return caught.value.sentence


@both_forms
def test_comes_back_as_it_was(key: bytes | None, tmp_path: Path) -> None:
    index = sample()
    loaded, position = Index.load(saved(tmp_path, key, index), sealing_key=key, sizes=SIZES)
    assert position == 42
    assert answers(loaded) == answers(index)
    assert loaded.rows(5, Kind.PDQ)[0].tolist() == index.rows(5, Kind.PDQ)[0].tolist()


@both_forms
@pytest.mark.parametrize("name", ["nothing", *every_set(8)])
@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 128])
def test_every_set_comes_back(name: str, count: int, key: bytes | None, tmp_path: Path) -> None:
    index = Index(sizes=SIZES)
    if name != "nothing":
        values = every_set(max(count, 8))[name][:count]
        index.add_rows(Kind.FRAME, np.arange(len(values)), values)
    loaded, _ = Index.load(saved(tmp_path, key, index), sealing_key=key, sizes=SIZES)
    asked = random_values(3)
    for radius in (0, 31, 256):
        found = as_tuples(loaded.search_values(Kind.FRAME, asked, radius))
        assert found == as_tuples(index.search_values(Kind.FRAME, asked, radius))
    assert len(loaded) == len(index)


@both_forms
def test_more_rows_than_a_block_come_back(key: bytes | None, tmp_path: Path) -> None:
    """A sealed column is cut into blocks of 32,768 rows."""
    values = random_values(70_000, seed=2)
    index = Index()
    index.add_rows(Kind.PDQ, np.arange(70_000), values)
    loaded, _ = Index.load(saved(tmp_path, key, index), sealing_key=key)
    found = loaded.search_values(Kind.PDQ, values[::1000], 0)
    assert found.entry_id.tolist() == list(range(0, 70_000, 1000))


@both_forms
def test_a_loaded_index_goes_on_changing_and_the_file_does_not(
    key: bytes | None, tmp_path: Path
) -> None:
    path = saved(tmp_path, key)
    before = path.read_bytes()
    index, twin = (Index.load(path, sealing_key=key, sizes=SIZES)[0] for _ in range(2))
    index.remove(range(-40, 1000))
    index.add_rows(Kind.PDQ, np.arange(3000, 3100), random_values(100, seed=3))
    index.settle()
    assert answers(twin) == answers(sample())
    assert answers(index) != answers(twin)
    assert path.read_bytes() == before
    index.save(path, position=43, sealing_key=key)
    again, position = Index.load(path, sealing_key=key, sizes=SIZES)
    assert position == 43
    assert answers(again) == answers(index)


def test_a_plain_file_may_be_replaced_while_it_is_in_use(tmp_path: Path) -> None:
    """Its values are used where they lie; the old file lives on under those who opened it."""
    path = saved(tmp_path, None)
    index, _ = Index.load(path, sizes=SIZES)
    Index(sizes=SIZES).save(path, position=0)
    path.unlink()
    assert answers(index) == answers(sample())


@both_forms
def test_only_the_owner_may_read_it_and_nothing_is_left_beside(
    key: bytes | None, tmp_path: Path
) -> None:
    path = saved(tmp_path, key)
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [path]


def test_a_sealed_file_shows_nothing_of_what_it_holds(tmp_path: Path) -> None:
    value = bytes(random_values(1, seed=4)[0])
    index = Index(sizes=SIZES)
    index.add_rows(Kind.PDQ, np.arange(100), np.tile(random_values(1, seed=4), (100, 1)))
    plain = saved(tmp_path, None, index).read_bytes()
    sealed = saved(tmp_path, KEY, index).read_bytes()
    assert value in plain
    assert b"entry_ids" in plain
    assert value[:8] not in sealed
    assert b"entry_ids" not in sealed
    again = saved(tmp_path, KEY, index).read_bytes()
    assert again[PAGE:] != sealed[PAGE:], "two files must never share a key stream"


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path, None)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(BrokenStore, match="cannot be written"):
        sample().save(path, position=1)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(BrokenStore, match="cannot be written"):
        sample().save(tmp_path / "no folder" / "index", position=1)


def test_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Index.load(tmp_path / "index")


def test_something_else_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "index"
    path.write_bytes(b"")
    assert "cut short, or something else" in assert_damaged(path, None)
    path.write_bytes(random.Random(1).randbytes(20_000))
    assert "something else" in assert_damaged(path, None)
    assert "cannot be read" in assert_damaged(tmp_path, None)


def test_the_wrong_key_and_the_wrong_form_are_named(tmp_path: Path) -> None:
    sealed = saved(tmp_path, KEY)
    assert "another key" in assert_damaged(sealed, OTHER_KEY)
    assert "there is no key" in assert_damaged(sealed, None)
    plain = saved(tmp_path, None)
    # Else whoever can write the folder could put a plain file in the place of a sealed one.
    assert "it is not sealed" in assert_damaged(plain, KEY)


@pytest.mark.parametrize("key", [b"", b"k" * 31, b"k" * 33])
def test_a_key_has_32_bytes(key: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        sample().save(tmp_path / "index", position=0, sealing_key=key)
    sealed = saved(tmp_path, KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        Index.load(sealed, sealing_key=key)


def test_another_version_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path, None)
    data = bytearray(path.read_bytes())
    data[8] += 1
    data[PAGE - 4 : PAGE] = zlib.crc32(data[: PAGE - 4]).to_bytes(4, "little")
    path.write_bytes(data)
    assert "another version" in assert_damaged(path, None)


@both_forms
def test_every_kind_of_byte_is_covered(key: bytes | None, tmp_path: Path) -> None:
    """One bit turned over anywhere: the first page, the columns, between them, the table of contents."""
    path = saved(tmp_path, key)
    whole = path.read_bytes()
    drawn = random.Random(7)
    places = {*range(80), *range(PAGE - 8, PAGE + 8), *range(len(whole) - 40, len(whole))}
    places |= {page + step for page in range(0, len(whole), PAGE) for step in (0, 1, 4095)}
    places |= {drawn.randrange(len(whole)) for _ in range(300)}
    for place in sorted(places):
        if place < len(whole):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << drawn.randrange(8)
            path.write_bytes(damaged)
            assert_damaged(path, key)


@both_forms
def test_cut_anywhere_or_with_something_behind_it(key: bytes | None, tmp_path: Path) -> None:
    path = saved(tmp_path, key)
    whole = path.read_bytes()
    drawn = random.Random(8)
    for end in {0, 1, 100, PAGE - 1, PAGE, PAGE + 1, len(whole) - 1, *(
        drawn.randrange(len(whole)) for _ in range(60)
    )}:  # fmt: skip
        path.write_bytes(whole[:end])
        assert_damaged(path, key)
    for more in (b"\0", bytes(PAGE), whole):
        path.write_bytes(whole + more)
        assert_damaged(path, key)


@both_forms
def test_parts_that_changed_places(key: bytes | None, tmp_path: Path) -> None:
    path = saved(tmp_path, key)
    whole = path.read_bytes()
    other = saved(tmp_path, key, sample(290)).read_bytes()
    one, two = slice(PAGE, PAGE + 512), slice(PAGE + 1024, PAGE + 1536)
    swapped = bytearray(whole)
    swapped[one], swapped[two] = whole[two], whole[one]
    for data in (swapped, whole[: 2 * PAGE] + other[2 * PAGE :], other[:PAGE] + whole[PAGE:]):
        path.write_bytes(data)
        assert_damaged(path, key)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nothing_that_a_table_of_contents_could_say_does_harm(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A forged one with fitting checksums, as only someone with access could make: an error, no crash."""
    path = saved(tmp_path_factory.mktemp("forged"), None)
    whole = path.read_bytes()
    start = int.from_bytes(whole[48:56], "little")
    contents = json.loads(whole[start:])
    odd = st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.text(max_size=3),
        st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=2), st.none(), max_size=1),
    )  # fmt: skip
    places = list(walk(contents))
    target, name = data.draw(st.sampled_from(places))
    before = target[name]
    target[name] = data.draw(odd)
    forged = json.dumps(contents).encode()
    page = bytearray(whole[:PAGE])
    page[56:64] = len(forged).to_bytes(8, "little")
    page[72:76] = zlib.crc32(forged).to_bytes(4, "little")
    page[-4:] = zlib.crc32(page[:-4]).to_bytes(4, "little")
    path.write_bytes(bytes(page) + whole[PAGE:start] + forged)
    try:
        loaded, _ = Index.load(path, sizes=SIZES)
    except DamagedSnapshot:
        return
    # What says where the rows are and what they hold cannot be something else.
    assert name not in {"rows", "columns", "offset", "crc32"} or target[name] == before
    for kind in Kind:
        loaded.search_values(kind, random_values(2), 31)


def walk(node: object) -> list[tuple]:
    """Every (container, key) in a JSON value."""
    pairs = []
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for name, child in items:
        pairs.append((node, name))
        if isinstance(child, dict | list):
            pairs += walk(child)
    return pairs
