"""`understand=True` with `balance`, `spread`, `plan`, `why_not` and `alternatives`.

Each answer is compared with one that tries every list or every change. The scores come from
`explain`, which names the terms of each.
"""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import combinations, pairwise, permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest

import eventkit
from changed_question import made
from conftest import faults_scale
from eventkit import Catalog, Filter, _native
from eventkit.cli import main
from eventkit.server import ServerSettings
from eventkit.understanding import asked_and_read
from server_roads import ROADS

WORDS = ["rust", "kubernetes", "k8s", "security", "secure", "games", "gaming", "database", "sqlite"]
INTERESTS = ["rust", "k8s", "security", "game", "database", "rust security", "kuberntes", "x"]
STARTS = ["09:00", "09:30", "10:00", "11:00"]


def draw(rng: Random, most: int) -> tuple[list[dict[str, Any]], dict[str, float], list[str]]:
    sessions = []
    for number in range(rng.randint(1, most)):
        start = rng.choice(STARTS)
        sessions.append(
            {
                "title": " ".join([*rng.choices(WORDS, k=rng.randint(0, 2)), f"T{number}"]),
                "tags": rng.sample([*WORDS, "cloud native"], rng.randint(0, 2)),
                "abstract": " ".join(rng.choices(WORDS, k=rng.randint(0, 4))),
                "popularity": rng.choice((0, 0.25, 0.5, rng.random())),
                "start": start,
                "end": f"{int(start[:2]) + 1:02}{start[2:]}",
                "room": rng.choice("AB"),
            }
        )
    weights = {
        "interest": rng.choice((2.0, 0.5, 1, 0.1)),
        "popularity": rng.choice((0.5, 2.0, 1, 0)),
        "diversity": 0.3,
    }
    return sessions, weights, rng.sample(INTERESTS, rng.randint(1, 3))


def scores(catalog: Catalog, interests: list[str], weights: Any = None) -> list[float | None]:
    """The score of each session; ``None`` for those that match nothing."""
    found = []
    for session in catalog:
        row: Any = catalog.explain(session["title"], interests, weights=weights, understand=True)
        assert "error" not in row
        match = sum(term["weight"] for term in row["terms"])
        weight = (weights or catalog.weights)["interest"]
        assert match * weight == row["contributions"]["interest_match"]
        found.append(row["score"] if row["terms"] else None)
    return found


def ranked(held: list[float | None]) -> list[int]:
    matching = [at for at, score in enumerate(held) if score is not None]
    return sorted(matching, key=lambda at: -(held[at] or 0.0))


def counted(catalog: Catalog, interests: list[str]) -> list[set[int]]:
    """The interests that each session counts for, by the rule of docs/balance.md."""
    asked, reading = asked_and_read(catalog, interests)
    _, positions, points = _native.understood_points(catalog, asked, None, reading)
    table = dict(zip(positions, points, strict=True))
    most = [max((row[i] for row in points), default=0) for i in range(len(asked))]
    rows = []
    for at in range(len(catalog)):
        row = table.get(at, [0] * len(asked))
        near = {i: Fraction(row[i], most[i]) for i in range(len(asked)) if row[i]}
        best = max(near.values(), default=0)
        rows.append({i for i, value in near.items() if value == best})
    return rows


def fills(chosen: tuple[int, ...], slots: list[int], counts: list[set[int]]) -> bool:
    return any(
        all(slot in counts[at] for slot, at in zip(slots, order, strict=True))
        for order in permutations(chosen)
    )


def dealt(counts: list[set[int]], interests: int, top: int) -> list[int]:
    """The places of each interest, dealt one at a time."""
    places, dropped = [0] * interests, set[int]()
    while sum(places) < top and len(dropped) < interests:
        alive = [i for i in range(interests) if i not in dropped]
        wanted = min(alive, key=lambda i: places[i])
        more = [count + (i == wanted) for i, count in enumerate(places)]
        slots = [i for i, count in enumerate(more) for _ in range(count)]
        if any(fills(it, slots, counts) for it in combinations(range(len(counts)), len(slots))):
            places = more
        else:
            dropped.add(wanted)
    return places


def test_the_places_are_shared_by_the_rule_and_no_other_list_has_a_higher_total() -> None:
    rng = Random(15)
    for _ in range(faults_scale(120, 100_000)):
        sessions, weights, interests = draw(rng, 6)
        catalog = Catalog(sessions, weights=weights)
        top = rng.randint(0, 4)
        found = catalog.recommend(interests, top, understand=True, balance="interests")
        held, counts = scores(catalog, interests), counted(catalog, interests)
        places = dealt(counts, len(interests), top)
        assert [share["places"] for share in found["shares"]] == places
        slots = [i for i, count in enumerate(places) for _ in range(count)]
        order = ranked(held)
        lists = [it for it in combinations(order, len(slots)) if fills(it, slots, counts)]
        # The first of the lists with the highest total, in the order of `recommend`.
        values = {it: sorted((held[at] or 0.0 for at in it), reverse=True) for it in lists}
        best = max(lists, key=values.__getitem__)
        assert sum(values[best]) == max(map(sum, values.values()))
        assert [sessions.index(it) for it in found["sessions"]] == list(best)
        assert [row["score"] for row in found["scoring"]] == [held[at] for at in best]


def test_rooms_are_spread_over_what_is_understood() -> None:
    sessions = [
        {"title": f"Kubernetes {number}", "popularity": 0.9 - number / 10, "room": room}
        for number, room in enumerate("AAAB")
    ]
    found = Catalog(sessions).recommend(["k8s"], 2, understand=True, spread="room")
    assert [it["title"] for it in found["sessions"]] == ["Kubernetes 0", "Kubernetes 3"]
    assert found["unmatched"] == []
    assert found["understood"][0]["sessions"] == 4


def test_a_session_that_mentions_an_interest_does_not_take_its_place() -> None:
    sessions: list[dict[str, Any]] = [
        {"title": "Rust", "tags": ["rust"], "abstract": "Rust and security", "popularity": 0.9},
        {"title": "Rust again", "tags": ["rust"], "abstract": "security", "popularity": 0.9},
        {"title": "Security of mail", "tags": ["security"], "popularity": 0.0},
    ]
    ask: Any = {"understand": True, "balance": "interests"}
    found = Catalog(sessions).recommend(["rust", "security"], 2, **ask)
    assert [it["title"] for it in found["sessions"]] == ["Rust", "Security of mail"]


def is_in(catalog: Catalog, title: str, interests: list[str], weights: Any, top: int) -> bool:
    found = catalog.recommend(interests, top, weights=weights, understand=True)
    return any(row["title"] == title for row in found["scoring"])


def own_texts(session: dict[str, Any], interests: list[str]) -> list[str]:
    texts = dict.fromkeys([*session["tags"], *session["title"].lower().split()])
    return [text for text in texts if text not in interests]


def check_changes(
    catalog: Catalog, weights: Any, interests: list[str], top: int, found: Any
) -> None:
    title = found["title"]
    for change in found["changes"]:
        assert is_in(catalog, title, *made(change, interests, weights), top), change
    sizes = {len(change) for change in found["changes"]}
    assert len(sizes) <= 1
    size = sizes.pop() if sizes else 4
    session = next(it for it in catalog if it["title"] == title)
    texts = own_texts(session, interests)
    by_texts = any("raise_weight" not in step[-1] for step in found["changes"])
    for steps in range(1, min(size, 3) + 1):
        does = any(
            is_in(catalog, title, [*interests, *more], weights, top)
            for more in combinations(texts, steps)
        )
        assert does == (steps == size and by_texts)
        for name in ("interest", "popularity"):
            values = [c[-1]["to"] for c in found["changes"] if c[-1].get("raise_weight") == name]
            smallest = values[0] if values and steps == size else None
            tried = [weights[name] + 0.01 * step for step in (1, 2, 3, 5, 8, 13, 40, 100)]
            for value in [*tried, 5.0, 50.0, 1000.0]:
                raised = {**weights, name: round(value, 2)}
                if raised[name] <= weights[name] or (smallest and raised[name] >= smallest):
                    continue
                assert not any(
                    is_in(catalog, title, [*interests, *more], raised, top)
                    for more in combinations(texts, steps - 1)
                ), (name, raised[name], smallest, steps)


def test_each_change_brings_the_session_in_and_no_smaller_one_of_those_tried_does() -> None:
    """Makes the changes, and looks for smaller ones by trying texts and weights."""
    rng = Random(16)
    for _ in range(faults_scale(120, 100_000)):
        sessions, weights, interests = draw(rng, 6)
        catalog = Catalog(sessions, weights=weights)
        top, title = rng.randint(1, 3), rng.choice(sessions)["title"]
        found: Any = catalog.why_not(title, interests, top, understand=True)
        held = scores(catalog, interests)
        at = next(number for number, it in enumerate(sessions) if it["title"] == title)
        order = ranked(held)
        rank = order.index(at) + 1 if at in order else None
        assert (found["rank"], found["shown"]) == (rank, rank is not None and rank <= top)
        explained: Any = catalog.explain(title, interests, understand=True)
        assert (found["score"], found["terms"]) == (explained["score"], explained["terms"])
        if found["shown"]:
            assert found["changes"] == []
            continue
        last = held[order[top - 1]] if len(order) >= top else None
        lacking = None if last is None or rank is None else last - found["score"]
        assert found["gap"] == lacking
        check_changes(catalog, weights, interests, top, found)


PROGRAMME: list[dict[str, Any]] = [
    {"id": "k", "title": "Running Kubernetes", "tags": ["Cloud"], "popularity": 0.1},
    {"id": "w", "title": "Why containers?", "abstract": "From chroot to k8s.", "popularity": 0.2},
    {"id": "g", "title": "Gardening", "tags": ["Life"], "popularity": 0.9},
    {"id": "d", "title": "Django forms", "tags": ["Web"], "popularity": 0.3},
]
TIMES = [("9:00", "10:00"), ("9:30", "10:30"), ("9:00", "10:00"), ("11:00", "12:00")]
for _session, (_start, _end) in zip(PROGRAMME, TIMES, strict=True):
    _session |= {"start": _start, "end": _end}
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
MANIFEST = {"weights": WEIGHTS, "sessions": PROGRAMME}


def test_a_session_that_matches_nothing_has_no_rank_and_the_word_that_would_bring_it_in() -> None:
    found: Any = Catalog(MANIFEST).why_not("gardening", ["k8s", "knitting"], 1, understand=True)
    assert (found["rank"], found["gap"], found["terms"]) == (None, None, [])
    assert found["last"] == "Running Kubernetes"
    assert found["slot_taken_by"] == "Running Kubernetes"
    assert [{"add_interest": "life"}] in found["changes"]
    assert [row["interest"] for row in found["unmatched"]] == ["knitting"]


def test_a_filter_that_hides_a_session_is_named_when_interests_are_understood() -> None:
    catalog = Catalog(MANIFEST)
    hiding = Filter(no_tags=["cloud"])
    found: Any = catalog.why_not("k", ["kuberntes"], 2, filter=hiding, understand=True)
    assert (found["rank"], found["hidden_by"]) == (None, ["no_tags"])
    assert found["changes"] == [[{"drop_filter": "no_tags"}]]


def test_a_plan_has_the_highest_total_of_understood_scores() -> None:
    rng = Random(17)
    for _ in range(faults_scale(100, 20_000)):
        sessions, weights, interests = draw(rng, 6)
        catalog = Catalog(sessions, weights=weights)
        plan = catalog.plan(interests, understand=True)
        held = scores(catalog, interests)

        def fits(chosen: tuple[int, ...], of: Any = sessions) -> bool:
            times = sorted((of[at]["start"], of[at]["end"]) for at in chosen)
            return all(one[1] <= other[0] for one, other in pairwise(times))

        order = ranked(held)
        lists = [it for size in range(5) for it in combinations(order, size) if fits(it)]
        best = max(sum(held[at] or 0.0 for at in it) for it in lists)
        assert plan["total"] == pytest.approx(best, abs=1e-12)
        listed = {row["title"] for row in [*plan["scoring"], *plan["left_out"]]}
        assert listed == {sessions[at]["title"] for at in order}


def test_a_plan_keeps_a_required_session_that_matches_nothing() -> None:
    plan = Catalog(MANIFEST).plan(["k8s", "web"], must=["g"], understand=True)
    assert [it["id"] for it in plan["sessions"]] == ["g", "d"]
    reasons = {row["title"]: row.get("session") for row in plan["left_out"]}
    assert reasons == {"Running Kubernetes": "Gardening", "Why containers?": "Gardening"}
    assert [row["interest"] for row in plan["understood"]] == ["k8s", "web"]


def test_alternatives_show_first_what_matches() -> None:
    found: Any = Catalog(MANIFEST).alternatives("w", ["kuberntes"], understand=True)
    assert [row["title"] for row in found["scoring"]] == ["Running Kubernetes", "Gardening"]
    assert found["scoring"][1]["contributions"]["interest_match"] == 0.0
    assert found["understood"][0]["matches"][0]["how"] == "typo"


def test_all_sources_give_the_same_answers() -> None:
    opened = Catalog.from_json(json.dumps(MANIFEST).encode())
    ask: Any = {"understand": True}
    for source in (MANIFEST, Catalog(MANIFEST), opened):
        catalog = Catalog(MANIFEST)
        assert eventkit.plan(source, ["k8s"], **ask) == catalog.plan(["k8s"], **ask)
        for function in ("why_not", "alternatives"):
            answer = getattr(eventkit, function)(source, "w", ["k8s"], 1, **ask)
            assert answer == getattr(catalog, function)("w", ["k8s"], 1, **ask)
    shared: Any = {**ask, "balance": "interests", "spread": "day"}
    expected = Catalog(MANIFEST).recommend(["k8s", "web"], 2, **shared)
    assert eventkit.recommend(MANIFEST, ["k8s", "web"], 2, **shared) == expected


def test_what_cannot_be_scored_is_refused_when_interests_are_understood() -> None:
    odd = Catalog([*PROGRAMME, {"title": "Odd k8s", "popularity": float("nan")}])
    ask: Any = {"understand": True}
    with pytest.raises(ValueError, match="cannot be planned"):
        odd.plan(["k8s"], **ask)
    with pytest.raises(ValueError, match="cannot be explained"):
        odd.why_not("k", ["k8s"], **ask)
    with pytest.raises(ValueError, match="cannot be balanced"):
        odd.recommend(["k8s"], 2, balance="interests", **ask)
    with pytest.raises(ValueError, match="balance is 'rooms'"):
        odd.recommend(["k8s"], 2, balance="rooms", **ask)
    assert odd.why_not("Dinner", ["k8s"], **ask) == {
        "error": "session not found",
        "title": "Dinner",
    }


COMMANDS = {
    "plan": ("/plan", ("--busy", "11:00/12:00"), b"&busy=11:00/12:00"),
    "why-not": ("/why-not", ("--session", "d", "--top", "1"), b"&session=d&top=1"),
    "alternatives": ("/alternatives", ("--session", "w"), b"&session=w&top=3"),
    "recommend": (
        "/recommend",
        ("--balance", "interests", "--spread", "room"),
        b"&balance=interests&spread=room&top=3",
    ),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_and_endpoints_understand(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agent.json"
    file.write_text(json.dumps(MANIFEST), encoding="utf-8")
    path, arguments, query = COMMANDS[command]
    about = ["--manifest", str(file), "--interests", "k8s, knitting", "--understand", "--json"]
    assert main([command, *about, *arguments]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [row["sessions"] for row in printed["understood"]] == [2, 0]
    app = eventkit.create_app(MANIFEST, settings=ServerSettings())
    for ask in ROADS.values():
        body = ask(app, "GET", path, b"interests=k8s,knitting&understand=1" + query).body
        answer = json.loads(body)
        answer.pop("leftOutCount", None)
        assert answer == printed


def test_the_lines_of_why_not_name_the_terms() -> None:
    from eventkit.cli import question_views

    found: Any = Catalog(MANIFEST).why_not("w", ["k8s"], 1, understand=True)
    lines = question_views.why_not(found, ["k8s"])
    assert any("k8s: k8s (text, abstract)" in line for line in lines)
    assert "k8s: k8s (text, 1), kubernetes (alias, 1)" in lines
    found = Catalog(MANIFEST).why_not("g", ["k8s"], 1, understand=True)
    assert "left out" in question_views.why_not(found, ["k8s"])[0]
