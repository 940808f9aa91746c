# SPDX-License-Identifier: Apache-2.0
"""What `haechi doctor` looks at: each finding says what is right, or what to do."""

from __future__ import annotations

import io
import platform
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from haechi.audit import Broken, HeadFile, check_chain
from haechi.bank import changes_after
from haechi.errors import BrokenStore, HaechiError
from haechi.media import Decoder, Limits
from haechi.settings import Settings
from haechi.signals import distance_bits, pdq
from haechi.storage import Database, Vault, load_keys

_MANDELBROT_EXTENT: Final = (-2.0, -1.5, 1.0, 1.5)
_SELF_TEST_MAX_BITS: Final = 10
_DATABASE_ADVICE: Final = (
    "Check HAECHI_DATABASE_URL and that the database is one of this version of Haechi."
)
_BANK_ADVICE: Final = (
    "See to the database first; else restore it from your backup, or withdraw the broken contents."
)
_AUDIT_ADVICE: Final = (
    "Somebody changed the log behind our back, or it was restored from a backup: keep the database, "
    "audit-heads.txt and the backups as they are, and compare them."
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; `advice` says what to do when it is not right."""

    name: str
    is_right: bool
    detail: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Everything that this installation needs, looked at; never changes anything.

    An empty data folder is right: it is filled at the first start.
    """
    looks: list[tuple[str, Callable[[Settings], str], str]] = [
        ("Python", _python, ""),
        ("packages", _packages, "Run make run again, or reinstall the locked packages."),
        ("fingerprints", _fingerprints, "Reinstall: the picture codecs do not work here."),
        ("data folder", _data_folder, "Choose another HAECHI_DATA_FOLDER, or make it writable."),
        ("keys", _keys, "Restore the key folder from your backup; do not make new keys."),
        ("database", _database, _DATABASE_ADVICE),
        ("bank", _bank, _BANK_ADVICE),
        ("audit log", _audit_log, _AUDIT_ADVICE),
    ]
    findings = []
    for name, look, advice in looks:
        try:
            findings.append(Finding(name, is_right=True, detail=look(settings)))
        except HaechiError as error:
            findings.append(Finding(name, is_right=False, detail=error.sentence, advice=advice))
        except (OSError, ImportError, KeyError, SQLAlchemyError) as error:
            findings.append(
                Finding(name, is_right=False, detail=type(error).__name__, advice=advice)
            )
    return findings


def _python(settings: Settings) -> str:  # noqa: ARG001  # every look has the same form
    return platform.python_version()


def _packages(settings: Settings) -> str:  # noqa: ARG001
    names = ("numba", "pillow", "simplejpeg", "litestar", "granian", "sqlalchemy")
    return ", ".join(f"{name} {version(name)}" for name in names)


def _fingerprints(settings: Settings) -> str:
    """One drawn picture in every format: each must decode apart and hash to the same value."""
    from PIL import Image
    from pillow_heif import register_heif_opener

    register_heif_opener()
    drawn = Image.effect_mandelbrot((320, 240), _MANDELBROT_EXTENT, 100).convert("RGB")
    values = {}
    with Decoder(Limits(timeout_s=settings.decode_timeout_s)) as decoder:
        for name in ("PNG", "JPEG", "WEBP", "AVIF", "HEIF"):
            written = io.BytesIO()
            drawn.save(written, name, quality=95)
            values[name] = pdq(decoder.picture(written.getvalue()))
    for name, value in values.items():
        if distance_bits(value, values["PNG"]) > _SELF_TEST_MAX_BITS:
            raise BrokenStore(reason=f"the fingerprint of a {name} picture is not as it should be")
    return f"the same in {', '.join(values)}, decoded in a process of its own"


def _data_folder(settings: Settings) -> str:
    folder = settings.data_folder.absolute()
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        # Asking the permission bits is not enough: a disk may be full or read-only.
        with tempfile.TemporaryFile(dir=existing) as trial:
            trial.write(b"haechi")
    except OSError as error:
        raise BrokenStore(reason="it cannot be written") from error
    if not folder.exists():
        return "not there yet; it is made at the first start"
    if folder.stat().st_mode & 0o002:
        raise BrokenStore(reason="everybody can write to it; run chmod 700 on it")
    return "writable"


def _keys(settings: Settings) -> str:
    has_none = not any(settings.resolved_key_folder.glob("*.key"))
    if has_none and _revision(settings) is None:
        return "none yet; they are made at the first start"
    load_keys(settings.resolved_key_folder, may_create=False)
    return "there, and readable by their owner only"


def _revision(settings: Settings) -> str | None:
    """The revision of the tables; None if there are none. Looking must not begin a database.

    Raises:
        BrokenStore, BadSetting: it cannot be used, or this program does not know its revision.
    """
    url = settings.resolved_database_url
    if not Database.is_there(url):
        file = make_url(url).database
        if file and Path(file).exists():
            raise BrokenStore(reason="where the database file should be is something else")
        return None
    with Database(url) as database:
        return database.revision()


def _database(settings: Settings) -> str:
    revision = _revision(settings)
    return f"revision {revision}" if revision else "none yet; it is made at the first start"


def _bank(settings: Settings) -> str:
    if _revision(settings) is None:
        return "empty"
    vault = Vault(load_keys(settings.resolved_key_folder, may_create=False).master)
    with Database(settings.resolved_database_url) as database:
        return _count_contents(database, vault)


def _count_contents(database: Database, vault: Vault) -> str:
    active: set[int] = set()
    broken: set[int] = set()
    position = 0
    with database.read() as tx:
        vault.fits(tx)
        while changes := changes_after(tx, vault, position):
            position = changes[-1].seq
            for change in changes:
                (active.add if change.signals else active.discard)(change.entry_id)
                if not change.is_readable:
                    broken.add(change.entry_id)
    if broken:
        raise BrokenStore(reason=f"{len(broken)} contents cannot be opened with these keys")
    return f"{len(active)} contents are matched, {position} changes in the feed"


def _audit_log(settings: Settings) -> str:
    if _revision(settings) is None:
        return "empty"
    keys = load_keys(settings.resolved_key_folder, may_create=False)
    known = HeadFile.of(settings.data_folder, keys).read()
    with Database(settings.resolved_database_url) as database, database.read() as tx:
        found = check_chain(tx, known=known)
    if isinstance(found, Broken):
        raise BrokenStore(reason=f"at line {found.seq} of the audit log, {found.reason}")
    return f"{found.seq} lines, each as it was written; {len(known)} noted outside the database"
