# SPDX-License-Identifier: Apache-2.0
"""A state of the index written down and taken up again; see `_snapshot_file` for the form.

Only living rows are written, and no postings: these are built anew in less time than it takes to read
them from a disk, the file is a quarter as large, and nothing in it can lead a search astray.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from haechi.errors import BrokenStore, DamagedSnapshot
from haechi.match._columns import WORDS, Rows
from haechi.match._kinds import RING_OF, Kind
from haechi.match._plan import Ring
from haechi.match._segment import Delta, build_segment
from haechi.match._snapshot_file import Reader, Writer
from haechi.match._store import State
from haechi.match._table import Sizes, Table

__all__ = ["load_state", "save_state"]

_BLOCK_ROWS: Final = 1 << 15
_COLUMNS: Final = {
    "entry_ids": ("<i8", 1),
    "values": ("<u8", WORDS),
    "payloads": ("<u8", 1),
    "groups": ("<u2", 1),
}
"""The name, the type and the width of each column, in the order of `Rows`."""

_NONSENSE: Final = (LookupError, TypeError, ValueError, OverflowError, RecursionError)
"""What reading a table of contents meets that is not as it was written."""


def save_state(
    state: State, path: Path, *, position: int, sealing_key: bytes | None = None
) -> None:
    """Write the rows that a reader of this state sees. See `Index.save`."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            writer = Writer(file, sealing_key)
            tables = {kind: _write_table(writer, state, kind) for kind in Kind}
            writer.finish({"entries": state.entries, "position": position, "tables": tables})
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise BrokenStore(reason="the snapshot of the index cannot be written") from error
    finally:
        beside.unlink(missing_ok=True)


def load_state(path: Path, *, sealing_key: bytes | None, sizes: Sizes) -> tuple[State, int]:
    """The state that was written, and the position that was written with it. See `Index.load`."""
    reader = Reader(path, sealing_key)
    try:
        contents = json.loads(reader.contents)
        entries, position = _number(contents["entries"]), _number(contents["position"])
        tables = {
            kind: _read_table(reader, contents["tables"][kind.value], RING_OF[kind], sizes)
            for kind in Kind
        }
    except _NONSENSE as error:
        raise DamagedSnapshot(reason="its table of contents makes no sense") from error
    return State(0, entries, tables), position


def _write_table(writer: Writer, state: State, kind: Kind) -> list[dict[str, Any]]:
    table = state.tables[kind]
    parts = [
        _write_rows(writer, segment.rows, np.flatnonzero(segment.died > state.epoch))
        | {"are_distinct": len(segment.postings.twins) == 0}
        for segment in table.segments
    ]
    newest = table.delta.living(table.delta_rows, state.epoch).sorted()
    parts.append(_write_rows(writer, newest, np.arange(len(newest))) | {"are_distinct": False})
    return [part for part in parts if part["rows"]]


def _write_rows(writer: Writer, rows: Rows, places: NDArray[np.intp]) -> dict[str, Any]:
    columns = {}
    for (name, (dtype, width)), column in zip(_COLUMNS.items(), rows.columns, strict=True):
        block_bytes = _BLOCK_ROWS * width * np.dtype(dtype).itemsize
        columns[name] = writer.column(
            _blocks(column.astype(dtype, copy=False), places), block_bytes
        )
    return {"rows": len(places), "columns": columns}


def _blocks(column: NDArray[Any], places: NDArray[np.intp]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(places), _BLOCK_ROWS):
        yield column[places[start : start + _BLOCK_ROWS]]


def _number(untrusted: Any) -> int:
    if type(untrusted) is not int:
        raise TypeError
    return untrusted


def _read_table(reader: Reader, parts: Any, ring: Ring, sizes: Sizes) -> Table:
    segments, delta, delta_rows = [], Delta(sizes.delta_rows), 0
    if not isinstance(parts, list):
        raise TypeError
    for part in parts:
        rows = _read_rows(reader, part)
        if delta_rows + len(rows) <= sizes.delta_rows:
            delta.write(delta_rows, rows)
            delta_rows += len(rows)
        else:
            are_distinct = part["are_distinct"] is True
            threads = os.cpu_count() or 1
            segments.append(build_segment(rows, ring, threads=threads, are_distinct=are_distinct))
    return Table(ring, tuple(segments), delta, delta_rows)


def _read_rows(reader: Reader, part: Any) -> Rows:
    count = _number(part["rows"])
    columns = [
        reader.column(part["columns"][name], dtype, (count, width) if width > 1 else (count,))
        for name, (dtype, width) in _COLUMNS.items()
    ]
    rows = Rows(*columns)
    if (rows.entry_ids[1:] < rows.entry_ids[:-1]).any():
        raise DamagedSnapshot(reason="its rows are not in order")
    return rows


def _sync_folder(path: Path) -> None:
    """A power cut must not take the name of a file whose contents are on disk already."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
