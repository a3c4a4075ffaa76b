"""Run the command line with `python -m branchtui`."""

import sys

from branchtui.cli import main

sys.exit(main())
