"""The sources of a `Catalog`: what is refused, and missing values that can be left out."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings
from collections import ChainMap, OrderedDict, UserDict
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import eventkit
from eventkit import Catalog, InputWarning, reference

SESSIONS = [{"title": "Rust", "tags": ["Rust"]}, {"title": "Python", "tags": ["python"]}]
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
MANIFEST = {"weights": WEIGHTS, "sessions": SESSIONS}


class Table:
    """A data frame, as far as `Catalog` looks at it: iterating gives the names of its columns."""

    columns = ("title", "tags")

    def __iter__(self) -> Any:
        return iter(self.columns)


class PandasTable(Table):
    def to_dict(self, orient: str) -> list[Any]:
        assert orient == "records"
        return SESSIONS


class PolarsTable(Table):
    def to_dicts(self) -> list[Any]:
        return SESSIONS

    to_dict = None


class ArrowTable(Table):
    def to_pylist(self) -> list[Any]:
        return SESSIONS


# --- other sources


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("m.json", "'m.json', a path: use Catalog.from_json, Catalog.from_ndjson, or Catalog.open"),
        (Path("m.json"), "PosixPath('m.json'), a path: use Catalog.from_json"),
        (b"[]", "b'[]', bytes: use Catalog.from_json"),
        (5, "5, a int: expected a manifest, or an iterable of sessions"),
        (None, "None, a NoneType: expected a manifest"),
        ([1, 2], "sessions[0] is 1, a int: expected a mapping such as"),
        ([*SESSIONS, "Go"], "sessions[2] is 'Go', a str: expected a mapping"),
        (["title"], "sessions[0] is 'title', a str: expected a mapping"),
        ({"weights": WEIGHTS, "sessions": [None]}, "sessions[0] is None, a NoneType"),
        ({"weights": WEIGHTS, "sessions": "abc"}, "'abc', a path"),
        ({"weights": WEIGHTS, "sessions": None}, "None, a NoneType"),
        ([["title", "Rust"]], "sessions[0] is ['title', 'Rust'], a list"),
        (np.zeros((2, 2)), "sessions[0] is array([0., 0.]), a ndarray"),
        (PandasTable(), "a PandasTable of test_catalog_sources, which iterates over its columns"),
        (PandasTable(), 'use Catalog(table.to_dict("records"))'),
        (PolarsTable(), "use Catalog(table.to_dicts())"),
        (ArrowTable(), "use Catalog(table.to_pylist())"),
    ],
)
def test_a_source_without_sessions_is_refused_by_name(source: Any, said: str) -> None:
    with pytest.raises(TypeError) as caught:
        Catalog(source)
    assert said in str(caught.value)


def test_a_real_data_frame_is_refused_and_its_rows_are_taken() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(SESSIONS)
    with pytest.raises(TypeError, match=r'DataFrame of pandas.*Catalog\(table\.to_dict\("records"'):
        Catalog(frame)
    assert len(Catalog(frame.to_dict("records"))) == 2


def test_the_other_ways_to_add_sessions_refuse_the_same() -> None:
    with pytest.raises(TypeError, match=r"sessions\[1\] is 5, a int"):
        Catalog.from_parts([SESSIONS[0], 5], MANIFEST)
    with pytest.raises(TypeError, match=r"sessions\[0\] is 'Go', a str"):
        Catalog(SESSIONS).with_sessions(["Go"])
    with pytest.raises(TypeError, match=r"'Go', a path"):
        Catalog(SESSIONS).with_sessions("Go")


def test_sessions_of_every_kind_are_accepted() -> None:
    kinds = [dict, OrderedDict, UserDict, ChainMap, MappingProxyType]
    catalog = Catalog([kind(SESSIONS[0]) for kind in kinds])
    assert len(catalog.recommend(["rust"], 9)["sessions"]) == len(kinds)
    assert len(Catalog(iter(SESSIONS))) == len(Catalog(tuple(SESSIONS))) == 2


# --- missing values


NAT = type("NaTType", (), {"__ne__": lambda self, other: True})()
NA = type("NAType", (), {"__bool__": lambda self: 1 / 0, "__ne__": lambda self, other: self})()


@pytest.mark.parametrize("value", [None, math.nan, np.float32("nan"), np.float64("nan"), NA, NAT])
@pytest.mark.parametrize("field", ["popularity", "tags", "start", "location"])
def test_a_missing_value_is_treated_as_a_missing_key_when_asked(field: str, value: Any) -> None:
    full = {"title": "T", "tags": ["ai"], "popularity": 0.5, "start": "9:00", "location": "A"}
    rows = [{**full, field: value}, full]
    without = [{key: item for key, item in full.items() if key != field}, full]
    catalog = Catalog(rows, missing="absent")
    assert catalog.recommend(["ai"], 2) == Catalog(without).recommend(["ai"], 2)
    assert catalog[1] is full
    assert rows[0][field] is value


def test_values_that_are_not_missing_stay() -> None:
    row = {"title": "T", "popularity": 0, "tags": [], "x": "", "y": False, "z": Decimal("NaN")}
    assert Catalog([row], missing="absent")[0] is row


def test_missing_has_two_values() -> None:
    with pytest.raises(ValueError, match="missing is 'drop', expected 'keep' or 'absent'"):
        Catalog(SESSIONS, missing="drop")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [math.nan, np.float64("nan")])
def test_a_popularity_of_nan_everywhere_is_named_once(value: Any) -> None:
    rows = [{**session, "popularity": value} for session in SESSIONS]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        catalog = Catalog(rows)
        for _ in range(3):
            assert math.isnan(catalog.recommend(["rust"], 1)["scoring"][0]["score"])
        Catalog(rows, missing="absent")
        Catalog([*rows, SESSIONS[0]])
    [warning] = caught
    assert warning.category is InputWarning
    assert str(warning.message) == (
        "popularity is NaN in all of the 2 sessions, so every score is NaN: fill the column, or "
        'make the catalogue with missing="absent"'
    )
    assert warning.filename == __file__


def test_a_popularity_of_nan_in_a_json_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "m.json"
    file.write_text('[{"title": "T", "popularity": NaN}]')
    with pytest.warns(InputWarning, match="popularity is NaN in all of the 1 sessions"):
        Catalog.from_json(file)


# --- one text as interests


@pytest.mark.parametrize("text", ["rust, python", "", b"rust"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda catalog, text: catalog.recommend(text, 3),
        lambda catalog, text: catalog.recommend_json(text, 3),
        lambda catalog, text: catalog.recommend_many([["rust"], text], 3),
        lambda catalog, text: list(catalog.recommend_many_json([["rust"], text], 3)),
        lambda catalog, text: catalog.rank_many([["rust"], text], 1),
        lambda catalog, text: catalog.explain("Rust", text),
        lambda catalog, text: catalog.score("Rust", text),
        lambda catalog, text: catalog.plan(text),
    ],
)
def test_a_catalog_refuses_one_text_as_interests(ask: Any, text: Any) -> None:
    with pytest.raises(TypeError) as caught:
        ask(Catalog(SESSIONS), text)
    assert f"is {text!r}, one text; expected a list of texts" in str(caught.value)


def test_export_splits_one_text_as_the_command_line() -> None:
    catalog = Catalog(SESSIONS)
    assert catalog.export("Rust; python") == catalog.export(["rust", "python"])


CALLS = {
    "recommend": "eventkit.recommend(m, text, 3)",
    "explain": "eventkit.explain(m, 'Rust', text)",
    "score_session": "eventkit.score_session(m['sessions'][0], text, m['weights'])",
    "agent.recommend": "eventkit.compat.agent.recommend(m, text, 3)",
    "core.explain": "eventkit.compat.core.explain(m, 'Rust', text)",
    "recommend_from_graph": "eventkit.recommend_from_graph(calendar, text, 3)",
}
PROGRAM = """
from types import SimpleNamespace
import eventkit
m = {manifest}
calendar = SimpleNamespace(get_events=lambda top: m["sessions"])
text = "rust, python"
for _ in range(3):
    print({call})
"""


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_functions_keep_the_answer_for_one_text_and_warn_once(
    call: str, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(manifest=MANIFEST, call=call))
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.count("InputWarning") == 1
    assert done.stderr.startswith(f"{program}:8: InputWarning: interests is 'rust, python', one te")
    names = {"m": MANIFEST, "text": "rust, python"}
    names["calendar"] = SimpleNamespace(get_events=lambda top: SESSIONS)
    names["eventkit"] = SimpleNamespace(
        recommend=reference.recommend,
        explain=reference.explain,
        score_session=reference.score_session,
        recommend_from_graph=reference.recommend_from_graph,
        compat=SimpleNamespace(agent=reference, core=reference),
    )
    assert done.stdout == f"{eval(call, names)}\n" * 3


def test_a_list_of_interests_gives_no_warning(recwarn: pytest.WarningsRecorder) -> None:
    eventkit.recommend(MANIFEST, ["rust"], 3)
    eventkit.recommend(MANIFEST, ("rust",), 3)
    assert not recwarn.list


# --- top


def test_top_is_five_when_left_out() -> None:
    catalog = Catalog([{"title": str(number), "tags": ["ai"]} for number in range(9)])
    assert catalog.recommend(["ai"]) == catalog.recommend(["ai"], 5)
    assert catalog.recommend_json(["ai"]) == catalog.recommend_json(["ai"], 5)
    assert catalog.recommend_many([["ai"]]) == catalog.recommend_many([["ai"]], 5)
    lines = b"".join(catalog.recommend_many_json([["ai"]]))
    assert lines == b"".join(catalog.recommend_many_json([["ai"]], 5))
    assert catalog.rank_many([["ai"]])[0].shape == (1, 5)
    assert len(catalog.recommend(["ai"], None)["sessions"]) == 9
