"""Scores systems on a judged collection of interests, each on the same programmes in the same run.

Run it with ``make relevance``. The collection is looked for at ``EVENTKIT_RELEVANCE``, or else at
``../shared/relevance``; without it, nothing is measured. Every system gets the typed interests of a
topic and returns ids of sessions, best first; only what it holds for a hit.

Systems that need a model, such as the vectors of all-MiniLM, are left out: no package holds the
model. The collection's own README has their figures.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import eventkit
from eventkit import reference

ROOT = Path(__file__).resolve().parent.parent
Session = dict[str, Any]
System = Callable[[list[Session]], Callable[[list[str]], list[str]]]

MEASURES = ("ndcg@10", "judged only", "p@10", "success@3", "zero hits", "nothing relevant")
WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}


def collection() -> Path | None:
    """Return the directory of the collection; ``None`` where there is none."""
    folder = Path(os.environ.get("EVENTKIT_RELEVANCE", ROOT.parent / "shared" / "relevance"))
    return folder if (folder / "topics.jsonl").is_file() else None


class Collection:
    """The topics, programmes and judgements of a directory."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / "topics.jsonl").read_text(encoding="utf-8").splitlines()
        self.topics = [json.loads(line) for line in lines]
        self.grades: dict[str, dict[str, int]] = defaultdict(dict)
        for topic, _how, session, grade in _rows(folder / "qrels.tsv"):
            self.grades[topic][session] = int(grade)
        self.aspects: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for topic, interest, session, _grade in _rows(folder / "aspects.tsv"):
            self.aspects[topic][interest].add(session)
        names = {topic["programme"] for topic in self.topics}
        self.programmes: dict[str, list[Session]] = {
            name: json.loads((folder / f"{name}.sessions.json").read_text(encoding="utf-8"))
            for name in sorted(names)
        }

    def run(self, system: System) -> dict[str, list[str]]:
        """Return the first ten sessions of each topic."""
        asks = {name: system(sessions) for name, sessions in self.programmes.items()}
        return {
            topic["topic"]: asks[topic["programme"]](topic["interests"])[:10]
            for topic in self.topics
        }

    def measure(self, run: dict[str, list[str]], kind: str) -> dict[str, float]:
        """Return the means over the topics of a kind that have an answer."""
        rows = [
            _measures(run[topic["topic"]], self.grades[topic["topic"]])
            for topic in self.topics
            if topic["kind"] == kind and any(self.grades[topic["topic"]].values())
        ]
        return {name: sum(row[name] for row in rows) / len(rows) for name in MEASURES}

    def covered(self, run: dict[str, list[str]]) -> float:
        """Return the share of a profile's interests with two or more sessions among ten."""
        shares = [
            sum(len(found.intersection(run[topic])) >= 2 for found in interests.values())
            / len(interests)
            for topic, interests in self.aspects.items()
        ]
        return sum(shares) / len(shares)

    def unanswerable(self, run: dict[str, list[str]]) -> int:
        """Return how many sessions are returned for topics that have no answer."""
        empty = [topic["topic"] for topic in self.topics]
        return sum(len(run[topic]) for topic in empty if not any(self.grades[topic].values()))

    def worse(self, run: dict[str, list[str]], before: dict[str, list[str]]) -> list[str]:
        """Return the topics that the other run answers, and that this one answers worse."""

        def gain(topic: str, answers: dict[str, list[str]]) -> float:
            return _measures(answers[topic], self.grades[topic])["ndcg@10"]

        answered = [topic for topic, found in before.items() if found and self.grades[topic]]
        return [topic for topic in answered if gain(topic, run) < gain(topic, before) - 1e-9]


def _rows(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield line.split("\t")


def _gain(grades: Iterable[int]) -> float:
    return sum((2**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(grades))


def _measures(ranked: list[str], judged: dict[str, int]) -> dict[str, float]:
    ideal = sorted(judged.values(), reverse=True)[:10]
    got = [judged.get(session, 0) for session in ranked[:10]]
    known = [judged[session] for session in ranked[:10] if session in judged]
    good = 2 if ideal[0] == 2 else 1
    hits = sum(grade > 0 for grade in got)
    return {
        "ndcg@10": _gain(got) / _gain(ideal),
        "judged only": _gain(known) / _gain(ideal),
        "p@10": hits / 10,
        "success@3": float(any(grade >= good for grade in got[:3])),
        "zero hits": float(not ranked),
        "nothing relevant": float(not hits),
    }


def understanding(sessions: list[Session]) -> Callable[[list[str]], list[str]]:
    """``Catalog.recommend(..., understand=True, balance="interests")``."""
    catalog = eventkit.Catalog(sessions, weights=WEIGHTS, text=True)

    def ask(interests: list[str]) -> list[str]:
        found = catalog.recommend(interests, 10, understand=True, balance="interests")
        return [session["id"] for session in found["sessions"]]

    return ask


def exact_tags(sessions: list[Session]) -> Callable[[list[str]], list[str]]:
    """The exact functions: only sessions of which a whole tag is an interest."""

    def ask(interests: list[str]) -> list[str]:
        wanted = [interest.lower() for interest in interests]
        answer = reference.rank_sessions(sessions, WEIGHTS, wanted, None)
        return [
            session["id"]
            for session, row in zip(answer["sessions"], answer["scoring"], strict=True)
            if row["contributions"]["interest_match"]
        ]

    return ask


_STOP = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "but", "by", "do", "for", "from", "how", "i"),
        *("if", "in", "into", "is", "it", "my", "no", "not", "of", "on", "or", "such", "that"),
        *("the", "their", "then", "there", "these", "they", "this", "to", "want", "was", "will"),
        *("with", "new", "am", "me", "you", "your"),
    )
)


def _folded(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return [word for word in re.findall(r"\w+", plain) if word not in _STOP]


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ers", "er", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def _whole_text(session: Session) -> str:
    title, text = session["title"], session.get("abstract") or ""
    return f"{title} {title} {' '.join(session['tags'])} {text}"


def _bm25(terms: Callable[[str], list[str]]) -> System:
    """BM25 (k1 1.5, b 0.75) over title twice, tags and abstract, with these terms of a text."""

    def system(sessions: list[Session]) -> Callable[[list[str]], list[str]]:
        documents = [Counter(terms(_whole_text(session))) for session in sessions]
        lengths = [sum(document.values()) for document in documents]
        mean = sum(lengths) / len(lengths)
        holders: dict[str, list[int]] = defaultdict(list)
        for number, document in enumerate(documents):
            for term in document:
                holders[term].append(number)

        def ask(interests: list[str]) -> list[str]:
            scores: dict[int, float] = defaultdict(float)
            for term in terms(" ".join(interests)):
                found = holders.get(term, [])
                rarity = math.log(1 + (len(sessions) - len(found) + 0.5) / (len(found) + 0.5))
                for number in found:
                    times = documents[number][term]
                    norm = 1.5 * (0.25 + 0.75 * lengths[number] / mean)
                    scores[number] += rarity * times * 2.5 / (times + norm)
            order = sorted(scores, key=lambda number: (-scores[number], number))
            return [sessions[number]["id"] for number in order]

        return ask

    return system


def _grams(text: str) -> list[str]:
    padded = [f" {word} " for word in _folded(text)]
    return [
        word[start : start + size]
        for word in padded
        for size in (3, 4, 5)
        for start in range(len(word) - size + 1)
    ]


def _character_grams(sessions: list[Session]) -> Callable[[list[str]], list[str]]:
    """TF-IDF of character 3- to 5-grams, cosine."""
    documents = [Counter(_grams(_whole_text(session))) for session in sessions]
    counts = Counter(gram for document in documents for gram in document)
    rarity = {gram: math.log((1 + len(sessions)) / (1 + n)) + 1 for gram, n in counts.items()}

    def vector(grams: Counter[str]) -> dict[str, float]:
        weighted = {g: n * rarity[g] for g, n in grams.items() if g in rarity}
        norm = math.sqrt(sum(value * value for value in weighted.values())) or 1.0
        return {gram: value / norm for gram, value in weighted.items()}

    vectors = [vector(document) for document in documents]

    def ask(interests: list[str]) -> list[str]:
        wanted = vector(Counter(_grams(" ".join(interests))))
        scores = [sum(v * held.get(g, 0.0) for g, v in wanted.items()) for held in vectors]
        order = sorted(range(len(scores)), key=lambda number: (-scores[number], number))
        return [sessions[number]["id"] for number in order[:10] if scores[number] > 0]

    return ask


def _tantivy(sessions: list[Session]) -> Callable[[list[str]], list[str]]:
    """Tantivy: term, prefix and one edit; title 3, tags 2, abstract 1."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_unsigned_field("number", stored=True)
    boosts = {"title": 3.0, "tags": 2.0, "abstract": 1.0}
    for name in boosts:
        schema.add_text_field(name)
    built = schema.build()
    index = tantivy.Index(built)
    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for number, session in enumerate(sessions):
        texts = {
            "title": session["title"],
            "tags": " ".join(session["tags"]),
            "abstract": session.get("abstract") or "",
        }
        writer.add_document(tantivy.Document(number=number, **texts))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def ask(interests: list[str]) -> list[str]:
        parts = []
        for word in _folded(" ".join(interests)):
            for field, boost in boosts.items():
                kinds = [(tantivy.Query.term_query(built, field, word), 1.0)]
                if len(word) >= 4:
                    near = tantivy.Query.fuzzy_term_query(built, field, word, 1, True, True)
                    kinds.append((near, 0.5))
                parts += [
                    (tantivy.Occur.Should, tantivy.Query.boost_query(query, boost * share))
                    for query, share in kinds
                ]
        if not parts:
            return []
        hits = searcher.search(tantivy.Query.boolean_query(parts), 10).hits
        numbers = [searcher.doc(address)["number"][0] for _score, address in hits]
        return [sessions[number]["id"] for number in numbers]

    return ask


def systems() -> dict[str, System]:
    """Return the systems by name, those whose packages are installed."""
    found: dict[str, System] = {
        "eventkit, understand": understanding,
        "eventkit, exact tags": exact_tags,
        "BM25, unstemmed": _bm25(_folded),
        "BM25, stemmed": _bm25(lambda text: [_stem(word) for word in _folded(text)]),
        "character 3- to 5-grams": _character_grams,
    }
    try:
        import tantivy  # noqa: F401
    except ImportError:
        print("tantivy is not installed: left out", file=sys.stderr)
    else:
        found["tantivy, prefix and one edit"] = _tantivy
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", metavar="DIR", help="write each run there, for score.py")
    parser.add_argument("--topics", action="store_true", help="show our figures of each topic")
    arguments = parser.parse_args()
    folder = collection()
    if folder is None:
        sys.exit("no collection: set EVENTKIT_RELEVANCE to its directory")
    judged = Collection(folder)
    runs = {name: judged.run(system) for name, system in systems().items()}
    print("| system |", " | ".join(MEASURES), "| interests covered | without an answer |")
    print("|---|" + "---|" * (len(MEASURES) + 2))
    for name, run in runs.items():
        row = judged.measure(run, "single")
        cells = [f"{row[measure]:.3f}" for measure in MEASURES]
        print(f"| {name} |", " | ".join(cells), end=" ")
        print(f"| {judged.covered(run):.2f} | {judged.unanswerable(run)} |")
    ours = runs["eventkit, understand"]
    worse = judged.worse(ours, runs["eventkit, exact tags"])
    print(f"topics that an exact tag answers, and that get worse: {', '.join(worse) or 'none'}")
    if arguments.topics:
        for topic in judged.topics:
            grades = judged.grades[topic["topic"]]
            if any(grades.values()):
                row = _measures(ours[topic["topic"]], grades)
                print(f"{topic['topic']} {row['ndcg@10']:.3f} {row['p@10']:.1f} {topic['query']}")
    if arguments.write:
        for name, run in runs.items():
            lines = [
                f"{topic}\t{session}\t{rank}\n"
                for topic, found in run.items()
                for rank, session in enumerate(found, 1)
            ]
            file = Path(arguments.write) / f"{name.replace(' ', '-').replace(',', '')}.run"
            file.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
