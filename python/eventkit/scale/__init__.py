"""Recommends for more profiles, and builds larger catalogues, than one process should handle.

An existing engine distributes the work: Dask, Daft or Spark, or this process with all its cores.
Nothing here schedules, shuffles or retries. `Recommender` is the function that such engines call,
`recommend` runs it over files of profiles, and `build` compiles files of sessions into shards.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventkit.scale.batch import recommend
    from eventkit.scale.building import build
    from eventkit.scale.recommender import Recommender

__all__ = ["Recommender", "build", "recommend"]

_LATER = {"Recommender": "recommender", "build": "building", "recommend": "batch"}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, because each needs pyarrow."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"eventkit.scale.{_LATER[name]}"), name)
    globals()[name] = value
    return value
