# SPDX-License-Identifier: Apache-2.0
"""What the staff notes of a content: sealed under the content's own key, and erased with it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select, update

from haechi.bank._tables import content
from haechi.errors import MalformedField, NotFound
from haechi.storage import KeyId, Vault
from haechi.values import ContentStatus

MOST_NOTE_CHARACTERS: Final = 500


def sealed_note(
    tx: Connection, vault: Vault, key_id: KeyId, content_id: str, note: str
) -> bytes | None:
    """The note as it is stored; None for an empty one.

    Raises:
        MalformedField: it is too long.
    """
    if len(note) > MOST_NOTE_CHARACTERS:
        raise MalformedField(
            field="note", reason=f"A note has at most {MOST_NOTE_CHARACTERS} characters."
        )
    if not note:
        return None
    return vault.seal(tx, key_id, note.encode(), context=_context(content_id))


def set_note(tx: Connection, vault: Vault, content_id: str, note: str) -> None:
    """Note this of the content in place of what was noted; nothing for an empty one.

    Raises:
        NotFound: no such content, or it is withdrawn. MalformedField: it is too long.
    """
    row = tx.execute(
        select(content.c.key_id, content.c.status).where(content.c.id == content_id)
    ).one_or_none()
    if row is None or row.status == ContentStatus.WITHDRAWN.value:
        raise NotFound
    tx.execute(
        update(content)
        .where(content.c.id == content_id, content.c.status != ContentStatus.WITHDRAWN.value)
        .values(sealed_note=sealed_note(tx, vault, row.key_id, content_id, note))
    )


def note_of(tx: Connection, vault: Vault, content_id: str) -> str:
    """What is noted of the content; empty where nothing is, or where its key was destroyed.

    Raises:
        NotFound: no such content.
    """
    row = tx.execute(
        select(content.c.key_id, content.c.sealed_note).where(content.c.id == content_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    if row.sealed_note is None:
        return ""
    (note,) = vault.open_many(tx, [(row.key_id, row.sealed_note, _context(content_id))])
    return "" if note is None else note.decode(errors="replace")


def _context(content_id: str) -> str:
    return f"note:{content_id}"
