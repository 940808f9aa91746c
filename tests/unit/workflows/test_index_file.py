# SPDX-License-Identifier: Apache-2.0
"""The live index on disk: taken up at a start, never believed against the bank."""

from __future__ import annotations

from pathlib import Path

import pytest
from installations import KEYS, image, pdq_value, person, report
from structlog.testing import capture_logs

from haechi.storage import Keys
from haechi.workflows import Context, LiveIndex, _follow, withdraw_item
from haechi.workflows._index_file import IndexFile


@pytest.fixture
def file(tmp_path: Path) -> IndexFile:
    return IndexFile.of(tmp_path, KEYS)


def _live(ctx: Context, file: IndexFile) -> LiveIndex:
    live = LiveIndex(ctx.database, ctx.vault, poll_s=60, file=file)
    live.catch_up()
    return live


def _found(live: LiveIndex, seed: int) -> int:
    return len(live.known().view.search([pdq_value(seed)])[0])


def test_a_restart_begins_where_it_stopped(
    ctx: Context, file: IndexFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = report(ctx, *[image(pdq_value(seed)) for seed in range(3)])
    _live(ctx, file).stop()
    withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)
    report(ctx, image(pdq_value(7)))
    read = []
    real = _follow.changes_after
    monkeypatch.setattr(
        _follow, "changes_after", lambda tx, vault, seq: read.append(seq) or real(tx, vault, seq)
    )
    live = _live(ctx, file)
    assert read[0] == 3, "only what came after"
    assert [_found(live, seed) for seed in (0, 1, 2, 7)] == [0, 1, 1, 1]
    assert (live.position, len(live)) == (5, 3)
    ids = {answer[0].entry_id for answer in live.known().view.search([pdq_value(1)])}
    assert live.known().owners_of(ids), "whose they are stands in the bank"


def test_a_start_without_news_reads_nothing(
    ctx: Context, file: IndexFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(ctx, image(pdq_value(1)))
    _live(ctx, file).stop()
    monkeypatch.setattr(_follow, "changes_after", None)
    live = _live(ctx, file)
    assert (live.position, live.is_ready, _found(live, 1)) == (1, True, 1)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text"])
def test_a_damaged_file_is_named_and_built_anew(ctx: Context, file: IndexFile, damage: str) -> None:
    report(ctx, image(pdq_value(1)))
    _live(ctx, file).stop()
    data = file.path.read_bytes()
    middle = len(data) // 2
    broken = {
        "cut": data[:middle],
        "flipped": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
        "empty": b"",
        "text": b"no index" * 4096,
    }
    file.path.write_bytes(broken[damage])
    with capture_logs() as logs:
        live = _live(ctx, file)
    assert [(line["event"], line["file"]) for line in logs] == [
        ("index_file_not_used", "live-index.snapshot")
    ]
    assert (_found(live, 1), live.position) == (1, 1)
    assert not file.path.exists()
    live.stop()
    assert file.path.stat().st_mode & 0o077 == 0


def test_the_file_of_another_installation_is_not_used(ctx: Context, tmp_path: Path) -> None:
    report(ctx, image(pdq_value(1)))
    _live(ctx, IndexFile.of(tmp_path, KEYS)).stop()
    strange = IndexFile.of(tmp_path, Keys(master=b"x" * 32, signing=KEYS.signing))
    with capture_logs() as logs:
        assert _found(_live(ctx, strange), 1) == 1
    assert [line["event"] for line in logs] == ["index_file_not_used"]


def test_a_file_ahead_of_the_bank_is_not_used(ctx: Context, file: IndexFile) -> None:
    """The database was restored from a backup: what the file knows more never happened."""
    report(ctx, image(pdq_value(1)))
    live = _live(ctx, file)
    live._index.add([(99, [pdq_value(9)])])
    file.save(live._index, 5)
    with capture_logs() as logs:
        live = _live(ctx, file)
    assert [line["reason"] for line in logs] == ["it is ahead of the bank"]
    assert (_found(live, 1), _found(live, 9)) == (1, 0)


def test_nothing_that_can_be_read_stands_in_it(ctx: Context, file: IndexFile) -> None:
    report(ctx, image(pdq_value(1)))
    _live(ctx, file).stop()
    assert pdq_value(1).value[:8] not in file.path.read_bytes()
    assert KEYS.master not in file.path.read_bytes()
    assert repr(file.sealing_key) not in repr(file)


def test_what_was_withdrawn_leaves_the_file_within_a_minute(
    ctx: Context, file: IndexFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = report(ctx, image(pdq_value(1)))
    live = _live(ctx, file)
    live._save()
    withdraw_item(ctx, person(opened), item_id=opened.case.items[0].id)
    monkeypatch.setattr(_follow, "_SAVE_EVERY_S", 0.0)
    live.start()
    live.stop()
    index, position = file.load(head=2)
    assert (len(index), position) == (0, 2)


def test_a_folder_that_cannot_be_written_stops_nothing(ctx: Context, tmp_path: Path) -> None:
    report(ctx, image(pdq_value(1)))
    live = _live(ctx, IndexFile.of(tmp_path / "missing", KEYS))
    with capture_logs() as logs:
        live.stop()
    assert [line["event"] for line in logs] == ["index_file_not_written"]
