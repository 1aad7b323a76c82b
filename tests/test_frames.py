"""Data frames: catalogues of pandas, polars and pyarrow, and results as frames."""

from __future__ import annotations

import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import eventkit
from eventkit import Catalog

pd = pytest.importorskip("pandas")
pl = pytest.importorskip("polars")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("narwhals")
pytestmark = pytest.mark.once

BERLIN = ZoneInfo("Europe/Berlin")
START = [datetime.datetime(2026, 9, 14, 9, 30, tzinfo=BERLIN), None]
COLUMNS: dict[str, list[Any]] = {
    "id": [7, None],
    "Talk": ["Agents", "Dinner"],
    "tags": [["AI", "agents"], None],
    "popularity": [0.5, None],
    "start": START,
    "day": [datetime.date(2026, 9, 14), None],
    "doors": [datetime.time(9, 0), None],
}
FIRST = {
    "title": "Agents",
    "id": "7",
    "tags": ["AI", "agents"],
    "popularity": 0.5,
    "start": "2026-09-14T09:30:00+02:00",
    "day": "2026-09-14",
    "doors": "09:00:00",
}


class Capsule:
    """A data frame that nobody knows, but for the Arrow PyCapsule interface."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


class Protocol:
    """A data frame that nobody knows, but for the data-frame protocol."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def __dataframe__(self, *arguments: Any, **named: Any) -> Any:
        return self._table.__dataframe__(*arguments, **named)


FRAMES = {
    "pandas": lambda: pd.DataFrame(COLUMNS),
    "pandas of arrow": lambda: pd.DataFrame(COLUMNS).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "pyarrow": lambda: pa.table(COLUMNS),
    "capsule": lambda: Capsule(pl.DataFrame(COLUMNS)),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_gives_the_sessions_without_what_is_missing(kind: str) -> None:
    catalog = Catalog.from_frame(FRAMES[kind](), {"title": "Talk"})
    assert list(catalog) == [FIRST, {"title": "Dinner"}]
    assert catalog.recommend(["ai"], 1)["scoring"][0]["title"] == "Agents"


def test_the_data_frame_protocol() -> None:
    table = pa.table({"title": ["Agents", "Dinner"], "popularity": [0.5, None]})
    sessions = list(Catalog.from_frame(Protocol(table)))
    assert sessions == [{"title": "Agents", "popularity": 0.5}, {"title": "Dinner"}]


def test_tags_in_one_text_and_values_of_numpy() -> None:
    frame = pd.DataFrame(
        {
            "title": ["A", "B", "C"],
            "tags": ["ai; web,, ", float("nan"), ["x", None]],
            "start": pd.to_datetime(["2026-09-14 09:00:00", None, "2026-09-14 10:00:30"]),
            "rank": pd.array([1, None, 3], dtype="Int64"),
            "seats": [3, 4, 5],
        }
    )
    first, second, third = Catalog.from_frame(frame)
    assert first["tags"] == ["ai", "web"]
    assert first["start"] == "2026-09-14T09:00:00"
    assert second == {"title": "B", "seats": 4}
    assert third["tags"] == ["x"]
    assert type(third["seats"]) is type(third["rank"]) is int


@pytest.mark.parametrize(
    ("frame", "columns", "error", "said"),
    [
        ({"Talk": ["A"]}, None, ValueError, r"no column 'title', its columns are \['Talk'\]"),
        ({"title": ["A"]}, {"tags": "Topics"}, ValueError, "columns has 'tags': 'Topics'"),
        ({"title": ["A", None]}, None, ValueError, "row 1 of the table has no title"),
    ],
)
def test_a_table_without_titles_is_named(frame, columns, error, said) -> None:
    with pytest.raises(error, match=said):
        Catalog.from_frame(pl.DataFrame(frame), columns)


@pytest.mark.parametrize("other", [5, [{"title": "A"}], "talks.csv"])
def test_what_is_no_frame_is_named(other: object) -> None:
    with pytest.raises(TypeError, match=f"given a {type(other).__name__}: expected a data frame"):
        Catalog.from_frame(other)


def test_results_and_catalogues_become_the_same_frames_and_come_back() -> None:
    manifest = eventkit.load_manifest()
    catalog = Catalog(manifest)
    found = eventkit.view(catalog.recommend(["ai", "agents"], 4))
    frame, table, rows = found.to_pandas(), found.to_arrow(), found.to_polars().to_dicts()
    assert frame["title"].tolist() == [row["title"] for row in rows]
    assert table.to_pylist() == rows
    assert rows[0]["place"] == 1
    assert rows[0]["score"] == found.result["scoring"][0]["score"]
    for made in (catalog.to_pandas(), catalog.to_polars(), catalog.to_arrow()):
        again = Catalog.from_frame(made, weights=manifest["weights"])
        assert again.recommend(["ai"], 9) == catalog.recommend(["ai"], 9)


def test_odd_values_have_a_column_in_every_library() -> None:
    odd = [{"title": "A", "x": 1 << 70, "y": {"a": 1}}, {"title": 5, "x": None, "y": ["a", 1]}]
    catalog = Catalog(odd)
    assert catalog.to_polars().to_dicts() == catalog.to_arrow().to_pylist()
    assert catalog.to_pandas()["y"].tolist() == ['{"a": 1}', '["a", 1]']
    assert len(Catalog([]).to_polars()) == len(Catalog([]).to_pandas()) == 0
