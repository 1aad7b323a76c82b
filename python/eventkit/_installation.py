"""Detects that another package called ``eventkit`` is installed in the same place.

An unrelated distribution on PyPI has the import name ``eventkit`` too (it has ``eventkit.Event``).
pip installs both into the same directory without a warning, and the later one owns ``__init__.py``.
"""

from __future__ import annotations

import os
import sys
import warnings

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
    # `os.path`: importing `pathlib` takes longer than all else that a short command imports.
    here = os.path.dirname(__file__)
    if hasattr(package, "Event") or found is None or os.path.dirname(found) != here:
        raise ImportError(
            f"'eventkit' was imported from {found}, which is another package than "
            f"eventkit-recommender in {here}. {_REMEDY}"
        )
    if os.path.exists(os.path.join(here, "event.py")):
        warnings.warn(
            f"the unrelated distribution 'eventkit' is installed over eventkit-recommender in "
            f"{here}: its own modules are broken and this one's may be. {_REMEDY}",
            RuntimeWarning,
            stacklevel=3,
        )
