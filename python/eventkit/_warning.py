"""Warns about inputs, at the line of the program that called eventkit."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

from eventkit.errors import InputWarning

__all__ = ["warn_of_input", "warn_of_text"]


def warn_of_input(message: str) -> None:
    """Issue an `InputWarning` for the first caller outside of this package.

    Python shows a warning once for each line that causes it, unless filters say otherwise.
    """
    level, frame = 1, sys._getframe()
    caller: FrameType | None = frame
    while caller is not None and _is_ours(caller):
        level, caller = level + 1, caller.f_back
    warnings.warn(message, InputWarning, stacklevel=level)


def _is_ours(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] == "eventkit"


def warn_of_text(interests: object) -> None:
    """Warn if interests are one text instead of a list.

    Only calls that the compiled functions declined come here, so other calls pay nothing for it.
    """
    if type(interests) is str:
        warn_of_input(
            f"interests is {interests!r}, one text: as in the original agent its letters are "
            "compared, not a list of interests; pass a list, for example "
            "eventkit.normalize_interests(text)"
        )
