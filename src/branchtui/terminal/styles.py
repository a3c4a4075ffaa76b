"""Where the stylesheets are: beside the installed package, or at the top of the checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def styles_folder() -> Path:
    """The folder of the stylesheets: `branchtui/styles` when installed, else the checkout's `styles`.

    Raises:
        FileNotFoundError: neither is there; the installation is broken.
    """
    for folder in (_PACKAGE / "styles", _PACKAGE.parent.parent / "styles"):
        if (folder / "theme.tcss").is_file():
            return folder
    raise FileNotFoundError("The stylesheets of branchtui are missing. Install it again.")


def style_paths() -> list[Path]:
    """Every stylesheet, in the order they apply: the theme, the widgets, then the screens by name."""
    folder = styles_folder()
    first = [folder / "theme.tcss", folder / "widgets.tcss"]
    return first + sorted(path for path in folder.glob("*.tcss") if path not in first)
