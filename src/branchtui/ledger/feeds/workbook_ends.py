"""What the program that reads workbooks and who starts it say to each other. It imports nothing."""

from typing import Final

MAY_MERGE: Final = "may-merge"
"""Said to the program where cells may be merged over several rows."""

SEVERAL_SHEETS: Final = 3
HIDES_COLUMNS: Final = 4
HIDES_CELLS: Final = 5
HAS_FORMULAS: Final = 6
HIDES_ROWS: Final = 7
HAS_ERRORS: Final = 8
HAS_MERGED: Final = 9
TWO_WRITINGS: Final = 10
TURNED_DAYS: Final = 11
"""How it ends where a sheet holds what a reader of its values would not see; then it has written the place."""
