"""Parsers take time in proportion to what they read: twice the input, at most 2.5 times the time.

See `budgets` for how it is measured. Sizes are such that both fit into a cache, and large
enough that a quadratic step would be most of the time.
"""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from budgets import MOST, ratio
from eventkit import Catalog, summarize
from eventkit.manifest import parse_manifest
from eventkit.schema import validate

SESSION = '{"title": "Agents", "tags": ["ai", "web"], "popularity": 0.5, "start": "09:00"}'
LINE = '{"ts": 1.5, "action": "recommend", "success": true, "latency_ms": 2.25}\n'

# By name: a text of a size, for sessions in a JSON manifest.
DOCUMENTS: dict[str, Callable[[int], str]] = {
    "sessions": lambda n: f'{{"weights": {{}}, "sessions": [{",".join([SESSION] * n)}]}}',
    "one long title": lambda n: json.dumps([{"title": "x" * 60 * n}]),
    "one title of escapes": lambda n: f'[{{"title": "{chr(92)}u00e9{chr(92)}n" }}]'.replace(
        "\\u00e9\\n", "\\u00e9\\n" * 8 * n
    ),
    "one title of surrogates": lambda n: '[{"title": "' + "\\ud83d\\ude00" * 5 * n + '"}]',
    "white space": lambda n: "[" + " \n" * 30 * n + SESSION + "]",
    "many tags": lambda n: '[{"title": "x", "tags": [' + ",".join(['"t"'] * 15 * n) + "]}]",
    "different tags": lambda n: (
        '[{"title": "x", "tags": [' + ",".join(f'"t{number}"' for number in range(5 * n)) + "]}]"
    ),
    "different keys": lambda n: (
        '[{"title": "x", ' + ",".join(f'"k{number}": 1' for number in range(4 * n)) + "}]"
    ),
    "the same key": lambda n: "[{" + ",".join(['"title": "x"'] * 5 * n) + "}]",
    "a long number": lambda n: f'[{{"title": "x", "popularity": 0.{"1" * 50 * n}}}]',
    "many numbers": lambda n: '[{"title": "x", "n": [' + ",".join(["1.25e3"] * 9 * n) + "]}]",
    "nested arrays": lambda n: (
        '[{"title": "x", "n": '
        + ("[" * 40 + "]" * 40 + ",") * 0
        + "["
        + ",".join(["[" * 40 + "]" * 40] * n)
        + "]}]"
    ),
    "unfinished": lambda n: "[" + ",".join([SESSION] * n),
    "ends in junk": lambda n: f"[{','.join([SESSION] * n)}] x",
    "unfinished string": lambda n: '[{"title": "' + "x" * 60 * n,
    "brackets": lambda n: "[" * 60 * n,
}


def assert_proportional(make: Callable[[int], Callable[[], object]], size: int) -> None:
    """Assert that twice the size takes at most `MOST` times as long."""
    growth = ratio(make(size), make(2 * size))
    assert growth <= MOST, f"{2 * size} takes {growth:.2f} times as long as {size}"


def quietly(run: Callable[[], object]) -> Callable[[], object]:
    def attempt() -> None:
        with contextlib.suppress(ValueError):
            run()

    return attempt


@pytest.mark.parametrize("name", DOCUMENTS)
def test_sessions_from_json(name: str) -> None:
    def make(size: int) -> Callable[[], object]:
        data = DOCUMENTS[name](size).encode()
        return quietly(lambda: Catalog.from_json(data, weights={}))

    assert_proportional(make, 2_000)


@pytest.mark.parametrize("name", ["sessions", "one title of escapes", "unfinished", "white space"])
@pytest.mark.slow
def test_manifests(name: str) -> None:
    def make(size: int) -> Callable[[], object]:
        data = DOCUMENTS[name](size).encode()
        return quietly(lambda: parse_manifest(data, "agent.json"))

    assert_proportional(make, 2_000)


@pytest.mark.parametrize("session", [{"title": "Good", "tags": ["a"]}, {"title": 5, "tags": "x"}])
def test_validation(session: dict[str, object]) -> None:
    weights = {"interest": 1, "popularity": 1}
    assert_proportional(
        lambda size: lambda: validate({"weights": weights, "sessions": [session] * size}), 2_000
    )


def test_compiled_catalogues(tmp_path: Path) -> None:
    def make(size: int) -> Callable[[], object]:
        path = tmp_path / f"{size}.catalog"
        Catalog.from_json(DOCUMENTS["sessions"](size).encode(), weights={}).save(path)
        return lambda: Catalog.open(path, verify=True)

    assert_proportional(make, 4_000)


LINES: dict[str, Callable[[int], str]] = {
    "telemetry": lambda n: LINE * n,
    "newlines": lambda n: "\n" * 200 * n,
    "one line": lambda n: "x" * 70 * n,
    "half lines": lambda n: (LINE[:40] + "\n") * n,
    "beginnings in one line": lambda n: '{"ts": ' * 10 * n + "\n",
    "foreign": lambda n: "[1, 2, 3]\n" * 7 * n,
    "brackets": lambda n: "[" * 70 * n + "\n",
    "different actions": lambda n: "".join(f'{{"action": "a{i}"}}\n' for i in range(n)),
    "different errors": lambda n: "".join(
        f'{{"action": "a", "error": "e{i}"}}\n' for i in range(n)
    ),
    "many members": lambda n: '{"action": "a", ' + '"k": 1, ' * 9 * n + '"z": 1}\n',
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", LINES)
def test_telemetry_summaries(name: str, packed: bool, tmp_path: Path) -> None:
    def make(size: int) -> Callable[[], object]:
        path, data = tmp_path / f"{size}.jsonl", LINES[name](size).encode()
        path.write_bytes(gzip.compress(data, 1) if packed else data)
        return lambda: summarize(path, rotated=False)

    assert_proportional(make, 10_000)


@pytest.mark.parametrize("byte", [b"\n", b" ", b"0", b"["])
def test_a_decompression_bomb_is_reported_and_costs_its_limit(tmp_path: Path, byte: bytes) -> None:
    """A bomb of 80 MiB is read up to 64 MiB and named."""
    path, fair = tmp_path / "bomb.gz", tmp_path / "fair.gz"
    path.write_bytes(gzip.compress(byte * (80 << 20), 9))
    assert path.stat().st_size < 2 << 20
    found = summarize(path, rotated=False)
    (said,) = found["unreadable"]
    assert str(path) in said
    assert "when decompressed" in said
    fair.write_bytes(gzip.compress(LINE.encode() * 100_000, 6))
    assert summarize(fair, rotated=False)["unreadable"] == []
    assert summarize(fair, rotated=False)["count"] == 100_000
