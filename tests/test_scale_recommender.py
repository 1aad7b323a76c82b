"""`eventkit.scale.Recommender`: the same answers for every kind of column, and small in transit."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import scale_samples as samples
from eventkit import Catalog, CatalogFileError, Filter
from faults.child import environment

pa = pytest.importorskip("pyarrow")
pytest.importorskip("fsspec")
from eventkit.scale import Recommender  # noqa: E402

pytestmark = pytest.mark.once

ROWS = samples.profiles(60)
INTERESTS = [row["interests"] for row in ROWS]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return samples.catalog_file(tmp_path_factory.mktemp("scale"))


def cells(catalog: Path, top: int = 5) -> list[list[dict[str, Any]]]:
    names = ("positions", "session_ids", "scores")
    return [
        [
            {"position": place, "id": name, "score": score}
            for place, name, score in zip(*(row[name] for name in names), strict=True)
        ]
        for row in samples.expected(catalog, ROWS, top)
    ]


LISTS = pa.array(INTERESTS)


def encoded(texts: pa.DataType) -> Any:
    """Return the interests as lists of a dictionary, as categories of polars are."""
    words = LISTS.values.dictionary_encode()
    held = pa.DictionaryArray.from_arrays(words.indices, words.dictionary.cast(texts))
    return pa.ListArray.from_arrays(LISTS.offsets, held)


NULL = pa.DictionaryArray.from_arrays([0, 1], ["ai", None])
"""The null is one of the dictionary's texts."""

KINDS = {
    "lists": INTERESTS,
    "tuples": tuple(map(tuple, INTERESTS)),
    "array": LISTS,
    "sliced": pa.concat_arrays([LISTS, LISTS]).slice(len(INTERESTS)),
    "large": LISTS.cast(pa.large_list(pa.large_string())),
    "views": pa.array(INTERESTS, pa.list_(pa.string_view())),
    "dictionary": encoded(pa.string()),
    "dictionary of views": encoded(pa.string_view()),
    "list views": pa.ListViewArray.from_arrays(
        LISTS.offsets[:-1], LISTS.value_lengths(), LISTS.values
    ),
    "chunks": pa.chunked_array([LISTS[:7], LISTS[7:7], LISTS[7:]]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_column_has_the_answers_of_the_catalogue(catalog: Path, kind: str) -> None:
    answer = Recommender(catalog)(KINDS[kind])
    assert answer.to_pylist() == cells(catalog)
    assert [field.name for field in answer.type.value_type] == ["position", "id", "score"]
    if kind == "chunks":
        assert [len(chunk) for chunk in answer.chunks] == [7, 0, len(INTERESTS) - 7]


def test_objects_with_the_c_interface_of_arrow_are_read(catalog: Path) -> None:
    class Column:
        def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
            return LISTS.__arrow_c_array__(requested_schema)

    class Stream:
        def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
            return pa.chunked_array([LISTS[:9], LISTS[9:]]).__arrow_c_stream__(requested_schema)

    for given in (Column(), Stream()):
        assert Recommender(catalog)(given).to_pylist() == cells(catalog)


@pytest.mark.parametrize("top", [0, 1, samples.SESSIONS + 50, 1 << 70])
def test_top_limits_the_lists(catalog: Path, top: int) -> None:
    want = cells(catalog, min(top, samples.SESSIONS))
    assert Recommender(catalog, top)(INTERESTS).to_pylist() == want


@pytest.mark.parametrize("empty", [[], pa.array([], pa.list_(pa.string())), LISTS[:0]])
def test_no_rows_give_no_rows(catalog: Path, empty: Any) -> None:
    assert Recommender(catalog)(empty).to_pylist() == []
    nothing = pa.chunked_array([], pa.list_(pa.string()))
    assert Recommender(catalog)(nothing).to_pylist() == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("ai", "interests is 'ai', one text"),
        ([["ai"], "web"], "row 1 is 'web', one text"),
        ([["ai"], None], "row 1 is null"),
        ([["ai"], float("nan")], "row 1 is null"),
        ([["ai"], 7], "row 1 is 7, expected a list"),
        ([["ai", None]], "row 0 has an interest that is null"),
        ([["ai", 7]], "row 0 has the interest 7"),
        (pa.array([["ai"], None]), "row 1 is null"),
        (pa.array([["ai"], ["web", None]]), "row 1 has an interest that is null"),
        (pa.array(["ai"]), "Arrow type string, expected list<string>"),
        (pa.array([[7]]), "expected list<string>"),
        (None, "interests is None, a NoneType; expected lists of texts"),
        (pa.table({"interests": [["ai"]]}), "interests is a Table, a whole table"),
        ([["ai"], ["\ud800"]], "row 1 has the interest '\\\\ud800', which UTF-8 cannot encode"),
        (pa.ListArray.from_arrays([0, 1, 2], NULL), "row 1 has an interest that is null"),
    ],
)
def test_what_is_no_list_of_texts_is_refused_with_its_row(
    catalog: Path, given: Any, message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Recommender(catalog)(given)


def test_ids_that_are_no_texts_are_json_and_missing_ones_are_null(tmp_path: Path) -> None:
    file = tmp_path / "ids.catalog"
    Catalog([{"title": "A", "id": 7}, {"title": "B"}, {"title": "C", "id": "c"}]).save(file)
    answer = Recommender(file)([["ai"]]).to_pylist()
    assert [cell["id"] for cell in answer[0]] == ["7", None, "c"]


def test_understanding_gives_what_the_catalogue_understands(tmp_path: Path) -> None:
    sessions = [
        {"id": "a", "title": "Cooking"},
        {"id": "b", "title": "Running Kubernetes", "tags": ["Cloud Native"]},
    ]
    file = tmp_path / "words.catalog"
    Catalog(sessions, text=True).save(file)
    recommender = Recommender(file, understand=True)
    found = recommender([["k8s"], ["cooking"], ["nothing"]]).to_pylist()
    whole = Catalog.open(file)
    for row, interests in zip(found, (["k8s"], ["cooking"], ["nothing"]), strict=True):
        want = whole.recommend(interests, 5, understand=True)
        assert [cell["id"] for cell in row] == [session["id"] for session in want["sessions"]]
        assert [cell["score"] for cell in row] == [one["score"] for one in want["scoring"]]
        assert [whole[cell["position"]]["id"] for cell in row] == [cell["id"] for cell in row]
    Catalog([{"title": "A"}]).save(file)
    with pytest.raises(ValueError, match="session 0 has no id"):
        Recommender(file, understand=True)([["ai"]])
    Catalog([{"title": "A", "id": "a"}, {"title": "B", "id": "a"}]).save(file)
    with pytest.raises(ValueError, match="session 1 has the id 'a' of another"):
        Recommender(file, understand=True)([["ai"]])


ROOMS = {"locations": ["Room 1", "Room 2"]}


@pytest.mark.parametrize("given", [ROOMS, Filter(**ROOMS)], ids=["mapping", "filter"])
def test_a_filter_travels_with_the_recommender(catalog: Path, given: Any) -> None:
    pickled = pickle.dumps(Recommender(catalog, 3, filter=given))
    assert len(pickled) < 1024
    found = pickle.loads(pickled)(INTERESTS)
    whole = Catalog.open(catalog)
    for row, interests in zip(found.to_pylist(), INTERESTS, strict=True):
        want = whole.recommend(interests, 3, filter=Filter(**ROOMS))["sessions"]
        assert [cell["id"] for cell in row] == [session["id"] for session in want]


IN_A_WORKER = """
import pickle, sys
recommender = pickle.load(sys.stdin.buffer)
print(recommender([["agents basics"]]).to_pylist()[0][0]["position"])
print(recommender.open() is pickle.loads(pickle.dumps(recommender)).open())
"""


def in_a_worker(pickled: bytes) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", IN_A_WORKER]
    return subprocess.run(command, input=pickled, capture_output=True, env=environment())


def test_a_worker_receives_a_path_and_opens_it_once(catalog: Path) -> None:
    pickled = pickle.dumps(Recommender(catalog))
    assert len(pickled) < 1024
    place = Recommender(catalog)([["agents basics"]]).to_pylist()[0][0]["position"]
    done = in_a_worker(pickled)
    assert done.stdout.decode().split() == [str(place), "True"], done.stderr


def test_a_worker_refuses_another_file_under_the_same_path(tmp_path: Path) -> None:
    file = samples.catalog_file(tmp_path, 50)
    pickled = pickle.dumps(Recommender(file))
    samples.catalog_file(tmp_path, 50, seed=1)
    done = in_a_worker(pickled)
    assert done.returncode == 1
    assert str(file) in done.stderr.decode()
    assert "CatalogFileError" in done.stderr.decode()


def test_a_catalogue_that_is_replaced_under_load_gives_one_of_two_answers(tmp_path: Path) -> None:
    """Readers that opened the old file keep it. New ones find the new one."""
    file = samples.catalog_file(tmp_path, 50)
    answers = []
    for seed in (0, 1):
        samples.catalog_file(tmp_path, 50, seed=seed)
        answers.append(Recommender(file)(INTERESTS).to_pylist())
    assert answers[0] != answers[1]
    samples.catalog_file(tmp_path, 50)
    held = Recommender(file)
    for seed in (1, 0) * 10:
        samples.catalog_file(tmp_path, 50, seed=seed)
        assert held(INTERESTS).to_pylist() == answers[0]
        assert Recommender(file)(INTERESTS).to_pylist() == answers[seed]


def test_wrong_arguments_are_refused_before_any_worker_sees_them(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recommender(tmp_path / "none.catalog")
    (tmp_path / "text.catalog").write_text("no catalogue")
    message = r"text\.catalog: neither a compiled catalogue nor a manifest of shards"
    with pytest.raises(CatalogFileError, match=message):
        Recommender(tmp_path / "text.catalog")
    file = samples.catalog_file(tmp_path, 3)
    with pytest.raises(ValueError, match="top is -1"):
        Recommender(file, -1)
    with pytest.raises(ValueError, match="threads is 0"):
        Recommender(file, threads=0)
    with pytest.raises(TypeError, match="room"):
        Recommender(file, filter={"room": "A"})
    for wrong in ({"top": "5"}, {"top": 2.5}, {"top": None}, {"threads": "1"}, {"filter": 3}):
        (name, value), *_ = wrong.items()
        with pytest.raises(TypeError, match=f"{name} is {value!r}, expected a"):
            Recommender(file, **wrong)
