"""Calls of every size under a memory limit: ``python -m faults.little_memory MIB...``.

Each call runs in a forked child whose address space may grow by so many MiB only. It must return or
raise `MemoryError`, and work again once the limit is gone. Prints a count of both, and the calls
that ended their process.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import eventkit
from eventkit import Catalog, Filter
from eventkit.graph import CachedGraphEventService

MIB = 1 << 20
SESSIONS = 12_000
INTERESTS = ["tag 1", "tag 2", "tag 3"]


def sessions(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"s{number}",
            "title": f"Session {number}",
            "tags": [f"Tag {number % 7}", f"Tag {number % 301}"],
            "popularity": number % 100 / 100,
            "start": f"2026-01-{number % 28 + 1:02}T{number % 24:02}:00",
            "end": f"2026-01-{number % 28 + 1:02}T{number % 24:02}:50",
            "location": f"Hall {number % 40}",
        }
        for number in range(count)
    ]


class Calendar:
    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = events

    def get_events(self, top: int, user_id: str) -> list[dict[str, Any]]:
        return self.events


def calls(folder: Path) -> dict[str, Callable[[], Any]]:
    """Return the calls by name; what they need is made already."""
    listed = sessions(SESSIONS)
    weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    manifest = {"weights": weights, "sessions": listed}
    objects = Catalog(listed, weights=weights)
    file = folder / "some.catalog"
    objects.save(file)
    text = Catalog.open(file, copy=True)
    pickled = pickle.dumps(text)
    document = b"[" + b",".join(_json(session) for session in listed) + b"]"
    lines = folder / "some.ndjson"
    lines.write_bytes(b"\n".join(_json(session) for session in listed))
    many = [[f"tag {number % 301}"] for number in range(6_000)]
    words = [f"word {number}" for number in range(150_000)]
    cached = CachedGraphEventService(Calendar(listed), max_bytes=1 << 30)
    return {
        "recommend": lambda: [eventkit.recommend(manifest, INTERESTS, None) for _ in range(3)],
        "recommend for many interests": lambda: eventkit.recommend(manifest, words, 5),
        "explain": lambda: [eventkit.explain(manifest, "none", INTERESTS) for _ in range(3)],
        "count_conflicts": lambda: eventkit.count_conflicts(listed),
        "profile": lambda: eventkit.profile(manifest, INTERESTS, None),
        "Catalog()": lambda: Catalog(listed),
        "from_json": lambda: Catalog.from_json(document),
        "from_ndjson": lambda: Catalog.from_ndjson(lines),
        "open": lambda: Catalog.open(file, verify=True),
        "open a copy": lambda: Catalog.open(file, copy=True),
        "unpickle": lambda: pickle.loads(pickled),
        "pickle": lambda: pickle.dumps(text),
        "save objects": lambda: objects.save(folder / "other.catalog"),
        "save text": lambda: text.save(folder / "other.catalog"),
        "list": lambda: list(text),
        "with_sessions": lambda: objects.with_sessions(listed, removed=["s1"]),
        "Catalog.recommend": lambda: text.recommend(INTERESTS, None),
        "recommend, filtered": lambda: text.recommend(
            INTERESTS, None, filter=Filter(exclude=words, all_tags=["tag 1"])
        ),
        "recommend_json": lambda: text.recommend_json(INTERESTS, None),
        "recommend_json of objects": lambda: objects.recommend_json(INTERESTS, None),
        "recommend_many": lambda: text.recommend_many(many, 100),
        "recommend_many_json": lambda: sum(map(len, text.recommend_many_json(many, 100))),
        "rank_many": lambda: text.rank_many(many, 10_000),
        "rank_many of all": lambda: objects.rank_many(many, sys.maxsize),
        "Catalog.explain": lambda: text.explain("session 5", words),
        "score": lambda: text.score("s5", words),
        "plan": lambda: text.plan(INTERESTS, 200, gap=5),
        "Filter": lambda: Filter(exclude=words, no_tags=words, locations=words),
        "calendar": lambda: cached.get_events("ann", SESSIONS),
        "calendar, recommended": lambda: cached.recommend("ann", INTERESTS, SESSIONS),
    }


def _json(session: dict[str, Any]) -> bytes:
    return eventkit.Catalog([session]).recommend_json([], 1)[14:].partition(b'], "scoring"')[0]


def grown() -> int:
    """Return the bytes of this process's address space."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def outcome(call: Callable[[], Any], mib: int) -> str:
    """Run a call in a child; return what became of it."""
    process = os.fork()
    if process == 0:
        code = 3
        try:
            resource.setrlimit(resource.RLIMIT_AS, (grown() + mib * MIB, resource.RLIM_INFINITY))
            try:
                call()
                code = 0
            except MemoryError:
                code = 1
            finally:
                resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
            # The engine works again.
            if Catalog(sessions(50)).recommend(["tag 1"], 1)["scoring"][0]["score"] < 2:
                code = 4
        except BaseException as error:
            print(repr(error)[:300], file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    _, status = os.waitpid(process, 0)
    if os.WIFSIGNALED(status):
        return f"signal {os.WTERMSIG(status)}"
    known = {0: "returned", 1: "MemoryError"}
    return known.get(os.WEXITSTATUS(status), f"status {os.WEXITSTATUS(status)}")


def main() -> None:
    """Run every call with every limit."""
    limits = [int(argument) for argument in sys.argv[1:]]
    outcomes: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        made = calls(Path(folder))
        # A process that was never short of memory has all its imports.
        Catalog(sessions(50)).recommend_many([["tag 1"]] * 50, 1)
        for name, call in made.items():
            for mib in limits:
                ended = outcome(call, mib)
                outcomes[ended] += 1
                if ended not in ("returned", "MemoryError"):
                    wrong.append(f"{name} with {mib} MiB: {ended}")
    print(f"{len(made)} calls, {sum(outcomes.values())} runs: {dict(outcomes)}")
    if wrong:
        raise SystemExit("\n".join(wrong))
    if not outcomes["MemoryError"] or not outcomes["returned"]:
        raise SystemExit("no limit was tight, or none was wide")


if __name__ == "__main__":
    main()
