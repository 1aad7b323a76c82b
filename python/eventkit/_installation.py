"""Notices that the package on the path is not, or not only, this one.

An unrelated distribution on PyPI is called ``eventkit`` too (it has ``eventkit.Event``), and pip
installs both into the same directory without a word. Whichever came last owns ``__init__.py``.
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
    """Raise or warn when another package called ``eventkit`` is in the way.

    Raises:
        ImportError: ``eventkit`` as imported is the other package; nothing of this one can work.
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
