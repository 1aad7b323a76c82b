"""`save` and `open`: a saved catalogue is the fresh one; a damaged file is refused."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

import catalog_documents as documents
import catalog_recipes as recipes
import generator
from catalog_child import digest
from eventkit import Catalog, Filter
from eventkit.errors import CatalogFileError
from faults.child import environment
from faults.compare import attempt, typed

CHOSEN = Filter(start="09:00", end="11:30", fit="overlapping", no_tags=["web"])


def asked(catalog: Catalog, rng: Random) -> str:
    """What a catalogue answers to a few questions."""
    outcomes: list[Any] = [list(catalog), catalog.weights, "s1" in catalog, "nobody" in catalog]
    for _ in range(3):
        interests, top = recipes.clean_interests(rng), recipes.clean_top(rng)
        weights = recipes.clean_weights(rng)
        outcomes += [
            attempt(catalog.recommend, (interests, top)),
            attempt(lambda i, t, w=weights: catalog.recommend(i, t, weights=w), (interests, top)),
            attempt(lambda i, t: catalog.recommend(i, t, filter=CHOSEN), (interests, top)),
            attempt(catalog.recommend_json, (interests, top)),
            attempt(catalog.explain, ("keynote", interests)),
            attempt(catalog.explain, ("\u03b1ς", interests)),
            attempt(catalog.score, ("s1", interests)),
            attempt(catalog.plan, (interests, 3)),
            attempt(catalog.export, (interests, 2)),
        ]
    return typed(outcomes)


@pytest.mark.slow
def test_a_saved_catalogue_is_the_fresh_one(tmp_path: Path) -> None:
    path = tmp_path / "one.catalog"

    @given(recipes.drawn(lambda rng: rng))
    @settings(max_examples=80)
    def same(rng: Random) -> None:
        data = documents.document(rng)
        parsed = json.loads(data)
        for fresh in (Catalog.from_json(data), Catalog(parsed)):
            kept = attempt(fresh.save, (path,))
            if kept[0] == "error":
                # What a file of JSON cannot hold; then it says which session.
                assert "ValueError" in kept[1][0] or "CatalogFileError" in kept[1][0]
                assert not holds_exactly(parsed)
                continue
            opened = Catalog.open(path, verify=rng.randrange(2) == 0)
            seed = rng.randrange(2**20)
            assert asked(opened, Random(seed)) == asked(fresh, Random(seed))
            again = opened.with_sessions([{"id": "s1", "title": "New"}])
            assert len(again) == len(fresh) + 1

    same()


def holds_exactly(parsed: Any) -> bool:
    """Say whether the sessions are plain: JSON holds them, and the engine scores them itself."""
    try:
        json.dumps(parsed, allow_nan=False, ensure_ascii=False).encode()
    except ValueError:
        return False
    return all(map(is_plain, parsed["sessions"] if type(parsed) is dict else parsed))


def is_plain(session: dict[str, Any]) -> bool:
    tags, popularity = session.get("tags", []), session.get("popularity", 0)
    return (
        type(session.get("title")) is str
        and type(tags) is list
        and all(type(tag) is str for tag in tags)
        and (type(popularity) is float or (type(popularity) is int and abs(popularity) < 2**63))
    )


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "saved.catalog"
    Catalog(generator.manifest(300)).save(path)
    return path


@pytest.mark.parametrize("verify", [False, True])
def test_opened_is_saved(saved: Path, verify: bool) -> None:
    opened = Catalog.open(saved, verify=verify)
    fresh = Catalog(generator.manifest(300))
    assert digest(opened) == digest(fresh)
    assert typed(opened.weights) == typed(fresh.weights)
    for interests in (["agents basics"], [], generator.interests(5)):
        assert repr(opened.recommend(interests, 5)) == repr(fresh.recommend(interests, 5))
        assert opened.export(interests) == fresh.export(interests)
    assert Catalog.open(str(saved)).recommend_json([], 2) == fresh.recommend_json([], 2)
    copy = pickle.loads(pickle.dumps(opened))
    assert digest(copy) == digest(fresh)


def test_a_changed_catalogue_is_saved_as_it_is(saved: Path, tmp_path: Path) -> None:
    opened = Catalog.open(saved)
    changed = opened.with_sessions([{"id": "new", "title": "É", "tags": ["ai"]}], ["s000007"])
    changed = changed.with_sessions([{"id": "last", "title": "L"}], ["s000299", "new"])
    changed.save(tmp_path / "two.catalog")
    again = Catalog.open(tmp_path / "two.catalog", verify=True)
    assert typed(list(again)) == typed(list(changed))
    assert digest(again) == digest(changed)
    assert ("new" in again, "last" in again, "s000007" in again) == (False, True, False)


def test_saving_over_an_open_file_leaves_its_readers_alone(saved: Path) -> None:
    opened = Catalog.open(saved)
    before = digest(opened)
    Catalog([{"title": "Another"}]).save(saved)
    opened.save(saved)
    Catalog([{"title": "Another"}]).save(saved)
    saved.unlink()
    assert digest(opened) == before


def test_an_empty_catalogue_is_saved(tmp_path: Path) -> None:
    path = tmp_path / "none.catalog"
    Catalog([]).save(path)
    assert list(Catalog.open(path, verify=True)) == []
    Catalog({"weights": {"interest": 1, "popularity": 2}, "name": "é", "sessions": []}).save(path)
    assert Catalog.open(path).weights == {"interest": 1, "popularity": 2}


SESSION = {"id": "bad", "title": "Bad", "tags": ["ai"]}


@pytest.mark.parametrize(
    "odd",
    [
        {"when": (1, 2)}, {"extra": {1, 2}}, {"extra": Decimal(1)}, {"extra": float("nan")},
        {"popularity": float("inf")}, {1: 2}, {"extra": {None: 1}}, {"extra": b"x"},
        {"extra": object()}, {"popularity": Decimal("0.5")}, {"tags": ("ai",)}, {"tags": {"ai": 1}},
    ],
)  # fmt: skip
def test_what_json_cannot_hold_is_refused_by_name(odd: Any, tmp_path: Path) -> None:
    path = tmp_path / "kept.catalog"
    Catalog([{"title": "Kept"}]).save(path)
    catalog = Catalog([{"id": "good", "title": "Good"}, {**SESSION, **odd}])
    with pytest.raises((ValueError, TypeError), match=r"bad|Bad|sessions?\W*1"):
        catalog.save(path)
    assert [session["title"] for session in Catalog.open(path, verify=True)] == ["Kept"]
    assert [file.name for file in tmp_path.iterdir()] == ["kept.catalog"]


def test_a_cycle_is_refused(tmp_path: Path) -> None:
    session: dict[str, Any] = dict(SESSION)
    session["self"] = session
    with pytest.raises((ValueError, RecursionError)):
        Catalog([session]).save(tmp_path / "x.catalog")
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises((ValueError, RecursionError)):
        Catalog([{**SESSION, "deep": deep}]).save(tmp_path / "x.catalog")
    assert list(tmp_path.iterdir()) == []


def test_every_byte_counts_when_all_are_verified(saved: Path) -> None:
    data = saved.read_bytes()
    rng = Random(5)
    places = {*range(256), *(rng.randrange(len(data)) for _ in range(300)), len(data) - 1}
    for place in sorted(places):
        damaged = bytearray(data)
        damaged[place] ^= 1 << rng.randrange(8)
        saved.write_bytes(damaged)
        with pytest.raises(CatalogFileError, match=r"saved\.catalog"):
            Catalog.open(saved, verify=True)


def test_header_and_table_are_checked_without_verifying(saved: Path) -> None:
    data = saved.read_bytes()
    for place in range(32):
        damaged = bytearray(data)
        damaged[place] ^= 0x41
        saved.write_bytes(damaged)
        with pytest.raises(CatalogFileError, match=r"saved\.catalog"):
            Catalog.open(saved)


def test_a_torn_file_is_refused(saved: Path) -> None:
    data = saved.read_bytes()
    rng = Random(6)
    for length in {
        0,
        1,
        7,
        8,
        63,
        64,
        len(data) - 1,
        *(rng.randrange(len(data)) for _ in range(60)),
    }:
        saved.write_bytes(data[:length])
        for verify in (False, True):
            with pytest.raises(CatalogFileError, match=r"saved\.catalog"):
                Catalog.open(saved, verify=verify)


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b'[{"title": "A"}]', b"\x00" * 4096, b"PK\x03\x04" * 100, b"EVKTCAT\x00" * 600],
)
def test_a_foreign_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "foreign.catalog"
    path.write_bytes(content)
    with pytest.raises(CatalogFileError, match=r"foreign\.catalog"):
        Catalog.open(path)


def test_where_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.catalog"):
        Catalog.open(tmp_path / "none.catalog")
    with pytest.raises((OSError, CatalogFileError)):
        Catalog.open(tmp_path)
    with pytest.raises(OSError, match="nowhere"):
        Catalog([]).save(tmp_path / "nowhere" / "x.catalog")


@pytest.mark.once
def test_damaged_content_is_never_fatal(saved: Path) -> None:
    """Bytes behind the header are not checked when opening: any answer or a refusal, no crash."""
    script = Path(__file__).with_name("catalog_damage.py")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", str(script), str(saved), "300"],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("survived 300")


@pytest.mark.slow
def test_a_torn_write_leaves_the_old_file(saved: Path, tmp_path: Path) -> None:
    """A process that is killed while it saves: the old file or the new one, and nothing between."""
    script = (
        "import sys, generator; from eventkit import Catalog\n"
        "big = Catalog(generator.manifest(3000))\n"
        "print('go', flush=True)\n"
        "while True: big.save(sys.argv[1])\n"
    )
    path = os.pathsep.join([str(Path(generator.__file__).parent), environment()["PYTHONPATH"]])
    for wait in (0.0, 0.005, 0.011, 0.02):
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(saved)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        with child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"go\n"
            try:
                child.wait(wait or 1e-9)
            except subprocess.TimeoutExpired:
                child.kill()
        assert len(Catalog.open(saved, verify=True)) in (300, 3000)


SMALL = {
    "name": "Z\u00fcrich",
    "weights": {"interest": 2.0, "popularity": 0.5},
    "sessions": [{"title": "Agents", "tags": ["ai"]}],
}


@pytest.mark.slow
def test_one_damaged_byte_anywhere_is_a_catalog_file_error(tmp_path: Path) -> None:
    """Without `verify` the opening may not see damage in the sessions; no other error comes."""
    saved, damaged = tmp_path / "one.catalog", tmp_path / "damaged.catalog"
    Catalog(SMALL).save(saved)
    data = saved.read_bytes()
    for place in range(len(data)):
        for changed in {0xFF, data[place] ^ 1} - {data[place]}:
            damaged.unlink(missing_ok=True)
            damaged.write_bytes(data[:place] + bytes([changed]) + data[place + 1 :])
            with pytest.raises(CatalogFileError):
                Catalog.open(damaged, verify=True)
            try:
                opened = Catalog.open(damaged)
            except CatalogFileError:
                continue
            assert opened.weights == SMALL["weights"]
            assert opened.fields["name"] == SMALL["name"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weights": {"interest": float("inf"), "popularity": 1}}, "weights.interest is inf"),
        ({"weights": {"interest": 1, "popularity": float("nan")}}, "weights.popularity is nan"),
        ({"rooms": {"main": ("a", "b")}}, "rooms.main is ('a', 'b') of type tuple"),
        ({"rooms": [{1: "a"}]}, "a key of rooms[0] is 1, expected a string"),
        ({"sessions": [{"title": "A", "n": float("inf")}]}, "sessions[0].n is inf"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_by_name(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "one.catalog"
    with pytest.raises(CatalogFileError) as caught:
        Catalog({**SMALL, **change}).save(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert not path.exists()
