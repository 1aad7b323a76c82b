"""Scenarios about memory and hostile objects: ``python -m faults.memory NAME [NUMBER ...]``."""

from __future__ import annotations

import gc
import logging
import resource
import sys
import weakref
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import eventkit
from eventkit import reference
from faults import edits, oddities
from faults.compare import attempt, typed
from faults.generate import Calendar, event
from faults.oracle import difference
from faults.recipe import Make
from faults.roads import ROADS

INTERESTS = ["ai", "web", "rust"]
MIB = 1 << 20


def resident() -> int:
    """Return the resident bytes of this process; its peak where the system tells no more."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def calls(size: int) -> dict[str, Callable[[], Any]]:
    """Return one call of every function on plain data."""
    rng = Random(size)
    manifest = edits.Workbench(rng, size).manifest
    manifest["weights"] = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
    sessions, weights = manifest["sessions"], manifest["weights"]
    events = [event(rng, place) for place in range(8)]
    stage = oddities.Stage()
    calendar = Calendar(stage, sessions)
    stage.journal = deque(maxlen=1)  # type: ignore[assignment]
    foreign = {
        **manifest,
        "sessions": [{**s, "tags": ["\u0130", "A\u03a3", "AI"]} for s in sessions],
    }
    return {
        "recommend": lambda: eventkit.recommend(manifest, INTERESTS, 5),
        "recommend all": lambda: eventkit.recommend(manifest, INTERESTS, None),
        "recommend foreign": lambda: eventkit.recommend(foreign, ["i\u0307", "ai"], 5),
        "recommend hugely": lambda: eventkit.recommend(manifest, INTERESTS, 10**18),
        "explain": lambda: eventkit.explain(manifest, f"TALK {size - 1}", INTERESTS),
        "explain nothing": lambda: eventkit.explain(manifest, "nowhere", INTERESTS),
        "score_session": lambda: eventkit.score_session(sessions[0], INTERESTS, weights),
        "count_conflicts": lambda: eventkit.count_conflicts(sessions),
        "recommend_from_graph": lambda: eventkit.recommend_from_graph(calendar, INTERESTS, 5),
        "transform_events": lambda: ROADS["transform_events"].fast(events),
        "export": lambda: eventkit.export(manifest, INTERESTS, 5),
        "profile": lambda: sorted(eventkit.profile(manifest, INTERESTS, 5)),
    }


def no_memory(limit: int, size: int) -> str:
    """3.2: let every allocation of a call fail in its turn, alone and with all that follow."""
    import _testcapi

    logging.disable(logging.CRITICAL)
    outcomes: Counter[str] = Counter()
    wrong = []
    for name, call in calls(size).items():
        want = typed(call())
        for warm in (0, 3):
            for start in range(1, limit):
                for stop in (start + 1, 0):
                    eventkit.clear_cache()
                    for _ in range(warm):
                        call()
                    got: Any = None
                    error: BaseException | None = None
                    _testcapi.set_nomemory(start, stop)
                    try:
                        got = call()
                    except BaseException as caught:
                        error = caught
                    finally:
                        _testcapi.remove_mem_hooks()
                    verdict = _verdict(name, got, error, want)
                    outcomes[verdict] += 1
                    if verdict not in ("right", "MemoryError"):
                        wrong.append(f"{name} at {start}, {stop}, warm {warm}: {verdict}")
        if typed(call()) != want:
            wrong.append(f"{name}: wrong after the failures")
    if wrong:
        raise SystemExit("\n".join([*wrong[:20], f"{len(wrong)} in all", str(outcomes)]))
    return f"size {size}: {dict(outcomes)}"


def _verdict(name: str, got: Any, error: BaseException | None, want: str) -> str:
    if error is not None:
        return (
            "MemoryError" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
        )
    if typed(got) == want:
        return "right"
    # The specification leaves an event out whatever is wrong with it, and memory may be what is
    # wrong.
    return (
        "right" if name == "transform_events" and isinstance(got, list) else f"wrong: {got!r}"[:300]
    )


def hostile(size: int) -> str:
    """3.3: every class that raises in one method, in every place, and lists that shrink
    underway."""
    logging.disable(logging.CRITICAL)
    tried = 0
    for kind in oddities.raising_classes():
        for name, recipe in _places(kind, size):
            tried += 1
            road = ROADS[name]
            found = difference(road.fast, road.reference, recipe, texts=False)
            assert found is None, f"{kind.__name__} in {name}: {found}"
    return f"size {size}: {tried} hostile inputs, {_unfathomable(size)} bottomless ones"


def _places(kind: type, size: int) -> list[tuple[str, tuple[Any, ...]]]:
    """Return recipes with an object of this kind in each place where one can stand."""
    bad: Any = Make(kind)
    weights = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}

    def manifest(session: dict[str, Any], **changes: Any) -> dict[str, Any]:
        plain = {"title": "Talk", "tags": ["AI"], "popularity": 1, "start": "9"}
        sessions: list[Any] = [{**plain, "title": f"Talk {n}"} for n in range(size)]
        sessions[size // 2] = {**plain, **session}
        return {"weights": weights, "sessions": sessions, **changes}

    odd_manifests = [
        manifest({"tags": [bad]}), manifest({"tags": bad}), manifest({"popularity": bad}),
        manifest({"title": bad}),
        manifest({"start": bad}), manifest({"other": bad}), manifest({}, weights=bad),
        manifest({}, sessions=bad),
        manifest({}, sessions=[bad]), manifest({}, weights={**weights, "interest": bad}),
        manifest({}, features=bad),
        manifest({}, features={"externalSessions": bad}), manifest({},
        features={"externalSessions": {"enabled": bad}}),
    ]  # fmt: skip
    made: list[tuple[str, tuple[Any, ...]]] = [("recommend", (m, ["ai"], 5)) for m in odd_manifests]
    made += [("explain", (m, "talk 1", ["ai"])) for m in odd_manifests]
    plain = manifest({})
    made += [
        ("recommend", (plain, bad, 5)),
        ("recommend", (plain, [bad], 5)),
        ("recommend", (plain, ["ai"], bad)),
    ]
    made += [
        ("recommend", (bad, ["ai"], 5)),
        ("explain", (plain, bad, ["ai"])),
        ("explain", (bad, "x", ["ai"])),
    ]
    made += [
        ("score_session", (bad, ["ai"], weights)),
        ("score_session", ({"tags": [bad]}, ["ai"], weights)),
    ]
    made += [
        ("count_conflicts", (bad,)),
        ("count_conflicts", ([bad],)),
        ("count_conflicts", ([{"start": bad}],)),
    ]
    made += [
        ("transform_events", (bad,)),
        ("transform_events", ([bad],)),
        ("normalize_interests", (bad,)),
    ]
    made += [
        ("transform_events", ([{"start": {"dateTime": bad}}],)),
        ("build_adaptive_card", ([bad],)),
    ]
    return made


class _Key(str):
    """A key that hashes like another and does something when it is compared with it."""

    action: Callable[[], Any]

    def __eq__(self, other: object) -> bool:
        self.action()
        return False

    def __hash__(self) -> int:
        return str.__hash__(self)


def trapped_keys(size: int) -> str:
    """3.3: keys of sessions that, when they are compared, change what is being read."""
    tried = 0
    for key in ("tags", "popularity", "title", "start", "end"):
        for action in (
            "clear the list",
            "clear the session",
            "halve the list",
            "empty the tags",
            "drop",
        ):
            outcomes = []
            for recommend in (eventkit.recommend, reference.recommend):
                manifest = _trapped(key, action, size)
                for _ in range(4):
                    outcomes.append(typed(attempt(recommend, (manifest, ["ai"], None))))
            assert outcomes[:4] == outcomes[4:], (key, action, outcomes)
            tried += 1
    return f"size {size}: {tried} trapped keys"


def _trapped(key: str, action: str, size: int) -> dict[str, Any]:
    sessions: list[Any] = [
        {"title": f"Talk {n}", "tags": ["AI", "web"], "popularity": n, "start": "9"}
        for n in range(size)
    ]
    victim = sessions[size // 2]

    def act() -> None:
        if action == "clear the list":
            sessions.clear()
        elif action == "halve the list":
            del sessions[len(sessions) // 2 :]
        elif action == "clear the session":
            victim.clear()
        elif action == "empty the tags":
            for session in sessions:
                if session is not victim:
                    session["tags"].clear()
        else:
            sessions[:] = sessions[:1]

    trap = _Key(key)
    trap.action = lambda: None
    content = {name: value for name, value in victim.items() if name != key}
    victim.clear()
    victim[trap] = "trap"
    victim.update(content)
    trap.action = act
    return {"weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}, "sessions": sessions}


def _unfathomable(size: int) -> int:
    """Use a session that holds itself, and one with a field 100,000 levels deep."""
    manifest = edits.Workbench(Random(5), size).manifest
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    session = manifest["sessions"][0]
    session.update(me=session, everything=manifest, deep=deep, tags=["AI"], popularity=99)
    manifest["deep"] = deep
    for _ in range(4):
        answer = eventkit.recommend(manifest, ["ai"], 3)
        assert answer["sessions"][0] is session
        assert eventkit.explain(manifest, "TALK 0", ["ai"])["matched_tags"] == ["AI"]
    while deep:  # Freed level by level: not this library's recursion to test.
        deep = deep.pop()
    return 4


def leaks(rounds: int, size: int) -> str:
    """3.4, 3.5: references, blocks and resident memory after many mixed and raising calls."""
    logging.disable(logging.CRITICAL)
    manifest = edits.Workbench(Random(6), size).manifest
    session = manifest["sessions"][size // 2]
    session.update(
        title="".join(["the ", "title"]),
        tags=["".join(["a", "i"]), "web"],
        popularity=float("0.123"),
    )
    manifest["weights"] = {
        "interest": float("2.5"),
        "popularity": float("0.55"),
        "diversity": float("0.35"),
    }
    interests = ["".join(["a", "i"]), "".join(["w", "eb"])]
    sentinels = [
        manifest, manifest["sessions"], session, session["title"], session["tags"],
        session["tags"][0],
        session["popularity"], manifest["weights"], manifest["weights"]["interest"], interests,
        interests[0],
        eventkit.recommend,
    ]  # fmt: skip
    bad = {**manifest, "sessions": [*manifest["sessions"], {"title": "x", "tags": [5]}]}
    work = calls(size)

    def once(number: int) -> None:
        eventkit.recommend(manifest, interests, 5)
        eventkit.explain(manifest, "THE TITLE", interests)
        eventkit.score_session(session, interests, manifest["weights"])
        for call in work.values():
            call()
        for arguments in (
            (bad, interests, 5),
            (manifest, None, 5),
            (manifest, interests, "x"),
            ({}, [], 1),
        ):
            attempt(eventkit.recommend, arguments)
        session["popularity"] = sentinels[6]
        manifest["sessions"][0]["popularity"] = number % 7

    def counts() -> tuple[list[int], int, int]:
        eventkit.clear_cache()
        gc.collect()
        return (
            [sys.getrefcount(sentinel) for sentinel in sentinels],
            sys.getallocatedblocks(),
            resident(),
        )

    for number in range(max(rounds // 10, 200)):
        once(number)
    counts()
    # The interpreter's own caches settle; a leak goes on through every window.
    for window in range(5):
        before = counts()
        for number in range(rounds):
            once(number)
        after = counts()
        assert before[0] == after[0], (before[0], after[0])
        blocks, grown = after[1] - before[1], after[2] - before[2]
        if blocks <= 50 and grown <= MIB:
            figures = f"{blocks} blocks, {grown} bytes more in window {window + 1}"
            return f"size {size}: {rounds * 19} calls, 12 sentinels as before, {figures}"
    raise AssertionError(f"{blocks} blocks, {grown} bytes more, again and again")


def fresh_manifests(count: int, size: int) -> str:
    """3.5, 3.7: many manifests, each asked several times and dropped."""
    most = eventkit.cache_info()["max_snapshots"]

    def ask(number: int) -> None:
        bench = edits.Workbench(Random(number), size)
        for _ in range(4):
            eventkit.recommend(bench.manifest, INTERESTS, 5)
        assert eventkit.cache_info()["snapshots"] <= most

    for number in range(50):
        ask(number)
    before = resident()
    for number in range(count):
        ask(number)
    grown = resident() - before
    assert grown < 20 * MIB, f"grown by {grown} bytes"
    info = eventkit.cache_info()
    assert info["snapshots"] <= most
    return f"{count} manifests of {size}: {grown} bytes more, {info['snapshots']} snapshots kept"


def snapshot_size(size: int, tags: int) -> str:
    """3.5: what a snapshot costs a session, by its own account and by the process's."""
    rng = Random(7)
    words = [f"tag {n}" for n in range(tags)]
    shares = [1 / (n + 1) for n in range(tags)]
    sessions = [
        {
            "title": f"Talk {n}",
            "tags": rng.choices(words, shares, k=rng.randrange(2, 6)),
            "popularity": rng.random(),
            "start": "9",
            "end": "10",
        }
        for n in range(size)
    ]
    manifest = {
        "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
        "sessions": sessions,
    }
    eventkit.clear_cache()
    gc.collect()
    before = resident()
    for _ in range(4):
        eventkit.recommend(manifest, words[:10], 5)
        eventkit.explain(manifest, f"talk {size // 2}", words[:10])
    grown = (resident() - before) / size
    info = eventkit.cache_info()
    assert info["sessions"] == size, info
    own = info["bytes"] / size
    assert own <= 150, f"{own} bytes a session"
    return (
        f"{size} sessions: {own:.0f} bytes each by its account, {grown:.0f} by the process's size"
    )


class _Guest:
    """Something of the caller's inside a session."""


def freed(size: int) -> str:
    """3.7: a snapshot keeps nothing of a dropped manifest alive."""
    bench = edits.Workbench(Random(8), size)
    guests = []
    for session in bench.sessions:
        session["guest"] = _Guest()
        guests.append(weakref.ref(session["guest"]))
    for _ in range(5):
        eventkit.recommend(bench.manifest, INTERESTS, 5)
        eventkit.explain(bench.manifest, "talk 1", INTERESTS)
    held = eventkit.cache_info()["snapshots"]
    del session
    # By reference counting alone: no collection, no clear_cache().
    gc.disable()
    del bench
    alive = sum(guest() is not None for guest in guests)
    assert alive == 0, f"{alive} guests are alive"
    info = eventkit.cache_info()
    assert info["snapshots"] == info["bytes"] == 0, info
    return f"size {size}: {held} snapshot, {len(guests)} guests freed, nothing kept"


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (no_memory, hostile, trapped_keys, leaks, fresh_manifests, snapshot_size, freed)
}

if __name__ == "__main__":
    print(SCENARIOS[sys.argv[1]](*map(int, sys.argv[2:])))
