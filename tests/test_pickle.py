"""An opened catalogue is pickled as its path, any other in its compiled form."""

from __future__ import annotations

import os
import pickle
import pickletools
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import generator
from catalog_child import digest
from eventkit import Catalog, _native
from eventkit.catalog import pickling, write_manifest
from eventkit.errors import CatalogFileError
from faults.compare import typed

MANIFEST = generator.manifest(300)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "saved.catalog"
    Catalog(MANIFEST).save(path)
    return path


def pickled(catalog: Catalog) -> Catalog:
    return pickle.loads(pickle.dumps(catalog))


def holds_dicts_of_sessions(data: bytes) -> bool:
    return any(argument == "title" for _, argument, _ in pickletools.genops(data))


def test_an_opened_catalogue_travels_as_its_path(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    opened = Catalog.open(path.name)
    monkeypatch.chdir("/")
    data = pickle.dumps(opened)
    assert len(data) <= 1024
    assert os.fsencode(path) in data
    copy = pickle.loads(data)
    assert (digest(copy), copy.fields) == (digest(opened), opened.fields)
    assert (opened.nbytes, copy.nbytes) == (opened.nbytes, opened.nbytes)
    assert opened.nbytes < path.stat().st_size / 10


def test_fields_and_weights_that_are_not_the_files_travel_too(path: Path) -> None:
    weights = {"interest": 1, "popularity": 0.25}
    for changed in (
        Catalog.open(path, weights=weights),
        Catalog.from_parts(Catalog.open(path), {"weights": weights, "name": "Day one"}),
        Catalog.open(path).with_sessions([{"title": "new"}], ["s000001"]),
    ):
        copy = pickled(changed)
        assert typed((copy.weights, copy.fields)) == typed((changed.weights, changed.fields))
        assert digest(copy) == digest(changed)


def test_a_process_opens_a_file_once_for_all_pickles(path: Path) -> None:
    data = pickle.dumps(Catalog.open(path))
    first, second = pickle.loads(data)._data, pickle.loads(data)._data
    opened = len(pickling._opened)
    assert _native.file_identity(first) == _native.file_identity(second)
    assert pickle.loads(data).weights == MANIFEST["weights"]
    assert len(pickling._opened) == opened <= pickling._KEPT


def test_another_file_at_the_path_is_refused(path: Path) -> None:
    data = pickle.dumps(Catalog.open(path))
    pickle.loads(data)
    Catalog([{"title": "another"}]).save(path)
    with pytest.raises(CatalogFileError, match=r"saved\.catalog: the path names another file now"):
        pickle.loads(data)
    path.unlink()
    with pytest.raises(FileNotFoundError, match=r"saved\.catalog"):
        pickle.loads(data)


def test_a_file_that_was_replaced_by_an_equal_one_is_accepted(path: Path) -> None:
    opened = Catalog.open(path)
    data = pickle.dumps(opened)
    pickle.loads(data)
    Catalog(MANIFEST).save(path)
    assert digest(pickle.loads(data)) == digest(opened)


def test_a_file_that_was_overwritten_since_is_refused(path: Path) -> None:
    data = pickle.dumps(Catalog.open(path))
    kept = pickle.loads(data)
    other = path.with_name("other.catalog")
    Catalog([{"title": "another"}]).save(other)
    path.write_bytes(other.read_bytes())
    with pytest.raises(CatalogFileError, match="another file now"):
        pickle.loads(data)
    with pytest.raises(CatalogFileError, match="another program changed it"):
        kept.recommend(["ai"])


@pytest.mark.parametrize("kind", ["opened", "in memory"])
def test_a_process_that_would_answer_otherwise_refuses(
    path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pickle.dumps(Catalog.open(path) if kind == "opened" else Catalog(MANIFEST))
    other = "plain" if pickling.sum_regime() == "compensated" else "compensated"
    with monkeypatch.context() as patched:
        patched.setattr(pickling, "sum_regime", lambda: other)
        with pytest.raises(CatalogFileError, match=rf"sum\(\) of floats .* this one's is {other}"):
            pickle.loads(data)
    with monkeypatch.context() as patched:
        patched.setattr(_native, "__version__", "99.0")
        with pytest.raises(CatalogFileError, match=r"this process has eventkit 99\.0"):
            pickle.loads(data)
    assert len(pickle.loads(data)) == 300


def test_a_catalogue_in_memory_is_pickled_in_its_compiled_form(path: Path) -> None:
    made = Catalog(MANIFEST)
    changed = made.with_sessions([{"id": "n", "title": "É"}], ["s000003"])
    twice = changed.with_sessions([{"title": "last"}]).with_text()
    for it in (made, changed, twice, Catalog([]), Catalog.open(path, copy=True)):
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps(it, protocol)
            assert not holds_dicts_of_sessions(data)
            copy = pickle.loads(data)
            assert typed((list(copy), copy.fields)) == typed((list(it), it.fields))
            assert digest(copy) == digest(it)
            assert pickle.dumps(copy, protocol) == data
    assert pickled(twice).recommend(["lasts"], understand=True)["sessions"] == [{"title": "last"}]


def test_what_was_added_to_an_opened_catalogue_travels_beside_its_path(path: Path) -> None:
    changed = Catalog.open(path).with_sessions([{"title": "new"}], removed=["s000001"])
    data = pickle.dumps(changed)
    assert os.fsencode(path) in data
    assert len(data) < path.stat().st_size / 4
    again = pickled(pickle.loads(data).with_sessions([{"title": "newer"}], removed=["s000002"]))
    want = [it for it in MANIFEST["sessions"] if it["id"] not in ("s000001", "s000002")]
    assert list(again) == [*want, {"title": "new"}, {"title": "newer"}]


def test_sessions_that_json_cannot_hold_are_pickled_themselves() -> None:
    odd: list[dict[str, Any]] = [
        {"title": "a", "tags": ("ai",)},
        {"title": "b", "popularity": Decimal("0.5")},
        {"title": "\ud800"},
        {"title": "c", "popularity": float("inf")},
        {"tags": ["ai"]},
    ]
    mixed = Catalog([{"title": "plain"}] * 9).with_sessions(odd)
    assert typed(list(pickled(mixed))) == typed(list(mixed))
    assert typed(list(pickled(mixed))[:9]) == typed([{"title": "plain"}] * 9)


def test_nbytes_counts_what_the_process_owns(path: Path) -> None:
    size = path.stat().st_size
    mapped, copied = Catalog.open(path), Catalog.open(path, copy=True)
    received = pickled(Catalog(MANIFEST))
    assert mapped.nbytes < size / 10
    assert copied.nbytes >= size
    assert received.nbytes >= Catalog(MANIFEST).nbytes
    both = mapped.with_sessions([{"title": "new"}])
    assert mapped.nbytes < both.nbytes < size
    assert pickled(both).nbytes < size


def test_a_manifest_of_shards_travels_as_its_path(path: Path, tmp_path: Path) -> None:
    files = [path] * 40
    manifest = write_manifest(tmp_path / "all.json", files)
    shards = Catalog.open_many(manifest.path)
    data = pickle.dumps(shards)
    assert len(data) <= 1024
    assert digest(pickle.loads(data)) == digest(shards)
    listed = pickled(Catalog.open_many(files))
    assert digest(listed) == digest(shards)
    write_manifest(tmp_path / "all.json", files[1:])
    with pytest.raises(CatalogFileError, match=r"all\.json: another manifest"):
        pickle.loads(data)


def test_another_process_opens_the_path(path: Path) -> None:
    data = pickle.dumps(Catalog.open(path))
    code = (
        "import pickle, sys; from eventkit import Catalog\n"
        "catalog = pickle.loads(bytes.fromhex(sys.argv[1]))\n"
        "print(len(catalog), catalog.recommend(['ai'], 1)['scoring'][0]['score'])"
    )
    asked = subprocess.run(
        [sys.executable, "-c", code, data.hex()], capture_output=True, text=True, check=True
    )
    best = Catalog(MANIFEST).recommend(["ai"], 1)["scoring"][0]["score"]
    assert asked.stdout.split() == ["300", repr(best)]
