"""Settings: file, environment over it, options over both; what cannot be used is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchtui.settings import Settings, SettingsError


def file_with(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "branchtui.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_options_stand_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    """code.md: one typed settings object (file, environment, options)."""
    file = file_with(
        tmp_path, 'ledger = "https://file.example"\nuser = "file"\nca_file = "/ca.pem"\nclipboard = true\n'
    )
    environment = {"BRANCHTUI_USER": "environment", "BRANCHTUI_LEDGER": "https://environment.example"}
    settings = Settings.load(ledger="https://option.example", environment=environment, file=file)
    assert settings == Settings(
        ledger="https://option.example", user="environment", ca_file=Path("/ca.pem"), clipboard=True
    )


def test_the_minutes_of_the_idle_lock_are_a_setting(tmp_path: Path) -> None:
    """SEC-5: five, unless the operator says otherwise; a text of the environment is read as a number."""
    assert Settings.load(environment={}, file=file_with(tmp_path, "")).idle_lock_minutes == 5
    environment = {"BRANCHTUI_IDLE_LOCK_MINUTES": "12"}
    file = file_with(tmp_path, "idle_lock_minutes = 3")
    assert Settings.load(environment=environment, file=file).idle_lock_minutes == 12
    assert Settings.load(environment={}, file=file).idle_lock_minutes == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('ca_fil = "/ca.pem"', "ca_fil"),
        ("ascii_only = 3", "true or false"),
        ("ledger = 7", "must be text"),
        ("ledger = ", "cannot be read"),
        ("idle_lock_minutes = 0", "1 to 60"),
        ("idle_lock_minutes = 61", "1 to 60"),
        ("idle_lock_minutes = true", "1 to 60"),
    ],
)
def test_a_setting_that_cannot_be_used_is_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    """A misspelt `ca_file` must not mean that any authority is trusted."""
    with pytest.raises(SettingsError, match=says):
        Settings.load(environment={}, file=file_with(tmp_path, text))


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    """A missing file of one's own choosing is a mistake, a missing default file is none."""
    with pytest.raises(SettingsError, match="no settings file"):
        Settings.load(environment={}, file=tmp_path / "absent.toml")
