"""The original's tool adapter: its names, parameters and keys, with right answers in them."""

import inspect
import json
import subprocess
import sys

import pytest

from eventkit.compat.agents_sdk_adapter import EventKitAgent, create_agent
from eventkit.compat.errors import EventKitError, InvalidInputError

WEIGHTS = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}
SESSIONS = [
    {"id": "a", "title": "Agents", "tags": ["AI", "agents"], "popularity": 0.9},
    {"title": "Rust", "tags": ["Rust"], "category": "Code", "description": "d"},
]
TOOLS = {
    "recommend_sessions": ["interests", "top", "use_graph"],
    "explain_session": ["session_title", "interests"],
    "export_itinerary": ["interests", "profile_name"],
}
SESSION_KEYS = ["id", "title", "category", "description", "keywords", "popularity"]
SESSION_KEYS += ["score", "matched_interests", "confidence"]


class Log:
    def __init__(self):
        self.calls = []

    def log(self, *arguments):
        self.calls.append(arguments)


@pytest.fixture
def manifest(tmp_path):
    file = tmp_path / "agent.json"
    profile = {"storage_file": str(tmp_path / "profiles.json")}
    file.write_text(json.dumps({"weights": WEIGHTS, "sessions": SESSIONS, "profile": profile}))
    return file


@pytest.fixture
def agent(manifest):
    return create_agent(str(manifest))


def test_signatures_are_those_of_the_original():
    assert list(inspect.signature(EventKitAgent).parameters) == [
        *("settings", "telemetry", "manifest_path")
    ]
    assert list(inspect.signature(create_agent).parameters) == ["manifest_path", "settings"]
    assert list(inspect.signature(EventKitAgent.handle_tool_call).parameters)[1:] == [
        *("tool_name", "parameters")
    ]


def test_capabilities_are_three_dictionaries(agent):
    found = agent.get_capabilities()
    assert {one["name"]: one["parameters"] for one in found} == TOOLS
    assert all(one["description"] for one in found)


def test_recommendations_have_the_keys_and_the_matches(agent):
    answer = agent.handle_tool_call("recommend_sessions", {"interests": " AI, Agents", "top": 5})
    assert list(answer) == ["sessions", "total_count", "conflicts", "markdown"]
    assert answer["total_count"] == 2
    first, second = answer["sessions"]
    assert list(first) == SESSION_KEYS
    assert (first["id"], first["matched_interests"]) == ("a", ["ai", "agents"])
    assert (first["score"], first["confidence"]) == (pytest.approx(4.456), 1.0)
    assert (second["id"], second["category"]) == ("session-1", "Code")
    assert first["category"] == "General"
    assert "## Agents" in answer["markdown"]


def test_an_explanation_is_not_empty(agent):
    asked = {"session_title": "AGENTS", "interests": "AI"}
    answer = agent.handle_tool_call("explain_session", asked)
    assert list(answer) == [
        *("session", "explanation", "matched_keywords", "relevance_score", "markdown")
    ]
    assert answer["explanation"].startswith("Agents scores 2.45, because it has the tags AI: ")
    assert answer["matched_keywords"] == ["AI"]
    assert answer["relevance_score"] == pytest.approx(2.453)


def test_a_profile_is_saved_where_the_manifest_says(agent, tmp_path):
    asked = {"interests": "AI", "profile_name": "ada"}
    answer = agent.handle_tool_call("export_itinerary", asked)
    assert (answer["profile_saved"], answer["profile_name"]) == (True, "ada")
    assert answer["sessions_count"] == 2
    assert json.loads((tmp_path / "profiles.json").read_text()) == {"ada": ["ai"]}
    answer = agent.handle_tool_call("export_itinerary", {"interests": "AI"})
    assert (answer["profile_saved"], answer["profile_name"]) == (False, None)


@pytest.mark.parametrize(
    ("tool", "parameters", "told"),
    [
        ("nonsense", {}, "unknown tool 'nonsense'"),
        ("recommend_sessions", {}, "needs the parameter interests"),
        ("explain_session", {"interests": "ai"}, "needs the parameter session_title"),
        ("recommend_sessions", {"interests": "ai", "limit": 3}, "has no parameter 'limit'"),
        ("explain_session", {"session_title": "No", "interests": "ai"}, "session not found: 'No'"),
    ],
)
def test_wrong_input_is_named(agent, tool, parameters, told):
    with pytest.raises(InvalidInputError, match=told):
        agent.handle_tool_call(tool, parameters)


def test_other_failures_are_of_one_class_and_logged(manifest):
    log = Log()
    agent = EventKitAgent(telemetry=log, manifest_path=str(manifest))
    parameters = {"interests": "ai", "top": "three", "correlation_id": "c-1"}
    with pytest.raises(EventKitError, match="recommend_sessions failed: slice indices"):
        agent.handle_tool_call("recommend_sessions", parameters)
    assert "correlation_id" not in parameters
    (call,) = log.calls
    assert (call[0], call[3], call[5]) == ("recommend_sessions", False, "c-1")
    agent.handle_tool_call("recommend_sessions", {"interests": "ai"})
    assert log.calls[1][3] is True


@pytest.mark.parametrize("content", [None, "{", "[]", '{"sessions": []}'])
def test_a_missing_or_broken_manifest_has_no_sessions(tmp_path, content):
    file = tmp_path / "agent.json"
    if content is not None:
        file.write_text(content)
    agent = create_agent(str(file))
    assert agent.recommend_sessions("ai")["sessions"] == []
    with pytest.raises(InvalidInputError):
        agent.explain_session("A", "ai")


def test_a_calendar_is_recommended_from(manifest, graph, monkeypatch):
    from graph_services import ANN

    for name, value in graph.environment(ANN).items():
        monkeypatch.setenv(name, value)
    answer = create_agent(str(manifest)).recommend_sessions("online", 3, use_graph=True)
    assert answer["total_count"] == 3


def test_it_needs_no_other_package():
    code = (
        "import sys; sys.modules |= dict.fromkeys(['pydantic', 'pydantic_settings', 'mcp']);"
        "from eventkit.compat import agents_sdk_adapter;"
        "print(len(agents_sdk_adapter.create_agent('none').get_capabilities()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("3\n", "")
