"""The lean painter: what reaches the terminal is what changed, and no more than the line carries.

The framework draws as always; its driver is replaced by one that reads the drawing into a grid, compares
it with what the terminal shows, and sends the difference in one write a frame. Design and figures are in
`docs/` and `bench/terminal`.
"""

from branchtui.terminal.lean.capabilities import unusable
from branchtui.terminal.lean.choice import Choice, choose
from branchtui.terminal.lean.figures import PaintFigures
from branchtui.terminal.lean.self_test import faults

__all__ = ["Choice", "PaintFigures", "choose", "faults", "unusable"]
