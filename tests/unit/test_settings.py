# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest

from haechi.errors import BadSetting
from haechi.settings import (
    ENV_PREFIX,
    PARTNER_TOKEN_VARIABLE,
    SERVICE_URL_VARIABLE,
    Settings,
    load_settings,
    setting_rows,
    settings_as_variables,
)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load_settings({}) == Settings()
    assert load_settings({"PATH": "/bin", "OTHER_PORT": "1"}) == Settings()


def test_every_setting_has_a_variable() -> None:
    texts = {
        item.name: "5" if item.type == "int" else f"/some/{item.name}" for item in fields(Settings)
    }
    loaded = load_settings({ENV_PREFIX + name.upper(): text for name, text in texts.items()})
    for item in fields(Settings):
        value = getattr(loaded, item.name)
        assert str(value) == texts[item.name]
        assert isinstance(value, Path) == ("Path" in str(item.type))


def test_a_misspelt_variable_is_found_at_the_start() -> None:
    with pytest.raises(BadSetting, match="HAECHI_PROT cannot be used: there is no such setting"):
        load_settings({"HAECHI_PROT": "8000"})


@pytest.mark.parametrize("text", ["", "eight", "8.5", "0x10", "8000;", "1e3"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(
        BadSetting, match="HAECHI_PORT cannot be used: it needs to be a whole number"
    ):
        load_settings({"HAECHI_PORT": text})


@pytest.mark.parametrize(
    "item", [item for item in fields(Settings) if item.type == "int"], ids=lambda item: item.name
)
def test_every_number_has_a_least_value(item: object) -> None:
    variable = ENV_PREFIX + item.name.upper()
    least = item.metadata["least"]
    assert least is not None
    assert getattr(load_settings({variable: str(least)}), item.name) == least
    with pytest.raises(BadSetting, match=f"at least {least}"):
        load_settings({variable: str(least - 1)})
    assert item.default >= least


@pytest.mark.parametrize("variable", ["HAECHI_KEY_FOLDER", "HAECHI_DATA_FOLDER"])
def test_an_empty_path_is_not_the_working_folder(variable: str) -> None:
    assert load_settings({variable: ""}) == Settings()


def test_the_command_line_stands_above_the_environment() -> None:
    loaded = load_settings({"HAECHI_PORT": "1", "HAECHI_HOST": "::1"}, port=2, host=None)
    assert (loaded.port, loaded.host) == (2, "::1")


@pytest.mark.parametrize(("name", "value"), [("port", 0), ("port", -1), ("upload_max_mib", 0)])
def test_the_command_line_has_the_same_least_values(name: str, value: int) -> None:
    with pytest.raises(BadSetting, match=f"{name} cannot be used: it needs to be at least 1"):
        load_settings({}, **{name: value})


def test_the_token_of_a_partner_is_known_and_no_setting() -> None:
    of_others = {
        PARTNER_TOKEN_VARIABLE: "hp_secret",
        SERVICE_URL_VARIABLE: "https://haechi.example",
    }
    assert load_settings(of_others) == Settings()


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(
            data_folder=Path("/d"), key_folder=Path("/k"), database_url="sqlite:////x", port=4711
        ),
    ],
)
def test_a_child_reads_the_very_same_settings(settings: Settings) -> None:
    assert load_settings(settings_as_variables(settings)) == settings


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAECHI_PORT", "4711")
    assert load_settings().port == 4711


def test_the_store_is_in_the_data_folder_unless_said_otherwise(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path)
    assert settings.resolved_database_url == f"sqlite:///{tmp_path}/haechi.sqlite3"
    assert settings.resolved_key_folder == tmp_path / "keys"
    other = Settings(key_folder=tmp_path / "k", database_url="postgresql:///haechi")
    assert other.resolved_key_folder == tmp_path / "k"
    assert other.resolved_database_url == "postgresql:///haechi"


def test_a_relative_data_folder_is_where_the_program_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert f"sqlite:///{tmp_path}/data/" in Settings().resolved_database_url


def test_the_password_in_a_database_url_does_not_show() -> None:
    settings = Settings(database_url="postgresql://haechi:open-sesame@db/haechi")
    assert "open-sesame" not in repr(settings)


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().port = 3  # type: ignore[misc]


def test_no_statutory_clock_can_be_configured() -> None:
    for item in fields(Settings):
        words = f"{item.name} {item.metadata['help']}".lower()
        for forbidden in ("statut", "notice period", "48", "deadline", "clock"):
            assert forbidden not in words


_UNITS = ("min", "mib", "ms", "s", "hour", "day", "days", "processes")


def test_the_table_has_a_row_for_every_setting() -> None:
    rows = setting_rows()
    names = [ENV_PREFIX + item.name.upper() for item in fields(Settings)]
    assert [row[0] for row in rows] == [*names, PARTNER_TOKEN_VARIABLE, SERVICE_URL_VARIABLE]
    assert all(help_text.endswith(".") for *_, help_text in rows)
    for (_, _, unit, _), item in zip(rows[:-2], fields(Settings), strict=True):
        has_unit_in_name = item.name.rpartition("_")[2] in _UNITS
        assert bool(unit) == has_unit_in_name
