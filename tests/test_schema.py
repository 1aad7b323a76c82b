"""The manifest's schema: our validator and somebody else's agree on what it says."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from eventkit import _native
from eventkit.schema import MISSING, Problem, load_schema, validate, validate_sessions

GOOD = {
    "sessions": [{"title": "T", "start": "09:00", "tags": ["a"], "popularity": 0.5}],
    "weights": {"interest": 2, "popularity": 0.5},
}
ORACLE = Draft202012Validator(load_schema())


def changed(**members: object) -> dict:
    return copy.deepcopy(GOOD) | members


def with_session(**members: object) -> dict:
    return changed(sessions=[GOOD["sessions"][0], {"title": "U"} | members])


def oracle_paths(manifest: object) -> set[str]:
    """The places of the other validator's problems, written as ours are."""
    paths = set()
    for error in ORACLE.iter_errors(manifest):
        path = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path
        )
        if error.validator == "required":
            missing = [name for name in error.validator_value if name not in error.instance]
            paths |= {f"{path}.{name}".lstrip(".") for name in missing}
        else:
            paths.add(path.lstrip(".") or "manifest")
    return paths


ROWS = [
    (GOOD, None),
    (changed(anything=[1, {}]), None),
    (changed(weights={"interest": 2, "popularity": 0.5, "diversity": 0}), None),
    (changed(sessions=[]), None),
    ({"weights": GOOD["weights"], "features": {"externalSessions": {"file": "s.json"}}}, None),
    (changed(recommend={"max_sessions_default": 3.0}), None),
    (changed(profile={"file": "p.json"}, telemetry={"enabled": True, "maxSizeBytes": 1}), None),
    (with_session(popularity=float("nan")), None),
    (
        with_session(popularity=10**400),
        "sessions[1].popularity is an integer of 1329 bits: expected at most 1.79769e+308",
    ),
    (
        changed(weights={"interest": 10**400, "popularity": 1}),
        "weights.interest is an integer of 1329 bits: expected at most 1.79769e+308",
    ),
    (5, "manifest is 5: expected an object with an event's sessions and their weights; ..."),
    (None, "manifest is null: expected ..."),
    ([], "manifest is an array of 0 items: expected ..."),
    ({"weights": GOOD["weights"]}, "manifest is an object of 1 members: expected sessions, or ..."),
    ({"sessions": []}, "weights is missing: expected an object with the numbers interest and ..."),
    (
        changed(weights={"interest": "2", "popularity": 1}),
        "weights.interest is '2': expected a number",
    ),
    (
        changed(weights={"interest": True, "popularity": 1}),
        "weights.interest is true: expected ...",
    ),
    (changed(weights={"interest": 1}), "weights.popularity is missing: expected a number"),
    (changed(sessions={}), "sessions is an object of 0 members: expected an array of sessions"),
    (changed(sessions=["x"]), "sessions[0] is 'x': expected an object with a title"),
    (with_session(title=""), "sessions[1].title is '': expected a string that is not empty"),
    (with_session(title=None), "sessions[1].title is null: expected a string that is not empty"),
    (with_session(tags="ai"), "sessions[1].tags is 'ai': expected an array of strings"),
    (with_session(tags=["a", 5]), "sessions[1].tags[1] is 5: expected a string"),
    (with_session(popularity=-1), "sessions[1].popularity is -1: expected a number, 0 or more"),
    (with_session(popularity="high"), "sessions[1].popularity is 'high': expected a number, ..."),
    (with_session(start=9), "sessions[1].start is 9: expected a string such as ..."),
    (with_session(end=""), "sessions[1].end is '': expected a string such as ..."),
    (with_session(location=[]), "sessions[1].location is an array of 0 items: expected a string"),
    (changed(recommend={"max_sessions_default": 0}), "recommend.max_sessions_default is 0: ..."),
    (
        changed(recommend={"max_sessions_default": 2.5}),
        "recommend.max_sessions_default is 2.5: ...",
    ),
    (changed(features=[]), "features is an array of 0 items: expected an object of features"),
    (
        changed(features={"externalSessions": {"enabled": "false"}}),
        "features.externalSessions.enabled is 'false': expected true or false",
    ),
    (changed(features={"export": {"output_dir": ""}}), "features.export.output_dir is '': ..."),
    (changed(telemetry={"maxSizeBytes": 0}), "telemetry.maxSizeBytes is 0: expected ..."),
    (changed(profile={"file": 5}), "profile.file is 5: expected a path that is not empty"),
    (with_session(title=["x" * 99]), "sessions[1].title is an array of 1 items: expected ..."),
    (with_session(location=-(10**99)), "sessions[1].location is an integer of 329 bits: ..."),
    (with_session(tags="\ud800" * 99), "sessions[1].tags is '\\ud800\\ud800..."),
]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(load_schema())


@pytest.mark.parametrize(("manifest", "said"), ROWS, ids=[str(row[1])[:50] for row in ROWS])
def test_problems_are_named(manifest: object, said: str | None) -> None:
    problems = [str(problem) for problem in validate(manifest)]
    if said is None:
        assert problems == []
    else:
        (problem,) = problems
        start, dots, _ = said.partition("...")
        assert problem.startswith(start) if dots else problem == said
        assert len(problem) < 300
    assert {problem.path for problem in validate(manifest)} == oracle_paths(manifest)


def test_every_problem_is_told_in_order() -> None:
    manifest = {"sessions": [{}, {"title": 1, "popularity": "x"}], "weights": {}}
    assert [problem.path for problem in validate(manifest)] == [
        "sessions[0].title",
        "sessions[1].title",
        "sessions[1].popularity",
        "weights.interest",
        "weights.popularity",
    ]


def test_missing_is_not_null() -> None:
    assert validate({"sessions": [{}], "weights": GOOD["weights"]})[0].value is MISSING
    assert validate(with_session(title=None)) == [
        Problem("sessions[1].title", None, "a string that is not empty")
    ]


def test_a_schema_handed_out_is_the_callers() -> None:
    load_schema()["properties"].clear()
    assert validate(5 if load_schema()["properties"] else None)


# Values that are right now and then, so that deep places are reached.
ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.text(max_size=3)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def members(**known: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries({}, optional={k: v | ANY for k, v in known.items()})


SWITCH, FILE = st.booleans(), st.just("file")
SESSION = members(
    title=st.just("T"),
    start=st.just("09:00"),
    end=st.just("10:00"),
    location=st.just("L"),
    tags=st.lists(st.just("a") | ANY, max_size=3),
    popularity=st.floats(0, 1),
)
NUMBER = st.floats() | st.integers()
TELEMETRY = members(enabled=SWITCH, file=FILE, maxSizeBytes=st.integers(0, 5))
MANIFESTS = members(
    sessions=st.lists(SESSION | ANY, max_size=3),
    weights=members(interest=NUMBER, popularity=NUMBER, diversity=NUMBER),
    recommend=members(max_sessions_default=st.integers(0, 5)),
    features=members(
        externalSessions=members(enabled=SWITCH, file=FILE),
        export=members(enabled=SWITCH, output_dir=FILE),
        telemetry=TELEMETRY,
    ),
    profile=members(file=FILE),
    telemetry=TELEMETRY,
)


@pytest.mark.once
@given(MANIFESTS | ANY)
def test_both_validators_agree(manifest: object) -> None:
    before = json.dumps(manifest)
    problems = validate(manifest)
    assert {problem.path for problem in problems} == oracle_paths(manifest)
    assert all(str(problem).isprintable() for problem in problems)
    assert json.dumps(manifest) == before


NAMES = ["title", "tags", "popularity", "id", "start", "end", "location", "other"]
USUAL = {
    "title": st.text(min_size=1),
    "tags": st.lists(st.text()),
    "popularity": st.integers(0, 2**63 - 1) | st.floats(0, allow_nan=False, allow_infinity=False),
    "id": st.integers() | st.text(),
    "start": st.text(min_size=1),
    "end": st.text(min_size=1),
    "location": st.text(),
    "other": st.none() | st.lists(st.dictionaries(st.text(), st.booleans())),
}
VALUES = ["", "text", None, True, False, 0, -1, -0.0, -0.5, 0.5, 10**30, 1e308, [], ["a", ""], [1]]
NESTED = [{}, ["a", ["b"]], [None], {"title": ""}, {"": {}}, "\u00e9", "\ud800"]
ODD = st.sampled_from([*VALUES, *NESTED])


def certain(text: str) -> bool:
    """Whether the engine reads these sessions itself and is sure that the schema accepts them."""
    loaded = _native.load_json(text.encode(), "bytes", None)
    return loaded is not None and _native.sessions_pass_schema(loaded[0])


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), ODD | USUAL["tags"]), max_size=3))
@pytest.mark.slow
def test_the_engine_is_certain_only_of_sessions_that_the_schema_accepts(sessions: list) -> None:
    text = json.dumps(sessions)
    if certain(text):
        assert validate_sessions(json.loads(text)) == []


@given(
    st.lists(
        st.fixed_dictionaries(
            {"title": USUAL["title"]},
            optional={name: values for name, values in USUAL.items() if name != "title"},
        ),
        max_size=3,
    )
)
@pytest.mark.slow
def test_the_engine_is_certain_of_usual_sessions(sessions: list) -> None:
    assert validate_sessions(sessions) == []
    assert certain(json.dumps(sessions))


@pytest.mark.parametrize(
    ("session", "sure"),
    [
        ('{"title": "", "title": "A"}', True),
        ('{"title": "A", "title": ""}', False),
        ('{"title": "A", "tags": [1], "tags": []}', False),
        ('{"tit\\u006ce": ""}', False),
        ('{"tit\\u006ce": "A", "st\\u0061rt": 5}', False),
        ('{"title": "A", "popularity": 1e400}', False),
        ('{"title": "A", "popularity": -0}', True),
        ('{"title": "A", "popularity": -0.0}', False),
        ('{"title": "A", "popularity": 1E5}', True),
        ('{"title": "A", "nested": {"title": ""}}', True),
        ("{}", False),
    ],
)
def test_what_the_engine_is_certain_of(session: str, sure: bool) -> None:
    assert certain(f"[{session}]") == sure
    if sure:
        assert validate_sessions([json.loads(session)]) == []


def test_the_engine_is_not_certain_of_objects() -> None:
    assert not _native.sessions_pass_schema(_native.compile_sessions([{"title": "A"}]))
