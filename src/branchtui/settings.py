"""What the program needs to know before it starts: one typed object, from file, environment and options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal, Self

_FILE_NAME: Final = "branchtui.toml"
_PREFIX: Final = "BRANCHTUI_"
_PATHS: Final = frozenset(
    {"ca_file", "client_cert_file", "client_key_file", "import_folder", "print_folder", "state_folder"}
)
_WORDS: Final = {"list_mark": ("auto", "bar", "arrow"), "printer": ("none", "terminal", "file", "command")}
_NUMBERS: Final = {"idle_lock_minutes": (1, 60), "print_columns": (40, 80), "print_feed": (0, 20)}
_SWITCHES: Final = frozenset(
    {"ascii_only", "clipboard", "print_at_once", "print_utf8", "refuse_root", "slow_line"}
)
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})


class SettingsError(ValueError):
    """The settings cannot be used; `str()` is the sentence for the person."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the ledger is, who signs in, and how the terminal is to be treated. Holds no secret.

    `ca_file` is the only authority trusted when given (TLS-1). `client_cert_file` is shown to a ledger that asks
    terminals for a certificate, `client_key_file` holds its key, readable by this user alone. `import_folder` is where imports may be
    read and templates saved. `state_folder`: None means the user's state directory. `clipboard` allows
    reference codes, and nothing else, into the terminal's clipboard (TTY-3). `list_mark` is what shows the
    highlighted row: a bar, the arrow alone (150 bytes less a step), or by what the line carries.
    `refuse_root` makes the warning that the program runs as root a refusal (SEC-2).
    `idle_lock_minutes` without a key lock the terminal (SEC-5), 1 to 60.
    `printer` says where receipts and reports go: to the printer at the terminal (pass-through), into files of
    `print_folder`, to `print_command` (a program with its arguments, no shell), or nowhere but the screen.
    `print_columns` of them fit in a line, 40 to 80; `print_feed` empty lines follow; `print_utf8` for a printer that knows more
    than ASCII. With `print_at_once` a payment's receipt is printed when the payment was taken.
    """

    ledger: str | None = None
    user: str | None = None
    ca_file: Path | None = None
    client_cert_file: Path | None = None
    client_key_file: Path | None = None
    ascii_only: bool = False
    import_folder: Path | None = None
    state_folder: Path | None = None
    clipboard: bool = False
    slow_line: bool = False
    list_mark: Literal["auto", "bar", "arrow"] = "auto"
    idle_lock_minutes: int = 5
    refuse_root: bool = False
    printer: Literal["none", "terminal", "file", "command"] = "none"
    print_folder: Path | None = None
    print_command: str | None = None
    print_columns: int = 40
    print_feed: int = 4
    print_utf8: bool = False
    print_at_once: bool = False

    @classmethod
    def load(
        cls,
        *,
        ledger: str | None = None,
        user: str | None = None,
        ascii_only: bool = False,
        environment: Mapping[str, str] | None = None,
        file: Path | None = None,
    ) -> Self:
        """The settings file, over it `BRANCHTUI_...` of the environment, over it the options.

        Raises:
            SettingsError: a file or value that cannot be used, with the sentence for the person.
        """
        environment = os.environ if environment is None else environment
        known = {field.name for field in fields(cls)}
        values = _of_file(file or _default_file(), known, is_wanted=file is not None)
        for name in known:
            given = environment.get(_PREFIX + name.upper())
            if given:
                values[name] = _typed(name, given)
        options = {"ledger": ledger, "user": user, "ascii_only": ascii_only or None}
        values |= {name: value for name, value in options.items() if value is not None}
        return cls(**values)

    @property
    def imports(self) -> Path:
        """Where files are imported from: the operator's folder, the home folder by default."""
        return self.import_folder or Path.home()


def _default_file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("branchtui", appauthor=False) / _FILE_NAME


def _of_file(file: Path, known: set[str], *, is_wanted: bool) -> dict[str, Any]:
    """What the file sets; a file that nobody asked for may be missing."""
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        if is_wanted:
            raise SettingsError(f"There is no settings file {file}.") from None
        return {}
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from error
    # Most tellers have no file, and the parser takes a while to load.
    import tomllib

    try:
        found = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error}") from error
    strangers = sorted(found.keys() - known)
    if strangers:
        # A misspelt ca_file must not mean that any authority is trusted.
        raise SettingsError(f"The settings file {file} sets {', '.join(strangers)}, which is not known.")
    return {name: _typed(name, value) for name, value in found.items()}


def _typed(name: str, value: object) -> object:
    if name in _SWITCHES:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word not in _YES | _NO:
            raise SettingsError(f"{name} is {word}; it can be true or false.")
        return word in _YES
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        text = "" if isinstance(value, bool) else str(value).strip()
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise SettingsError(f"{name} is {value}; it can be {least} to {most}.")
        return int(text)
    if not isinstance(value, str):
        raise SettingsError(f"{name} must be text.")
    allowed = _WORDS.get(name)
    if allowed is not None and value not in allowed:
        raise SettingsError(f"{name} is {value}; it can be {', '.join(allowed[:-1])} or {allowed[-1]}.")
    return Path(value).expanduser() if name in _PATHS else value
