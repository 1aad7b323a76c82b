"""Runs the command line for ``python -m eventkit``."""

from __future__ import annotations

import sys

from eventkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
