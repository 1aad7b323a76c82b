"""Catalogue files that another program overwrites or cuts while they are open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from budgets import ratio
from eventkit import Catalog
from eventkit.errors import CatalogFileError
from faults.child import PATIENCE, environment

INTERESTS = ["ai"]


def catalog_of(word: str, count: int = 400) -> Catalog:
    return Catalog(
        [
            {
                "id": f"s{number}",
                "title": f"{word} {number}",
                "tags": ["AI"] * (number % 3 + 1),
                "start": "09:00",
                "end": f"{10 + number % 9}:00",
            }
            for number in range(count)
        ]
    )


@pytest.fixture
def live(tmp_path: Path) -> Path:
    path = tmp_path / "live.catalog"
    catalog_of("Old").save(path)
    # Files are changed much later than they are written: no tick of a coarse clock hides it.
    os.utime(path, ns=(10**18, 10**18))
    return path


def copied_over(path: Path) -> None:
    """Do what ``cp new live.catalog`` does: cut the file, then write into it."""
    new = path.with_name("new.catalog")
    catalog_of("New", 300).save(new)
    shutil.copyfile(new, path)


def cut(path: Path) -> None:
    os.truncate(path, 100)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def overwritten(path: Path) -> None:
    """Write other bytes in place; the length stays."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(64)
        file.write(b"\xff" * (size - 64))


CHANGES = [copied_over, cut, emptied, overwritten]

USES: dict[str, Callable[[Catalog], Any]] = {
    "recommend": lambda catalog: catalog.recommend(INTERESTS, 3),
    "recommend_json": lambda catalog: catalog.recommend_json(INTERESTS, 3),
    "recommend_many": lambda catalog: catalog.recommend_many([INTERESTS] * 40, 3),
    "recommend_many_json": lambda catalog: list(catalog.recommend_many_json([INTERESTS], 3)),
    "rank_many": lambda catalog: catalog.rank_many([INTERESTS], 3),
    "explain": lambda catalog: catalog.explain("old 1", INTERESTS),
    "score": lambda catalog: catalog.score("s1", INTERESTS),
    "plan": lambda catalog: catalog.plan(INTERESTS),
    "export": lambda catalog: catalog.export(INTERESTS, 2),
    "item": lambda catalog: catalog[0],
    "all items": list,
    "contains": lambda catalog: "s1" in catalog,
    "with_sessions": lambda catalog: catalog.with_sessions([{"title": "x"}]).recommend([], 1),
    "save": lambda catalog: catalog.save(os.devnull + ".catalog"),
    "pickle": lambda catalog: catalog.__reduce__(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_each_use_of_a_changed_file_says_so(
    live: Path, change: Callable[[Path], None], use: Callable[[Catalog], Any]
) -> None:
    catalog = Catalog.open(live)
    change(live)
    for _ in range(2):
        with pytest.raises(CatalogFileError, match=r"live\.catalog: another program changed it"):
            use(catalog)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_a_copy_does_not_notice(
    live: Path, change: Callable[[Path], None], use: Callable[[Catalog], Any], tmp_path: Path
) -> None:
    catalog = Catalog.open(live, copy=True)
    if use is USES["save"]:
        use = lambda it: it.save(tmp_path / "saved.catalog")  # noqa: E731
    want = use(catalog)
    change(live)
    got = use(catalog)
    if not isinstance(want, (bytes, tuple)):
        assert repr(got) == repr(want)


def test_a_file_that_is_replaced_stays_what_it_was(live: Path) -> None:
    catalog = Catalog.open(live)
    want = catalog.recommend(INTERESTS, 3)
    catalog_of("New").save(live)
    assert catalog.recommend(INTERESTS, 3) == want
    live.unlink()
    assert catalog.recommend(INTERESTS, 3) == want


def test_a_catalogue_with_other_sessions_checks_the_file_of_the_first(live: Path) -> None:
    changed = Catalog.open(live).with_sessions([{"title": "Mine", "tags": ["ai"]}])
    assert len(changed) == 401
    cut(live)
    with pytest.raises(CatalogFileError, match="another program changed it"):
        changed.recommend(INTERESTS, 1)


def test_progress_is_told_the_whole_length(live: Path) -> None:
    heard: list[tuple[int, int]] = []
    Catalog.open(live, verify=True, progress=lambda done, total: heard.append((done, total)))
    assert heard[-1] == (live.stat().st_size, live.stat().st_size)


WORKER = """
import sys, threading
from eventkit import Catalog
from eventkit.errors import CatalogFileError

catalog = Catalog.open(sys.argv[1], copy=True)
want = catalog.recommend(["ai"], 50)
stop = threading.Event()
counts = [0] * 3

def ask(number):
    while not stop.is_set():
        assert catalog.recommend(["ai"], 50) == want
        assert len(catalog.plan(["ai"])["sessions"]) == 1
        counts[number] += 1

threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
print("ready", flush=True)
opened = refused = 0
for line in sys.stdin:
    # Opening while somebody writes: a whole catalogue, or an error that says why not.
    try:
        Catalog.open(sys.argv[1], copy=True, verify=True).recommend(["ai"], 50)
        opened += 1
    except CatalogFileError:
        refused += 1
    except OSError as error:
        assert "changed while it was read" in str(error) or "fill whole buffer" in str(error), error
        refused += 1
    print("next", flush=True)
stop.set()
for thread in threads:
    thread.join()
print(min(counts), opened, refused)
"""


@pytest.mark.slow
def test_a_process_with_a_copy_survives_what_becomes_of_the_file_under_load(live: Path) -> None:
    new = live.with_name("new.catalog")
    catalog_of("New", 5_000).save(new)
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-c", WORKER, str(live)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        for number in range(40):
            worker.stdin.write("\n")
            worker.stdin.flush()
            for change in (cut, overwritten):
                if number % 4 == 0:
                    change(live)
            subprocess.run(["cp", str(new), str(live)], check=True)
            assert worker.stdout.readline() == "next\n"
        worker.stdin.close()
        asked, opened, refused = map(int, worker.stdout.readline().split())
        assert worker.wait(PATIENCE) == 0
    assert asked > 0
    assert opened + refused == 40


def test_a_worker_of_the_server_has_a_copy(tmp_path: Path) -> None:
    from eventkit.server.sharing import SharedCatalogs

    shared = SharedCatalogs(str(tmp_path / "cache"), 1).shared("one", catalog_of("Old"))
    assert shared is not None
    want = shared.recommend(INTERESTS, 3)
    (file,) = (tmp_path / "cache").glob("*.catalog")
    emptied(file)
    assert shared.recommend(INTERESTS, 3) == want


def test_the_check_is_cheap(live: Path) -> None:
    """Two checks a query: their share of a mapped query's time."""
    mapped, copied = Catalog.open(live), Catalog.open(live, copy=True)

    def query(catalog: Catalog) -> Callable[[], Any]:
        return lambda: catalog.recommend(INTERESTS, 10)

    assert ratio(query(copied), query(mapped), most=2.0, clock=time.thread_time) <= 2.0
