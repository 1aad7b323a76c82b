"""JSON in and out: what `json` reads and writes, without its objects."""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given

import catalog_documents as documents
import catalog_recipes as recipes
import generator
from eventkit import Catalog, EventKitError, Filter
from eventkit.errors import ManifestError
from faults.compare import attempt, typed
from faults.oddities import Stage
from faults.recipe import build, is_pure

pytestmark = pytest.mark.filterwarnings("ignore:.*encountered in.*:RuntimeWarning")


def read(data: bytes) -> Any:
    """What Python's `json` reads, or why it does not."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        return error


def says_it_otherwise(error: json.JSONDecodeError) -> bool:
    """3.13 has words of its own for a comma too many; an escape may be cut off by the end."""
    return error.msg.startswith(("Illegal trailing comma", "Invalid \\uXXXX"))


def same_questions(first: Catalog, second: Catalog, rng: Random) -> None:
    """Ask two catalogues of equal sessions the same."""
    for _ in range(3):
        interests, top = recipes.clean_interests(rng), recipes.clean_top(rng)
        for weights in (None, recipes.clean_weights(rng)):
            for name in ("recommend", "recommend_json"):
                got, want = (
                    attempt(partial(getattr(it, name), weights=weights), (interests, top))
                    for it in (first, second)
                )
                assert typed(got) == typed(want), name
        for title in ("Keynote", "TALK 1", "ας", "ΑΣ"):
            got, want = (attempt(it.explain, (title, interests)) for it in (first, second))
            assert typed(got) == typed(want), title


@given(recipes.drawn(lambda rng: rng))
@pytest.mark.slow
def test_loaded_is_parsed(rng: Random) -> None:
    data = documents.document(rng)
    parsed = read(data)
    sessions = parsed["sessions"] if type(parsed) is dict else parsed
    loaded = Catalog.from_json(data)
    assert typed(list(loaded)) == typed(sessions)
    same_questions(loaded, Catalog(parsed), rng)
    for place, session in enumerate(sessions):
        assert (f"s{place}" in loaded) is any(it.get("id") == f"s{place}" for it in sessions)
        assert typed(loaded[place]) == typed(session)


@given(recipes.drawn(lambda rng: rng))
@pytest.mark.slow
def test_a_damaged_text_is_refused_where_json_refuses_it(rng: Random) -> None:
    data = documents.damaged(rng, documents.document(rng))
    parsed = read(data)
    try:
        loaded: Any = Catalog.from_json(data)
    except ManifestError as error:
        if isinstance(parsed, json.JSONDecodeError):
            if not says_it_otherwise(parsed):
                where = (error.reason, error.line, error.column)
                assert where == (parsed.msg, parsed.lineno, parsed.colno)
            return
        # Python looks for bytes that are no UTF-8 first; whoever reads on may meet another fault.
        assert isinstance(parsed, Exception) or not holds_sessions(parsed)
    except (KeyError, TypeError, AttributeError):
        assert not isinstance(parsed, Exception)
        assert not holds_sessions(parsed) or type(parsed) is dict
    else:
        assert not isinstance(parsed, Exception)
        sessions = parsed.get("sessions", []) if type(parsed) is dict else parsed
        assert typed(list(loaded)) == typed(sessions)


def holds_sessions(parsed: Any) -> bool:
    sessions = parsed.get("sessions") if type(parsed) is dict else parsed
    return type(sessions) is list and all(type(session) is dict for session in sessions)


ROWS = [
    b"[]",
    b' [ { "title" : "a" , "tags" : [ ] } ] ',
    b'\xef\xbb\xbf[{"title":"a"}]',
    '[{"title": "é", "tags": ["ΑΣ"]}]'.encode("utf-16"),
    '[{"title": "é", "tags": ["ΑΣ"]}]'.encode("utf-32-be"),
    b'[{"title":"a","x":%s}]' % (b"[" * 200 + b"]" * 200),
    b'[{"title":"a","x":%s}]' % (b'{"a":' * 600 + b"1" + b"}" * 600),
    b'[{"title":"a","x":%s}]' % (b"[" * 20_000 + b"]" * 20_000),
    b'[{"title":"a","x":%s}]' % (b"[" * 20_000),
    b'[{"title":"a","x":%s}]' % (b"1" * 4_000),
    b'[{"title":"a","x":%s}]' % (b"1" * 5_000),
    b'[{"title":"a","popularity":%s}]' % (b"1" * 400 + b".5"),
    b'[{"title":"a","title":"b","tags":["x"],"tags":["y"],"popularity":1,"popularity":2}]',
    b'{"weights":{"interest":1},"weights":{"interest":2,"popularity":1},"sessions":[{"title":"a"}]}',
    b'{"sessions":[{"title":"a"}],"weights":{"interest":2,"popularity":1},"sessions":[{"title":"b"}]}',
    b'{"sessions":[{"title":"a"}],"weights":null}',
    b'[{"title":"\\ud83d","tags":["\\ude00"],"id":"\\ud83d\\ude00"}]',
    b'[{"title":null,"tags":[]}]',
    b'[{"tags":["ai"]},{"title":"b","tags":null}]',
    b'[{"title":"a","tags":["ai",5]}]',
    b'[{"title":"a","tags":"ai"}]',
    b'[{"title":"a","tags":{"ai":1}}]',
    b'[{"title":"a","popularity":true},{"title":"b","popularity":null}]',
    b'[{"title":"a","popularity":"5"}]',
    b'[{"title":"a","id":5},{"title":"b","id":null},{"title":"c","id":["x"]}]',
    b'[{"title":"a","start":1,"end":[2]},{"title":"b","start":1.0,"end":{"x":1}}]',
    b'[{"title":"a\x7f"}]',
    b'[{"title":"a\nb"}]',
    b'[{"title":"\xed\xa0\x80"}]',
    b'[{"title":"a"}',
    b'[{"title":"a"},]',
    b'[{"title":"a",}]',
    b'[{"title" "a"}]',
    b"[{'title': 1}]",
    b'[\n{"title":"a"},\n\n {"title":"b" "c"}]',
    b'[{"title":"a"}]]',
    b"",
    b" \n ",
    b"[01]",
]


@pytest.mark.parametrize("data", ROWS, ids=range(len(ROWS)))
def test_rows(data: bytes) -> None:
    parsed = read(data)
    if isinstance(parsed, json.JSONDecodeError):
        with pytest.raises(ManifestError) as refused:
            Catalog.from_json(data)
        assert isinstance(refused.value, EventKitError)
        if not says_it_otherwise(parsed):
            error = refused.value
            where = (error.reason, error.line, error.column)
            assert where == (parsed.msg, parsed.lineno, parsed.colno)
    elif isinstance(parsed, Exception):
        with pytest.raises(ManifestError):
            Catalog.from_json(data)
    else:
        loaded = Catalog.from_json(data)
        sessions = parsed["sessions"] if type(parsed) is dict else parsed
        assert typed(list(loaded)) == typed(sessions)
        same_questions(loaded, Catalog(parsed), Random(0))


@pytest.mark.parametrize("data", [b"1", b"null", b'"abc"', b'{"weights":{},"sessions":"abc"}'])
def test_what_holds_no_sessions_is_refused(data: bytes) -> None:
    with pytest.raises(ManifestError):
        Catalog.from_json(data)


@pytest.mark.parametrize("popularity", [b"1", b"NaN"])
def test_a_manifest_without_weights(popularity: bytes) -> None:
    """The same on both roads: read natively, and by Python."""
    data = b'{"sessions":[{"title":"a","popularity":%s}]}' % popularity
    with pytest.raises(KeyError, match="weights"):
        Catalog.from_json(data)
    weights = {"interest": 1, "popularity": 2}
    assert Catalog.from_json(data, weights=weights).weights == weights


def test_a_file_is_named_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_bytes(b'[\n{"title": "a"},\n{"title": }\n]')
    for source in (path, str(path)):
        with pytest.raises(ManifestError, match=r"broken\.json:3:11: Expecting value"):
            Catalog.from_json(source)
    path.write_bytes(b'{"title": "a"}\n\n{"title": }\n')
    with pytest.raises(ManifestError, match=r"broken\.json:3:11: Expecting value"):
        Catalog.from_ndjson(path)
    with pytest.raises(FileNotFoundError):
        Catalog.from_json(tmp_path / "none.json")
    with pytest.raises(FileNotFoundError):
        Catalog.from_ndjson(tmp_path / "none.json")


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, step: int) -> None:
        self.data, self.step, self.place = data, step, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, place: int, whence: int = 0) -> int:
        assert whence == 0
        self.place = place
        return place

    def tell(self) -> int:
        return self.place

    def readinto(self, buffer: Any) -> int:
        piece = self.data[self.place : self.place + min(self.step, len(buffer))]
        buffer[: len(piece)] = piece
        self.place += len(piece)
        return len(piece)


@given(recipes.drawn(lambda rng: rng))
@pytest.mark.slow
def test_lines_are_parsed_lines(rng: Random) -> None:
    lines = documents.lines(rng)
    data = b"".join(lines)
    data = data[: -rng.choice((0, 1)) or None]
    sessions = [json.loads(line) for line in data.split(b"\n") if line.strip()]
    file = rng.choice((io.BytesIO(data), Trickle(data, rng.choice((1, 7, 100)))))
    loaded = Catalog.from_ndjson(file)
    assert typed(list(loaded)) == typed(sessions)
    same_questions(loaded, Catalog(sessions), rng)


@given(recipes.drawn(lambda rng: rng))
@pytest.mark.slow
def test_a_damaged_line_is_named(rng: Random) -> None:
    lines = [*documents.lines(rng), b'{"title": "last"}\n']
    place = rng.randrange(len(lines))
    broken = documents.damaged(rng, lines[place].rstrip()).replace(b"\n", b" ")
    lines[place] = broken + b"\n"
    if broken.startswith(b"\xef\xbb\xbf") or b"\0" in broken[:4]:
        # Python strips the mark of every text; a line of many has none.
        return
    parsed = read(broken) if broken.strip() else {}
    data = b"".join(lines)
    if isinstance(parsed, json.JSONDecodeError):
        with pytest.raises(ManifestError) as refused:
            Catalog.from_ndjson(io.BytesIO(data))
        assert refused.value.line == place + 1
        # A string without an end may also end at the line's.
        faults = (parsed, read(broken + b"\n"))
        reasons = [(it.msg, it.colno) for it in faults if isinstance(it, json.JSONDecodeError)]
        if not says_it_otherwise(parsed):
            assert (refused.value.reason, refused.value.column) in reasons
    elif isinstance(parsed, Exception) or type(parsed) is not dict:
        with pytest.raises(ManifestError) as refused:
            Catalog.from_ndjson(io.BytesIO(data))
        assert refused.value.line in (None, place + 1)
    else:
        sessions = [json.loads(line) for line in lines if line.strip()]
        assert typed(list(Catalog.from_ndjson(io.BytesIO(data)))) == typed(sessions)


def test_lines_come_from_where_the_file_stands_and_from_a_pipe() -> None:
    for popularity in (b"1", b"NaN"):
        line = b'{"title": "a", "popularity": %s}\n' % popularity
        file = io.BytesIO(b"not this\n" + line)
        file.readline()
        assert len(Catalog.from_ndjson(file)) == 1
        reader, writer = os.pipe()
        os.write(writer, line)
        os.close(writer)
        with os.fdopen(reader, "rb") as pipe:
            assert len(Catalog.from_ndjson(pipe)) == 1


@pytest.fixture(scope="module")
def long_document() -> bytes:
    return json.dumps(generator.manifest(15_000)["sessions"]).encode()


@pytest.mark.parametrize("as_lines", [False, True])
def test_progress(long_document: bytes, as_lines: bool) -> None:
    data = long_document
    if as_lines:
        data = b"\n".join(json.dumps(it).encode() for it in json.loads(data))

    def load(progress: Any) -> Catalog:
        if as_lines:
            return Catalog.from_ndjson(io.BytesIO(data), progress=progress)
        return Catalog.from_json(data, progress=progress)

    told: list[tuple[int, int]] = []
    catalog = load(lambda *done: told.append(done))
    assert len(catalog) == 15_000
    assert told == sorted(told)
    assert 2 <= len(told) <= 4 * len(data) / 2**20 + 4
    assert all(type(part) is int for done in told for part in done)
    assert told[-1][0] <= len(data)
    assert told[-1][1] <= 15_000

    class Enough(BaseException):
        pass

    enough = Enough()

    def stop(_bytes: int, _sessions: int) -> None:
        raise enough

    with pytest.raises(Enough) as raised:
        load(stop)
    assert raised.value is enough
    with pytest.raises(TypeError):
        load(lambda: None)


ODD_VALUES: list[Any] = [
    (1, 2), {1: 2, None: 3, False: 4, 1.5: 5}, float("nan"), float("inf"), 10**30, -0.0, 1e16, 1e-5,
    "\ud800", "é\x7f\u2028", {"a": [{}, []]}, {1, 2}, b"x", object(), {(1, 2): 3}, 1e22,
]  # fmt: skip


def dumped(catalog: Catalog, interests: Any, top: Any) -> bytes:
    return json.dumps(catalog.recommend(interests, top)).encode()


@pytest.mark.slow
def test_recommend_json_is_dumps() -> None:
    @given(recipes.drawn(lambda rng: (rng, recipes.for_recommend(rng))))
    def agree(drawn: Any) -> None:
        rng, recipe = drawn
        if not is_pure(recipe[0]):
            return
        manifest, _, top = build(recipe, Stage())
        for session in manifest["sessions"]:
            if type(session) is dict and rng.randrange(4) == 0:
                session[rng.choice(("extra", "title", "é"))] = rng.choice(ODD_VALUES)
        made = attempt(Catalog, (manifest,))
        if made[0] == "error":
            return
        interests = recipes.clean_interests(rng)
        got = attempt(made[1].recommend_json, (interests, top))
        assert typed(got) == typed(attempt(dumped, (made[1], interests, top)))
        assert typed(attempt(made[1].recommend_json, (interests, top))) == typed(got)

    agree()


def endless() -> list[Any]:
    """Return a list that holds itself."""
    made: list[Any] = []
    made.append(made)
    return made


def deep() -> list[Any]:
    """Return a list that is nested deeper than the interpreter can follow."""
    made: list[Any] = []
    for _ in range(60_000):
        made = [made]
    return made


REFUSED: dict[str, Callable[[], Any]] = {
    "a set": lambda: {1, 2},
    "bytes": lambda: b"x",
    "an object": object,
    "a key": lambda: {(1, 2): 3},
    "itself": endless,
    "too deep": deep,
}


@pytest.mark.parametrize(("first", "second"), list(itertools.permutations(REFUSED, 2)))
@pytest.mark.slow
def test_of_two_refused_values_the_first_is_named(first: str, second: str) -> None:
    for names in (("extra", "title"), ("title", "extra")):
        sessions: list[Any] = [
            {"title": "A", "tags": ["a"], "popularity": 2},
            {"title": "B", "tags": ["a"], "popularity": 1},
        ]
        for session, name, kind in zip(sessions, names, (first, second), strict=True):
            session[name] = REFUSED[kind]()
        catalog = Catalog({"weights": generator.WEIGHTS, "sessions": sessions})
        wanted = attempt(dumped, (catalog, ["a"], 2))
        assert wanted[0] == "error"
        for _ in range(2):
            assert typed(attempt(catalog.recommend_json, (["a"], 2))) == typed(wanted), names


@given(recipes.drawn(recipes.for_many))
@pytest.mark.slow
def test_many_lines_are_lines(recipe: Any) -> None:
    if not is_pure(recipe[0]):
        return
    manifest, many, top = build(recipe, Stage())
    many = [interests for interests in many if type(interests) in (list, tuple, set, str)]
    made = attempt(Catalog, (manifest,))
    if made[0] == "error":
        return
    catalog = made[1]

    def lines(top: Any) -> list[bytes]:
        return b"".join(catalog.recommend_many_json(iter(many), top)).splitlines(keepends=True)

    def each(top: Any) -> list[bytes]:
        return [catalog.recommend_json(interests, top) + b"\n" for interests in many]

    assert typed(attempt(lines, (top,))) == typed(attempt(each, (top,)))


def test_many_lines_come_in_whole_lines_as_interests_are_read() -> None:
    catalog = Catalog(generator.manifest(100))
    taken = []

    def interests() -> Any:
        for number in range(5_000):
            taken.append(number)
            yield ["agents basics"]

    chunks = catalog.recommend_many_json(interests(), 2)
    first = next(chunks)
    assert len(taken) < 5_000
    rest = list(chunks)
    assert all(chunk.endswith(b"\n") for chunk in [first, *rest])
    lines = b"".join([first, *rest]).splitlines()
    assert set(lines) == {catalog.recommend_json(["agents basics"], 2)}
    assert len(lines) == 5_000


def test_ids_that_are_no_strings_are_no_ids() -> None:
    data = b'[{"title":"a","id":5},{"title":"b","id":null},{"title":"c","id":"5"}]'
    for catalog in (Catalog.from_json(data), Catalog(json.loads(data))):
        assert "5" in catalog
        assert "null" not in catalog
        left = catalog.recommend([], None, filter=Filter(exclude=["5", "null"]))["sessions"]
        assert [session["title"] for session in left] == ["a", "b"]
        assert len(catalog.with_sessions(removed=["5"])) == 2
        with pytest.raises(KeyError, match="null"):
            catalog.with_sessions(removed=["null"])


def test_recommend_json_raises_for_what_stands_first() -> None:
    """Sessions stand before titles: a title that cannot be written is not what is refused first."""
    sessions = [{"title": "A", "odd": {1}}, {"title": b"B"}]
    with pytest.raises(TypeError, match="type set is not"):
        Catalog(sessions).recommend_json([], None)
    with pytest.raises(TypeError, match="type bytes is not"):
        Catalog(sessions[1:]).recommend_json([], None)
