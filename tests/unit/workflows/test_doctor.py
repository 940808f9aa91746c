# SPDX-License-Identifier: Apache-2.0
"""What the doctor finds: on nothing, on a good installation, and on every way of breaking one."""

from __future__ import annotations

from pathlib import Path

import pytest
from installations import KEYS, image, pdq_value, report
from sqlalchemy import delete, text, update

from haechi.audit._tables import audit_event, audit_head
from haechi.bank._tables import content_signal
from haechi.settings import Settings
from haechi.storage import Database
from haechi.workflows import Finding, _doctor, examine, open_context, upkeep

NAMES = [
    "Python",
    "packages",
    "fingerprints",
    "data folder",
    "keys",
    "database",
    "bank",
    "audit log",
]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures, which one test looks at."""
    monkeypatch.setattr(_doctor, "_fingerprints", lambda _: "not looked at")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_folder=tmp_path / "data")


@pytest.fixture
def begun(settings: Settings, quick: None) -> Settings:
    """A good installation with one case in it."""
    with open_context(settings, follows=False) as ctx:
        report(ctx, image(pdq_value(1)), image(pdq_value(2)))
    return settings


def _wrong(settings: Settings) -> dict[str, Finding]:
    findings = examine(settings)
    assert [finding.name for finding in findings] == NAMES
    return {finding.name: finding for finding in findings if not finding.is_right}


def _tree(folder: Path) -> dict[Path, object]:
    return {path: path.read_bytes() if path.is_file() else "folder" for path in folder.rglob("*")}


def test_nothing_yet_is_right_and_stays_nothing(settings: Settings, tmp_path: Path) -> None:
    """With the pictures: every format decodes apart and hashes alike on this machine."""
    findings = examine(settings)
    assert [finding.name for finding in findings if not finding.is_right] == []
    assert "PNG, JPEG, WEBP, AVIF, HEIF" in findings[2].detail
    assert list(tmp_path.iterdir()) == []


def test_a_good_installation_is_right_and_not_changed(begun: Settings, tmp_path: Path) -> None:
    before = _tree(tmp_path)
    findings = examine(begun)
    assert all(finding.is_right for finding in findings)
    assert findings[5].detail == "revision 0004"
    assert findings[6].detail == "2 contents are matched, 2 changes in the feed"
    assert findings[7].detail.startswith("1 lines, each as it was written; 0 noted")
    assert _tree(tmp_path) == before


@pytest.mark.usefixtures("quick")
def test_a_database_elsewhere_is_not_begun_by_looking(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/elsewhere/haechi.sqlite3"
    assert _wrong(Settings(data_folder=tmp_path / "data", database_url=url)) == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("quick")
def test_an_empty_server_is_right(empty_store_url: str, tmp_path: Path) -> None:
    settings = Settings(
        data_folder=tmp_path / "d", key_folder=tmp_path / "k", database_url=empty_store_url
    )
    before = _tree(tmp_path)
    assert _wrong(settings) == {}
    assert _tree(tmp_path) == before


@pytest.mark.parametrize("name", ["master.key", "signing.key"])
def test_a_lost_key_is_found_and_not_replaced(begun: Settings, name: str) -> None:
    (begun.resolved_key_folder / name).unlink()
    wrong = _wrong(begun)
    assert f"{name} is missing" in wrong["keys"].detail
    assert "do not make new keys" in wrong["keys"].advice
    assert not (begun.resolved_key_folder / name).exists()


def test_all_keys_lost_is_found(begun: Settings) -> None:
    for path in begun.resolved_key_folder.iterdir():
        path.unlink()
    begun.resolved_key_folder.rmdir()
    assert set(_wrong(begun)) == {"keys", "bank", "audit log"}
    assert not begun.resolved_key_folder.exists()


def test_keys_of_another_installation_are_found(begun: Settings) -> None:
    (begun.resolved_key_folder / "master.key").write_bytes(KEYS.master)
    wrong = _wrong(begun)
    assert set(wrong) == {"bank"}
    assert "right key folder" in wrong["bank"].detail


@pytest.mark.usefixtures("quick")
def test_keys_of_another_installation_are_found_before_the_first_case(settings: Settings) -> None:
    with open_context(settings, follows=False):
        pass
    (settings.resolved_key_folder / "master.key").write_bytes(KEYS.master)
    assert set(_wrong(settings)) == {"bank"}


def test_keys_that_others_can_read_are_found(begun: Settings) -> None:
    (begun.resolved_key_folder / "signing.key").chmod(0o644)
    assert "chmod 600" in _wrong(begun)["keys"].detail


def test_a_data_folder_that_everybody_can_write_is_found(begun: Settings) -> None:
    begun.data_folder.chmod(0o777)
    assert set(_wrong(begun)) == {"data folder"}
    begun.data_folder.chmod(0o700)


def test_a_broken_content_is_counted(begun: Settings) -> None:
    with Database(begun.resolved_database_url) as database, database.write() as tx:
        tx.execute(update(content_signal).where(content_signal.c.id == 1).values(sealed=b""))
    wrong = _wrong(begun)
    assert set(wrong) == {"bank"}
    assert "1 contents cannot be opened" in wrong["bank"].detail


def test_a_file_that_is_no_database_is_found(begun: Settings) -> None:
    path = begun.data_folder / "haechi.sqlite3"
    path.write_bytes(b"no database" * 500)
    wrong = _wrong(begun)
    assert set(wrong) == {"database", "bank", "audit log"}
    assert "HAECHI_DATABASE_URL" in wrong["database"].advice
    assert path.read_bytes() == b"no database" * 500


def test_a_database_of_another_version_is_found(begun: Settings) -> None:
    with Database(begun.resolved_database_url) as database, database.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    wrong = _wrong(begun)
    assert set(wrong) == {"database", "bank", "audit log"}
    assert "newer version" in wrong["database"].detail
    assert "version of Haechi" in wrong["database"].advice


@pytest.mark.usefixtures("quick")
def test_a_folder_where_the_database_should_be_is_found(settings: Settings) -> None:
    (settings.data_folder / "haechi.sqlite3").mkdir(parents=True)
    wrong = _wrong(settings)
    assert {"database", "bank", "audit log"} <= set(wrong)
    assert "something else" in wrong["database"].detail
    assert all(finding.advice for finding in wrong.values())


def test_a_table_that_is_gone_is_found(begun: Settings) -> None:
    with Database(begun.resolved_database_url) as database, database.write() as tx:
        tx.execute(text("DROP TABLE feed_change"))
    assert set(_wrong(begun)) == {"bank"}


@pytest.mark.usefixtures("quick")
def test_a_url_that_is_none_is_found_and_its_password_not_shown(tmp_path: Path) -> None:
    for url in (
        "nonsense", "mysql://u:open-sesame@h/d", "postgresql://u:open-sesame@/d?host=/nowhere",
    ):  # fmt: skip
        wrong = _wrong(Settings(data_folder=tmp_path, database_url=url))
        assert "database" in wrong
        assert "open-sesame" not in repr(wrong)


@pytest.mark.parametrize("error", [KeyError("AVIF"), ImportError("x"), OSError("x")])
def test_codecs_that_do_not_work_are_a_finding(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(_: Settings) -> str:
        raise error

    monkeypatch.setattr(_doctor, "_fingerprints", broken)
    wrong = _wrong(settings)
    assert set(wrong) == {"fingerprints"}
    assert "Reinstall" in wrong["fingerprints"].advice


def test_what_is_wrong_always_says_what_to_do(begun: Settings) -> None:
    (begun.data_folder / "haechi.sqlite3").write_bytes(b"x" * 5000)
    begun.data_folder.chmod(0o777)
    (begun.resolved_key_folder / "master.key").unlink()
    wrong = _wrong(begun)
    assert set(wrong) == {"data folder", "keys", "database", "bank", "audit log"}
    assert all(finding.advice.endswith(".") for finding in wrong.values())


def test_a_log_that_was_altered_is_found(begun: Settings) -> None:
    with Database(begun.resolved_database_url) as database, database.write() as tx:
        tx.execute(update(audit_event).values(actor_id="somebody"))
    wrong = _wrong(begun)
    assert set(wrong) == {"audit log"}
    assert "at line 1 of the audit log, a line was altered" in wrong["audit log"].detail


def test_a_log_that_was_emptied_is_found_by_what_upkeep_noted(begun: Settings) -> None:
    with open_context(begun, follows=False) as ctx:
        upkeep(ctx)
    assert "1 noted outside" in examine(begun)[7].detail
    with Database(begun.resolved_database_url) as database, database.write() as tx:
        tx.execute(delete(audit_event))
        tx.execute(update(audit_head).values(seq=0, digest=bytes(32)))
    wrong = _wrong(begun)
    assert set(wrong) == {"audit log"}
    assert "lines at the end are missing" in wrong["audit log"].detail


def test_noted_ends_that_were_altered_are_found(begun: Settings) -> None:
    (begun.data_folder / "audit-heads.txt").write_text("1 00 00\n")
    assert set(_wrong(begun)) == {"audit log"}
