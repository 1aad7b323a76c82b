"""Interests as people type them: what is found, how, and what it adds up to."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import eventkit
from eventkit import Catalog, understand

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}


def session(title: str, *tags: str, abstract: str = "", **more: Any) -> dict[str, Any]:
    return {"title": title, "tags": list(tags), "abstract": abstract, **more}


PROGRAMME = [
    session("Running Kubernetes at home", "Cloud Native"),
    session("Statistics with R", abstract="A letter and a language."),
    session("ASP on .NET", "Web", abstract="C# and the runtime."),
    session("Überwachung und Straße", "Datenschutz"),
    session("資料庫入門", "中文"),
    session("A night in the dungeon", "Dungeons & Dragons"),
    session("Python games", "Python", popularity=0.5),
    session("An LLVM pass in C++", "Compilers"),
    session("Where to go to for air mail", abstract="Access to the building. We go to Rome."),
    session("Concurrency in Go", "Go"),
    session("Screen readers", "Accessibility"),
    session("Police reform", "Society"),
    session("Security for beginners", "Beginner"),
    session("Security at scale", "Advanced"),
    session("Large language models", "AI"),
    session("Rust, again", "Rust", abstract="Embedded systems, mostly."),
    session("Another talk", "Rust"),
]


def titles(interests: Any, programme: Any = PROGRAMME, **options: Any) -> list[str]:
    manifest = {"sessions": programme, "weights": WEIGHTS}
    answer = eventkit.recommend(manifest, interests, None, understand=True, **options)
    return [row["title"] for row in answer["scoring"]]


FOUND = [
    ("k8s", "Running Kubernetes at home"),
    ("kuberntes", "Running Kubernetes at home"),
    ("kube", "Running Kubernetes at home"),
    ("KUBERNETES", "Running Kubernetes at home"),
    ("r", "Statistics with R"),
    (".net", "ASP on .NET"),
    ("c#", "ASP on .NET"),
    ("ueberwachung", "Überwachung und Straße"),
    ("uberwachung", "Überwachung und Straße"),
    ("strasse", "Überwachung und Straße"),
    ("straße", "Überwachung und Straße"),
    ("資料庫", "資料庫入門"),
    ("中文", "資料庫入門"),
    ("d&d", "A night in the dungeon"),
    ("pyhton", "Python games"),
    ("gaming", "Python games"),
    ("c++", "An LLVM pass in C++"),
    ("llvm", "An LLVM pass in C++"),
    ("go", "Concurrency in Go"),
    ("golang", "Concurrency in Go"),
    ("a11y", "Screen readers"),
    ("llm", "Large language models"),
    ("ai", "Large language models"),
    ("rust on embedded", "Rust, again"),
]


@pytest.mark.parametrize(("interest", "title"), FOUND)
def test_an_interest_is_found_however_it_is_typed(interest: str, title: str) -> None:
    assert titles([interest])[0] == title


NOT_FOUND = [
    ("llm", "An LLVM pass in C++"),
    ("accessibility", "Where to go to for air mail"),
    ("access", "Screen readers"),
    ("go", "Where to go to for air mail"),
    ("ai", "Where to go to for air mail"),
    ("policy", "Police reform"),
    ("c", "An LLVM pass in C++"),
    ("c++", "ASP on .NET"),
    ("c#", "An LLVM pass in C++"),
    ("r", "Rust, again"),
    ("net", "ASP on .NET"),
]


@pytest.mark.parametrize(("interest", "title"), NOT_FOUND)
def test_words_that_only_look_alike_are_not_found(interest: str, title: str) -> None:
    assert title not in titles([interest])


LANGUAGES = [
    ("robotik", "Robotics at school"),
    ("robotics", "Robotik für alle"),
    ("technologie", "Technology of the past"),
    ("feminismus", "Feministische Theorien"),
    ("datenbanken", "Why databases?"),
    ("datenbank", "Datenbanksysteme im Vergleich"),
    ("überwachungskameras", "Kameras für Überwachung"),
    ("logiciels libres", "Free software in town halls"),
    ("machine lerning", "Deep learning on a machine"),
    ("初心者", "Security for beginners"),
    ("初心者", "はじめてのPython"),
    ("非同期", "Async Python"),
    ("climate change", "Das Klima und wir"),
]


@pytest.mark.parametrize(("interest", "title"), LANGUAGES)
def test_other_languages_and_compounds_are_found(interest: str, title: str) -> None:
    others = [session("Was lernen wir?"), session("Alte Systeme")]
    programme = [*others, *(session(title) for _, title in LANGUAGES)]
    assert title in titles([interest], programme)


@pytest.mark.parametrize("interest", ["quantum computing", "voting machines", "kohleausstieg"])
def test_a_common_word_of_a_longer_interest_alone_finds_nothing(interest: str) -> None:
    others = [session(f"Talk {number}", abstract="computing machines") for number in range(40)]
    programme = [*others, session("Block by block"), *PROGRAMME]
    assert titles([interest], programme) == []


@pytest.mark.parametrize("interest", ["blockchain", "", " ", "?!", "quantum knitting", "\ud800"])
def test_what_the_programme_does_not_hold_finds_nothing(interest: str) -> None:
    found = understand(PROGRAMME, [interest])
    assert titles([interest]) == []
    assert found.understood[0]["sessions"] == 0
    assert len(found.understood[0]["nearest"]) == 3


def test_a_level_is_a_preference_and_function_words_are_dropped() -> None:
    sentence = "I am new to security and want a beginner talk"
    assert titles([sentence]) == ["Security for beginners", "Security at scale"]
    assert understand(PROGRAMME, [sentence]).understood[0]["level"] == "beginner"
    assert titles(["advanced security"])[0] == "Security at scale"
    assert titles(["beginner"]) == ["Security for beginners", "資料庫入門"]


def test_understanding_tells_how_each_word_was_found() -> None:
    def ways(interest: str) -> dict[str, str]:
        row = understand(PROGRAMME, [interest]).understood[0]
        return {match["term"]: match["how"] for match in row["matches"]}

    assert ways("rust") == {"rust": "exact"} | {"rust": "word"}
    assert ways("k8s") == {"kubernetes": "alias"}
    assert ways("game") == {"games": "form"}
    assert ways("kube") == {"kubernetes": "prefix"}
    assert ways("pyhton") == {"python": "typo"}
    assert ways("rome") == {"rome": "text"}
    exact = understand(PROGRAMME, ["Rust"]).understood[0]["matches"][0]
    assert exact == {"word": "rust", "term": "rust", "how": "exact", "sessions": 2}
    assert ways("kuberntes") == {"kubernetes": "typo"}
    assert understand(PROGRAMME, ["kuberntes"], fuzzy=False).understood[0]["matches"] == []


def test_the_interests_of_an_understanding_feed_the_exact_functions() -> None:
    found = understand(PROGRAMME, "golang; pyhton, nothing of it")
    assert found.interests[:2] == ["go", "python"]
    manifest = {"sessions": PROGRAMME, "weights": WEIGHTS}
    exact = eventkit.recommend(manifest, found.interests, 2)
    assert [row["title"] for row in exact["scoring"]] == ["Python games", "Concurrency in Go"]


def test_the_terms_add_up_to_the_match_to_the_last_digit() -> None:
    catalog = Catalog(PROGRAMME, text=True)
    interests = ["rust on embedded", "beginner security", "k8s", "pyhton", "games"]
    answer = catalog.recommend(interests, None, understand=True)
    assert answer["understood"] == understand(catalog, interests).understood
    for row in answer["scoring"]:
        explained: Any = catalog.explain(row["title"], interests, understand=True)
        assert explained["score"] == row["score"]
        assert explained["contributions"] == row["contributions"]
        match = sum(term["weight"] for term in explained["terms"])
        assert match * WEIGHTS["interest"] == row["contributions"]["interest_match"]
        assert sum(row["contributions"].values()) == row["score"]


def test_an_explanation_names_fields_and_tags() -> None:
    explained: Any = Catalog(PROGRAMME).explain("concurrency in go", ["golang"], understand=True)
    (term,) = explained["terms"]
    assert (term["word"], term["term"], term["how"]) == ("golang", "go", "alias")
    assert term["fields"] == ["tags", "title"]
    assert explained["matched_tags"] == ["Go"]
    missing = Catalog(PROGRAMME).explain("Dinner", ["go"], understand=True)
    assert missing == {"error": "session not found", "title": "Dinner"}


def test_every_road_gives_the_same_answer(tmp_path: Path) -> None:
    interests = ["rust on embedded", "pyhton", "beginner security"]
    manifest = {"sessions": PROGRAMME, "weights": WEIGHTS}
    expected = eventkit.recommend(manifest, interests, 6, understand=True)
    compiled = Catalog(manifest, text=True)
    compiled.save(tmp_path / "text.catalog")
    Catalog(manifest).save(tmp_path / "plain.catalog")
    roads = {
        "catalog": Catalog(manifest),
        "text": compiled,
        "file with words": Catalog.open(tmp_path / "text.catalog", verify=True),
        "file without": Catalog.open(tmp_path / "plain.catalog"),
        "json": Catalog.from_json(json.dumps(manifest).encode()),
    }
    for name, catalog in roads.items():
        assert catalog.recommend(interests, 6, understand=True) == expected, name
    sizes = [(tmp_path / f"{name}.catalog").stat().st_size for name in ("text", "plain")]
    assert sizes[0] > sizes[1]


@pytest.mark.parametrize(
    "members",
    [
        {"abstract": None, "description": "zebra"},
        {"abstract": "", "description": "zebra"},
        {"abstract": 5, "description": "zebra"},
        {"speakers": {"name": "zebra", "about": "yak"}},
        {"speakers": [{"name": "zebra", "about": "yak"}, "ibex"]},
        {"speakers": [{"about": ["yak"], "name": {"name": "zebra"}}, None, 5]},
        {"speakers": [{"name": ["zebra", ["ibex"]]}]},
        {"speakers": [["zebra", {"name": "ibex"}, ["yak"]], []]},
        {"track": ["zebra", ["ibex", ["yak"]]], "speakers": {}},
    ],
    ids=json.dumps,
)
def test_a_session_of_json_has_the_words_of_its_object(members: dict[str, Any]) -> None:
    sessions = [{"title": "A", "tags": ["one"], **members}, {"title": "B", "tags": ["two"]}]
    of_objects = Catalog(sessions, text=True)
    of_json = Catalog.from_json(json.dumps(sessions).encode()).with_text()
    for word in ("zebra", "yak", "ibex", "name", "about"):
        answers = [held.recommend([word], 2, understand=True) for held in (of_json, of_objects)]
        assert answers[0] == answers[1]


def test_a_changed_catalogue_answers_like_a_new_one() -> None:
    numbered = [{**row, "id": str(number)} for number, row in enumerate(PROGRAMME)]
    interests = ["rust on embedded", "security", "kube"]
    whole = Catalog(numbered).recommend(interests, None, understand=True)
    grown = Catalog(numbered[:9], text=True)
    for row in numbered[9:]:
        grown = grown.with_sessions(added=[row])
    assert grown.recommend(interests, None, understand=True) == whole
    less = Catalog(numbered).with_sessions(removed=["15", "0"])
    fresh = Catalog([row for row in numbered if row["id"] not in ("15", "0")])
    expected = fresh.recommend(interests, None, understand=True)
    answer = less.recommend(interests, None, understand=True)
    assert answer["scoring"] == expected["scoring"]
    assert [row["sessions"] for row in answer["understood"]] == [
        row["sessions"] for row in expected["understood"]
    ]


def test_an_edit_of_a_session_is_seen_by_the_next_call() -> None:
    programme = [session("A talk"), session("Another")]
    assert titles(["zig"], programme) == []
    programme[1]["abstract"] = "All about Zig."
    assert titles(["zig"], programme) == ["Another"]
    programme.append(session("Zig too"))
    assert titles(["zig"], programme) == ["Zig too", "Another"]


def test_aliases_of_the_manifest_and_of_the_caller_are_used_in_both_directions() -> None:
    manifest = {
        "sessions": [session("Meet the Borg"), session("Cluster managers")],
        "weights": WEIGHTS,
        "aliases": {"borg": ["cluster managers"]},
    }
    found = eventkit.recommend(manifest, ["cluster managers"], None, understand=True)
    assert [row["title"] for row in found["scoring"]] == ["Cluster managers", "Meet the Borg"]
    assert understand(manifest, ["borg"]).understood[0]["sessions"] == 2
    found_too = understand(manifest["sessions"], ["hive"], aliases={"hive": "borg"})
    assert found_too.understood[0]["matches"][0]["how"] == "alias"


def test_only_the_named_fields_count() -> None:
    programme = [session("Rust", speakers=["Ada Zig"]), session("A talk", "Rust")]
    assert understand(programme, ["rust"], fields=["title"]).understood[0]["sessions"] == 1
    assert understand(programme, ["zig"]).understood[0]["sessions"] == 1
    assert understand(programme, ["zig"], fields=["title", "tags"]).understood[0]["sessions"] == 0


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r'fields holds "room"'):
        understand(PROGRAMME, ["ai"], fields=["room"])
    with pytest.raises(TypeError, match="interests holds 7"):
        understand(PROGRAMME, ["ai", 7])  # type: ignore[list-item]
    with pytest.raises(TypeError, match="'ai' is 7"):
        understand(PROGRAMME, ["ai"], aliases={"ai": [7]})
    with pytest.raises(TypeError, match="embed needs understand=True"):
        Catalog(PROGRAMME).recommend(["ai"], 1, embed=len)


def test_vectors_rank_behind_everything_that_matches() -> None:
    def embed(texts: list[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "Rust" in text else [0.6, 0.8] for text in texts]

    catalog = Catalog(PROGRAMME)
    answer: Any = catalog.recommend(["kubernetes"], 3, understand=True, embed=embed)
    assert answer["scoring"][0]["title"] == "Running Kubernetes at home"
    assert len(answer["sessions"]) == 3
    assert [row["nearness"] for row in answer["scoring"][1:]] == [1.0, 1.0]
    with pytest.raises(ValueError, match="embed returned 1 vectors, expected 17"):
        catalog.recommend(["kubernetes"], 3, understand=True, embed=lambda texts: [[1.0]])


def test_without_understanding_an_answer_is_as_before() -> None:
    manifest = {"sessions": PROGRAMME, "weights": WEIGHTS}
    before = eventkit.reference.recommend(manifest, ["python"], 4)
    assert eventkit.recommend(manifest, ["python"], 4) == before
    catalog = Catalog(manifest, text=True)
    assert catalog.recommend(["python"], 4) == before
    assert list(before) == ["sessions", "scoring", "conflicts"]


TEXTS = st.text(max_size=60) | st.text("aeiourst -./&'+#go", max_size=40)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, st.lists(TEXTS, max_size=3)), max_size=5), TEXTS)
@pytest.mark.slow
def test_arbitrary_texts_are_read(rows: list[tuple[str, str, list[str]]], interest: str) -> None:
    programme = [session(title, *tags, abstract=text) for title, text, tags in rows]
    catalog = Catalog(programme, text=True)
    interests = [interest, *(title for title, _text, _tags in rows)]
    answer = catalog.recommend(interests, None, understand=True)
    for row in answer["scoring"][:2]:
        explained: Any = catalog.explain(row["title"], interests, understand=True)
        weights = sum(term["weight"] for term in explained["terms"])
        assert explained["contributions"]["interest_match"] == weights * 2.0


@pytest.mark.parametrize("unit", ["a", "go ", "資", "a-", "c++ ", "l'", "https://x/", "é\u0301"])
def test_the_time_is_linear_in_the_text(unit: str) -> None:
    def best(count: int) -> float:
        programme = [session("x", abstract=unit * count)]
        times = []
        for _ in range(5):
            start = time.process_time()
            Catalog(programme, text=True).recommend([unit * (count // 8)], 1, understand=True)
            times.append(time.process_time() - start)
        return min(times)

    for _ in range(4):
        small, large = best(4_000), best(64_000)
        if large < 100 * max(small, 5e-4):
            return
    pytest.fail(f"16 times the text took {large / small:.0f} times as long")
