"""The same ranking as SQL in DuckDB and as a query of Polars: join on the tag, group, keep the top.

Both add the parts of a score plainly. From Python 3.12 on, eventkit adds as the interpreter does,
with compensation, so the last bits of some scores differ there.
"""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from eventkit import Catalog

TOP = 5
_SQL = """
WITH hits AS (
    SELECT p.profile, s.position, count(*) AS hits, any_value(s.popularity) AS popularity,
           any_value(p.asked) AS asked
    FROM wanted p JOIN tagged s USING (tag) GROUP BY p.profile, s.position
), scored AS (
    SELECT profile, position,
           (hits * {interest} + popularity * {popularity}) + (asked * 0.01) * {diversity} AS score
    FROM hits
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY profile ORDER BY score DESC, position) AS place
    FROM scored
)
SELECT profile, list(position ORDER BY place) AS positions FROM ranked
WHERE place <= {top} GROUP BY profile ORDER BY profile
"""


class Tables:
    """The profiles and the sessions as tables of one tag a row."""

    def __init__(self, catalog: Catalog, interests: pa.Array) -> None:
        """Lay out the tables; this is not timed."""
        rows = [
            (position, tag.lower(), session.get("popularity", 0.0))
            for position, session in enumerate(catalog)
            for tag in dict.fromkeys(session["tags"])
        ]
        names = ("position", "tag", "popularity")
        self.tagged = pl.DataFrame(rows, schema=names, orient="row")
        asked = [set(tags) for tags in interests.to_pylist()]
        wanted = [(row, tag, len(tags)) for row, tags in enumerate(asked) for tag in tags]
        self.wanted = pl.DataFrame(wanted, schema=("profile", "tag", "asked"), orient="row")
        self.weights = dict(catalog.weights)

    def by_duckdb(self) -> list[list[int]]:
        """Return the best positions of each profile."""
        connection = duckdb.connect()
        connection.register("wanted", self.wanted.to_arrow())
        connection.register("tagged", self.tagged.to_arrow())
        found = connection.execute(_SQL.format(top=TOP, **self.weights)).fetchall()
        return [positions for _, positions in found]

    def by_polars(self) -> list[list[int]]:
        """Return the best positions of each profile."""
        weights: dict[str, Any] = self.weights
        score = (
            pl.col("hits") * weights["interest"] + pl.col("popularity") * weights["popularity"]
        ) + (pl.col("asked") * 0.01) * weights["diversity"]
        found = (
            self.wanted.lazy()
            .join(self.tagged.lazy(), on="tag")
            .group_by("profile", "position")
            .agg(pl.len().alias("hits"), pl.col("popularity", "asked").first())
            .with_columns(score.alias("score"))
            .sort(["profile", "score", "position"], descending=[False, True, False])
            .group_by("profile", maintain_order=True)
            .agg(pl.col("position").head(TOP))
            .collect()
        )
        return found.sort("profile")["position"].to_list()
