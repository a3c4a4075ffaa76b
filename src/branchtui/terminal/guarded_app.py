"""An app that lets nothing out: no value of a failure, nothing to the clipboard."""

from __future__ import annotations

from pathlib import Path

from textual.app import App
from textual.driver import Driver

from branchtui.terminal.fatal import FatalReport
from branchtui.terminal.kept_styles import share_styles
from branchtui.terminal.styles import style_paths
from branchtui.terminal.theme import use_terminal_colours


class GuardedApp(App[None], inherit_bindings=False):
    """The look of the terminal, and the framework's leaks closed.

    `state_folder` is where the place of a failure is noted (None: the user's state directory);
    `may_copy` is the operator's leave to use the terminal's clipboard; `driver_class` paints (None: the
    framework's own driver).
    """

    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        *,
        state_folder: Path | None = None,
        may_copy: bool = False,
        driver_class: type[Driver] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class, css_path=[str(path) for path in style_paths()])
        use_terminal_colours(self)
        share_styles(self)
        self._fatal = FatalReport(state_folder)
        self._may_copy = may_copy

    def copy_to_clipboard(self, text: str) -> None:
        """Nothing leaves by the terminal's clipboard unless the operator allows it (TTY-3)."""
        if self._may_copy:
            super().copy_to_clipboard(text)

    def _fatal_error(self) -> None:
        # The framework's own report prints local variables: passwords and tokens (SEC-3).
        self._exit_renderables.append(self._fatal.report(self._exception))
        self._close_messages_no_wait()
