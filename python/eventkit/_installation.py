"""Detects that another package called ``eventkit`` is installed in the same place.

An unrelated distribution on PyPI has the import name ``eventkit`` too (it has ``eventkit.Event``).
pip installs both into the same directory without a warning, and the later one owns ``__init__.py``.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

__all__ = ["check"]

_REMEDY = (
    "Both use the import name 'eventkit'. Keep one of them: "
    "pip uninstall eventkit eventkit-recommender, then install the one you want "
    "(this one is eventkit-recommender)"
)


def check() -> None:
    """Check which package ``eventkit`` is.

    Raises:
        ImportError: It is the other package, so nothing of this one can work.

    Warns:
        RuntimeWarning: It is this package, but files of the other are mixed into it.
    """
    package = sys.modules["eventkit"]
    found = getattr(package, "__file__", None)
    here = Path(__file__).parent
    if hasattr(package, "Event") or found is None or Path(found).parent != here:
        raise ImportError(
            f"'eventkit' was imported from {found}, which is another package than "
            f"eventkit-recommender in {here}. {_REMEDY}"
        )
    if (here / "event.py").exists():
        warnings.warn(
            f"the unrelated distribution 'eventkit' is installed over eventkit-recommender in "
            f"{here}: its own modules are broken and this one's may be. {_REMEDY}",
            RuntimeWarning,
            stacklevel=3,
        )
