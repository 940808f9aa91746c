# SPDX-License-Identifier: Apache-2.0
"""The file of a snapshot: columns of bytes and a table of contents, plain or sealed.

    first page        magic, version, form, salt, where the table of contents stands, checksums
    then              the columns, each as blocks one after the other
    at the end        the table of contents, canonical JSON

Of a plain file every column begins at a page, has a CRC-32 and is used where it lies (`mmap`). The
blocks of a sealed one, the table of contents among them, are under AES-256-GCM (NIST SP 800-38D) with
a key made for this file from the sealing key and the salt (HKDF, RFC 5869); the nonce is the block's
number. Every byte of either form is covered, those between the columns included.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import secrets
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from haechi.errors import DamagedSnapshot

__all__ = ["Reader", "Writer"]

_PAGE: Final = 4096
_MAGIC: Final = b"HAECHIIX"
_VERSION: Final = 1
_KEY_BYTES: Final = 32
_TAG_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_FORM: Final = struct.Struct("<8sII32s")
_PLACE: Final = struct.Struct("<QQQI")
_CHECK: Final = struct.Struct("<I")


def _cipher(sealing_key: bytes | None, salt: bytes) -> AESGCM | None:
    if sealing_key is None:
        return None
    if len(sealing_key) != _KEY_BYTES:
        raise ValueError("a sealing key has 32 bytes")
    made = HKDF(SHA256(), _KEY_BYTES, salt, b"haechi index snapshot").derive(sealing_key)
    return AESGCM(made)


def _bytes_of(column: NDArray[Any]) -> memoryview:
    """What an array holds, in place; a memoryview of no bytes cannot be cast."""
    return memoryview(column.reshape(-1).view(np.uint8).data)


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")


class Writer:
    """Writes one file from its beginning to its end: columns, then `finish`."""

    def __init__(self, file: BinaryIO, sealing_key: bytes | None) -> None:
        salt = secrets.token_bytes(32)
        self._file = file
        self._cipher = _cipher(sealing_key, salt)
        self._form = _FORM.pack(_MAGIC, _VERSION, self._cipher is not None, salt)
        self._blocks = 0
        file.write(bytes(_PAGE))

    def column(self, blocks: Iterable[NDArray[Any]], block_bytes: int) -> dict[str, int]:
        """Write a column, given as blocks of `block_bytes` but for the last; how to find it again."""
        place = {"offset": self._file.tell(), "first": self._blocks, "block_bytes": block_bytes}
        check = 0
        for block in blocks:
            data = _bytes_of(np.ascontiguousarray(block))
            check = zlib.crc32(data, check)
            self._file.write(self._sealed(data, self._form))
        if self._cipher is None:
            padding = bytes(-self._file.tell() % _PAGE)
            self._file.write(padding)
            place["crc32"] = zlib.crc32(padding, check)
        return place

    def finish(self, contents: dict[str, Any]) -> None:
        """Write the table of contents, and then the first page that makes the file a whole one."""
        data = json.dumps(contents, sort_keys=True, separators=(",", ":")).encode()
        start, number = self._file.tell(), self._blocks
        stored = len(data) + (_TAG_BYTES if self._cipher else 0)
        place = struct.pack("<QQQ", start, stored, number)
        written = self._sealed(data, self._form + place)
        self._file.write(written)
        page = (self._form + place + _CHECK.pack(zlib.crc32(written))).ljust(_PAGE - 4, b"\0")
        self._file.seek(0)
        self._file.write(page + _CHECK.pack(zlib.crc32(page)))

    def _sealed(self, data: Any, bound_to: bytes) -> Any:
        if self._cipher is None:
            return data
        self._blocks += 1
        return self._cipher.encrypt(_nonce(self._blocks - 1), data, bound_to)


class Reader:
    """Opens a file and gives its columns; `contents` is its table of contents, JSON not yet read.

    Raises:
        FileNotFoundError: there is none. DamagedSnapshot: it is not as it was written, or not for
            this key. ValueError: the key has another length.
    """

    def __init__(self, path: Path, sealing_key: bytes | None) -> None:
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < _PAGE:
                    raise DamagedSnapshot(reason="it is cut short, or something else")
                # Private to this process: what is written to the arrays never reaches the file.
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DamagedSnapshot(reason="the file cannot be read") from error
        self._data = memoryview(self._map)
        self._read_first_page(sealing_key)

    def _read_first_page(self, sealing_key: bytes | None) -> None:
        page = self._data[:_PAGE]
        magic, version, is_sealed, salt = _FORM.unpack_from(page)
        if magic != _MAGIC:
            raise DamagedSnapshot(reason="it is something else")
        if zlib.crc32(page[:-4]) != _CHECK.unpack(page[-4:])[0]:
            raise DamagedSnapshot(reason="its first page is damaged")
        if version != _VERSION:
            raise DamagedSnapshot(reason="another version of Haechi wrote it")
        if bool(is_sealed) != (sealing_key is not None):
            state = "it is sealed, and there is no key" if is_sealed else "it is not sealed"
            raise DamagedSnapshot(reason=state)
        self._form = bytes(page[: _FORM.size])
        self._cipher = _cipher(sealing_key, salt)
        start, stored, number, check = _PLACE.unpack_from(page, _FORM.size)
        self._end = start
        if start + stored != len(self._data):
            raise DamagedSnapshot(reason="it is cut short, or something follows it")
        written = self._data[start:]
        if zlib.crc32(written) != check:
            raise DamagedSnapshot(reason="its table of contents is damaged")
        place = struct.pack("<QQQ", start, stored, number)
        room = bytearray(max(0, stored - (_TAG_BYTES if self._cipher else 0)))
        self._open(written, number, self._form + place, memoryview(room))
        self.contents = bytes(room)

    def column(self, place: dict[str, int], dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
        """The column that was written with this `place`; checked, and free to be written to."""
        count = math.prod(shape)
        size = count * np.dtype(dtype).itemsize
        offset = place["offset"]
        if offset < _PAGE or size < 0 or offset + size > self._end:
            raise DamagedSnapshot(reason="its table of contents makes no sense")
        if self._cipher is not None:
            column = np.empty(shape, dtype=dtype)
            self._open_blocks(place, _bytes_of(column))
            return column
        end = offset + size
        if offset % _PAGE or zlib.crc32(self._data[offset : end + -end % _PAGE]) != place["crc32"]:
            raise DamagedSnapshot(reason="its contents are damaged")
        return np.frombuffer(self._map, dtype, count=count, offset=offset).reshape(shape)

    def _open_blocks(self, place: dict[str, int], out: memoryview) -> None:
        at, step = place["offset"], place["block_bytes"]
        if step < 1:
            raise DamagedSnapshot(reason="its table of contents makes no sense")
        for number, start in enumerate(range(0, len(out), step), place["first"]):
            room = out[start : start + step]
            sealed = self._data[at : at + len(room) + _TAG_BYTES]
            at += len(sealed)
            self._open(sealed, number, self._form, room)

    def _open(self, stored: memoryview, number: int, bound_to: bytes, room: memoryview) -> None:
        """Put what is stored in a block into `room`."""
        if self._cipher is None:
            room[:] = stored
            return
        try:
            self._cipher.decrypt_into(_nonce(number), stored, bound_to, room)
        except (InvalidTag, ValueError) as error:
            reason = "it was sealed with another key, or its contents are damaged"
            raise DamagedSnapshot(reason=reason) from error
