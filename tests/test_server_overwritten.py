"""`eventkit serve` with a compiled catalogue that other programs overwrite, cut and replace.

The story: two workers serve a file that `Catalog.save` wrote. Clients ask all the time. Somebody
uses ``cp`` in place of ``mv``, or cuts the file, which would end every process that maps it. The
workers read copies, so the same two processes answer to the end, with nothing but whole states.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from eventkit import Catalog
from faults import raw
from faults.raw import running
from server_load import Askers

pytestmark = [
    pytest.mark.faults,
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

pytest.importorskip("granian")

COUNT = 1_200
ROUNDS = 12


def programme(word):
    """Sessions of which each tells which file it is from; enough that workers share a file."""
    sessions = [
        {"title": f"{word} {number}", "tags": ["AI", f"tag {number}"]} for number in range(COUNT)
    ]
    return Catalog({"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": sessions})


def copied_over(live, new):
    subprocess.run(["cp", new, live], check=True)


def cut(live, _new):
    os.truncate(live, live.stat().st_size // 2)


def emptied(live, _new):
    os.truncate(live, 0)


def overwritten(live, _new):
    with live.open("r+b") as file:
        file.seek(64)
        file.write(b"\xff" * (live.stat().st_size - 64))


def mixed(live, new, start=0.0, end=0.5):
    """Write a part of another file of the same length, as a copy in place does."""
    data = new.read_bytes()
    assert len(data) == live.stat().st_size
    start, end = (int(len(data) * part) for part in (start, end))
    with live.open("r+b") as file:
        file.seek(start)
        file.write(data[start:end])


CHANGES = [cut, emptied, overwritten, mixed]


class Clients(Askers):
    """Threads that ask without a pause and count the words of the answers.

    A query is never the same, so that no answer is a cached one.
    """

    def __init__(self, server, count=3):
        super().__init__(count)
        self.server, self.words, self.wrong = server, set(), []
        self.answers = 0
        self._numbers = itertools.count()

    def ask(self):
        number = next(self._numbers)
        try:
            status, body = self.server.ask(
                f"/recommend?interests=tag%20{number % COUNT},x{number}&top=1"
            )
            word, at = json.loads(body)["sessions"][0]["title"].split()
        except Exception as error:
            self.wrong.append(repr(error))
            return
        if (status, at) != (200, str(number % COUNT)):
            self.wrong.append((status, body))
        self.words.add(word)
        self.answers += 1


def until(true, seconds=120.0):
    """Wait for other processes, which have no clock to inject."""
    waiting = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if true():
            return
        waiting.wait(0.02)
    raise AssertionError("it never came")


def states(server, count=8):
    """Return what the workers say of themselves; several answers, as any of them may answer."""
    return {json.loads(server.ask("/ready")[1])["status"] for _ in range(count)}


@pytest.mark.parametrize("interface", raw.SERVERS)
def test_workers_survive_what_becomes_of_the_catalogue_under_load(interface, tmp_path):
    live, cache = tmp_path / "live.catalog", tmp_path / "cache"
    files = {word: tmp_path / f"{word}.catalog" for word in ("One", "Two", "New")}
    for word, file in files.items():
        programme(word).save(file)
    shutil.copy(files["One"], live)
    settings = {"EVENTKIT_RELOAD_SECONDS": "0.01", "EVENTKIT_CACHE_DIRECTORY": str(cache)}
    options = ("--manifest", str(live), "--workers", "2")
    with running(interface, tmp_path, *options, **settings) as server:
        workers = set(server.workers())
        with Clients(server) as clients:
            for number in range(ROUNDS):
                copied_over(live, files[("One", "Two")[number % 2]])
                CHANGES[number % len(CHANGES)](live, files[("Two", "One")[number % 2]])
                for shared in cache.glob("*.catalog"):
                    with contextlib.suppress(FileNotFoundError):
                        emptied(shared, None)
                before = clients.answers
                until(lambda before=before: clients.answers >= before + 20)
                assert set(server.workers()) == workers
            until(lambda: states(server) == {"stale"})
            # What the documentation asks for: a new file takes the place of the old one.
            shutil.copy(files["New"], tmp_path / "staged.catalog")
            (tmp_path / "staged.catalog").replace(live)
            until(lambda: states(server) == {"ready"})
        assert set(server.workers()) == workers
        with Clients(server) as after:
            until(lambda: after.answers >= 20)
    assert clients.wrong == after.wrong == []
    assert clients.words <= {"One", "Two", "New"}
    assert after.words == {"New"}


@pytest.mark.parametrize("part", [(0.0, 0.5), (0.5, 1.0), (0.25, 0.5)])
def test_a_mixture_of_two_catalogues_is_never_served(part, tmp_path):
    """A copy in place that is not done has the right length."""
    from eventkit.errors import CatalogFileError
    from eventkit.server import ServerSettings, create_app

    live, new = tmp_path / "live.catalog", tmp_path / "new.catalog"
    programme("One").save(live)
    programme("Two").save(new)
    old = live.read_bytes()
    mixed(live, new, *part)
    assert live.read_bytes() not in (old, new.read_bytes())
    with pytest.raises(CatalogFileError, match=r"live\.catalog"):
        create_app(live, settings=ServerSettings(share_sessions=0))
