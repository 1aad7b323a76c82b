"""Words that mean an interest, and words that only look like it, on small made-up programmes."""

from __future__ import annotations

from typing import Any

import pytest

from eventkit import Catalog, understand


def session(title: str, abstract: str = "", **more: Any) -> dict[str, Any]:
    return {"title": title, "abstract": abstract, **more}


def titles(programme: list[dict[str, Any]], *interests: str) -> list[str]:
    answer = Catalog(programme).recommend(list(interests), None, understand=True)
    return [row["title"] for row in answer["scoring"]]


FOUND = [
    ("accessibility", "Accessible maps for everyone"),
    ("reliability", "Making pumps reliable"),
    ("migrations", "How we migrated a library"),
    ("intrusion detection", "Detecting an intrusion"),
    ("licences", "Which license for a poem?"),
    ("behavior", "The behaviour of crowds"),
    ("capitalism", "Kapitalismus erklärt"),
    ("architektur", "Bridges and their architecture"),
    ("political", "Politische Lieder"),
    ("amateur radio", "Amateurfunk vom Balkon"),
    ("a11y", "Barrierefreiheit im Museum"),
    ("jit", "A just-in-time compiler"),
    ("coding", "Code for gardeners"),
    ("test", "テスト自動化の話"),
    ("非同期処理", "Async sockets by hand"),
    ("料理ライブ", "ライブで料理"),
    ("セキュリティについて知りたい", "Security of tickets"),
    ("보안에 대해", "보안 이야기"),
    ("ich möchte löten lernen", "Löten am Abend"),
    ("quiero aprender cocina", "Cocina de montaña"),
    ("poems auf englisch", "Englisch singen"),
]


@pytest.mark.parametrize(("interest", "title"), FOUND)
def test_a_related_form_or_name_is_found(interest: str, title: str) -> None:
    others = [session(f"Filler {number}", abstract="lernen aprender") for number in range(12)]
    programme = [*others, *(session(title) for title in dict.fromkeys(title for _, title in FOUND))]
    found = titles(programme, interest)
    assert title in found
    assert not any(name.startswith("Filler") for name in found)


NOT_FOUND = [
    ("cars", "Caring for parents"),
    ("coding", "A cod in the net"),
    ("production", "Product photos"),
    ("operations", "Operating systems"),
    ("jit", "A time for tea"),
    ("time", "The JIT of a browser"),
    ("kochen", "Lange Wochen"),
    ("signalr", "Smoke signals"),
    ("tour", "Tor for beginners"),
    ("kinder", "Kind people"),
    ("docker", "Ships that dock"),
    ("automotive", "The night bus"),
    ("スクレイピング", "スクリーンの話"),
]


@pytest.mark.parametrize(("interest", "title"), NOT_FOUND)
def test_a_word_that_only_looks_like_it_is_not_found(interest: str, title: str) -> None:
    assert titles([session(title)], interest) == []


@pytest.mark.parametrize("interest", ["machine learning", "ゲームと水の音"])
def test_the_words_of_a_phrase_that_no_session_says_are_found_apart(interest: str) -> None:
    programme = [
        session("A learning garden"),
        session("The washing machine"),
        session("ゲームの夜"),
        session("水の音の話"),
        *(session(f"Filler {number}") for number in range(9)),
    ]
    found = titles(programme, interest)
    assert len(found) == 2
    assert not any(name.startswith("Filler") for name in found)


def test_addresses_are_no_words() -> None:
    programme = [
        session("Dinner", "Way: https://maps.example/route?by=car&x=1, mail train@bus.example."),
        session("Home", "See www.boat.example or ask @bicycle"),
    ]
    assert titles(programme, "car", "train", "bus", "boat") == []
    assert titles(programme, "bicycle") == ["Home"]


def test_a_break_is_no_session_of_its_track() -> None:
    programme = [
        session("Lunch", track="Privacy and Security", tags=["Privacy and Security"]),
        session("Coffee break", tags=["Privacy"]),
        session("Lunch breaks in prison", tags=["Privacy and Security"]),
    ]
    assert titles(programme, "security") == ["Lunch breaks in prison"]
    assert "Lunch" in titles(programme, "lunch")
    # A whole tag that is the interest still counts, as it does for the exact functions.
    assert "Coffee break" in titles(programme, "privacy")


LEVELS = [
    ("rust for begginers", "beginner"),
    ("advnaced rust", "advanced"),
    ("rust für Einsteigerinnen", "beginner"),
    ("premiers pas en rust", "beginner"),
    ("初心者向けrust", "beginner"),
]


@pytest.mark.parametrize(("interest", "level"), LEVELS)
def test_a_level_is_read_from_a_misspelt_word_and_in_other_languages(
    interest: str, level: str
) -> None:
    programme = [session("Rust"), session("Rust at sea", tags=[level]), session("Sea shanties")]
    (read,) = understand(programme, [interest]).understood
    assert (read["level"], read["unmatched"]) == (level, [])
    assert titles(programme, interest) == ["Rust at sea", "Rust"]


def test_a_session_of_another_level_is_not_preferred() -> None:
    programme = [
        session("Rust", abstract="Rust and no more."),
        session("Rust, advanced", abstract="Rust. Beginners, please come tomorrow."),
        session("Rust, an introduction", abstract="Rust. Experts, please come tomorrow."),
    ]
    catalog = Catalog(programme)
    found = catalog.recommend(["rust for beginners"], None, understand=True)
    assert [row["title"] for row in found["scoring"]] == [
        "Rust, an introduction",
        "Rust",
        "Rust, advanced",
    ]
    for row in found["scoring"]:
        explained: Any = catalog.explain(row["title"], ["rust for beginners"], understand=True)
        total = sum(term["weight"] for term in explained["terms"]) * catalog.weights["interest"]
        assert total == row["contributions"]["interest_match"]
