"""Recommends for more profiles, and builds larger catalogues, than one process should handle.

An existing engine distributes the work: Dask, Daft or Spark, or this process with all its cores.
Nothing here schedules, shuffles or retries. `Recommender` is the function that such engines call,
`recommend` runs it over files of profiles, and `build` compiles files of sessions into shards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from eventkit._imports import lazy_names

if TYPE_CHECKING:
    from eventkit.scale.batch import recommend
    from eventkit.scale.building import build
    from eventkit.scale.recommender import Recommender

__all__ = ["Recommender", "build", "recommend"]

_LATER = {"Recommender": "recommender", "build": "building", "recommend": "batch"}

# Each needs pyarrow.
__getattr__ = lazy_names(__name__, _LATER)
