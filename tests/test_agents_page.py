"""The page about agents, its examples, and the files that `agent-files` writes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from eventkit._imports import optional
from eventkit.errors import ExportError
from eventkit.mcp import TOOLS
from eventkit.mcp.files import agent_files, write_files
from transcripts import run

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/agents.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "examples/agents"
URL = "https://events.example.org"
FILES = agent_files(URL)
JSON = {name: json.loads(text) for name, text in FILES.items() if name.endswith(".json")}
# Where `make test-mcp` installs what is no part of the development tools.
NPM = ROOT / "target/npm/node_modules"
CLIENTS = ROOT / "target/agents"
BIN = Path(sys.executable).parent
# How the registry of MCP servers describes a server.json. Its schema is in no package.
NAME = re.compile(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+")
MOST_DESCRIPTION = 100


def example(name, *words, python=sys.executable):
    done = subprocess.run(
        [python, EXAMPLES / name, *words],
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.once
def test_the_walk_is_printed_as_it_runs(tmp_path):
    pytest.importorskip("mcp")
    printed = re.search(r"\$ python examples/agents/walk\.py\n(.*?)```", PAGE, re.DOTALL)
    assert printed is not None
    assert example("walk.py") == printed[1]


@pytest.mark.once
@pytest.mark.parametrize("name", ["langchain", "pydantic-ai"])
def test_a_client_of_another_library_prints_what_it_says(name):
    python = CLIENTS / name / "bin/python"
    if not python.exists():
        pytest.skip(f"{python} is made by `make test-mcp`")
    file = f"{name.replace('-', '_')}_agent.py"
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    wanted = re.search(r"\$ python examples/\S+\n(.*?)\n\"\"\"", text, re.DOTALL)
    assert wanted is not None
    lines = [line.strip() for line in wanted[1].splitlines()]
    assert example(file, BIN / "eventkit", python=python).splitlines() == lines


@pytest.mark.once
def test_the_commands_of_the_skill_run_as_printed(tmp_path):
    blocks = re.findall(r"```console\n(.*?)```", FILES["eventkit/SKILL.md"], re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        run(block, tmp_path)


def test_the_skill_is_one(tmp_path):
    text = FILES["eventkit/SKILL.md"]
    head = re.match(r"---\n(.*?)\n---\n", text, re.DOTALL)
    assert head is not None
    fields = dict(re.findall(r"^(\w[\w-]*): ?(.*)$", head[1], re.MULTILINE))
    assert fields["name"] == "eventkit"
    assert 50 < len(fields["description"]) <= 1_024
    assert set(fields) <= {"name", "description", "license", "metadata"}
    assert len(text.splitlines()) < 500
    write_files(tmp_path, URL)
    validator = optional("skills_ref")
    if validator is not None:
        assert validator.validate(tmp_path / "eventkit") == []


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("copilot/ai-plugin.json", "plugin/v2.4"),
        ("copilot/ai-plugin-openapi.json", "plugin/v2.4"),
        ("copilot/declarative-agent.json", "declarative-agent/v1.6"),
    ],
)
@pytest.mark.once
def test_files_for_copilot_are_valid(name, schema):
    schemas = NPM / "@microsoft/app-manifest/build/json-schemas/copilot"
    if not schemas.is_dir():
        reason = "the schemas are in @microsoft/app-manifest (npm), under target/npm"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    published = json.loads((schemas / schema / "schema.json").read_text(encoding="utf-8-sig"))
    assert published["$schema"].startswith("http://json-schema.org/draft-04/")
    # It uses `const` and `if`, which draft 4 would pass over.
    jsonschema.Draft7Validator(published).validate(JSON[name])
    assert not jsonschema.Draft7Validator(published).is_valid({**JSON[name], "unknown": 1})


def test_the_plugin_names_functions_that_exist():
    plugin = JSON["copilot/ai-plugin.json"]
    runtime = plugin["runtimes"][0]
    names = [tool.name for tool in TOOLS]
    assert runtime["run_for_functions"] == names
    assert [one["name"] for one in runtime["spec"]["mcp_tool_description"]["tools"]] == names
    operations = JSON["copilot/ai-plugin-openapi.json"]["runtimes"][0]["run_for_functions"]
    paths = JSON["copilot/openapi.json"]["paths"].values()
    assert operations == [path["get"]["operationId"] for path in paths]
    assert JSON["copilot/declarative-agent.json"]["actions"][0]["file"] == "ai-plugin.json"
    for text in (plugin["description_for_human"], JSON["server.json"]["description"]):
        assert len(text) <= MOST_DESCRIPTION


def test_the_openapi_document_is_valid_version_3_0():
    validator = pytest.importorskip("openapi_spec_validator")
    document = JSON["copilot/openapi.json"]
    validator.validate(document)
    assert document["openapi"] == "3.0.3"
    assert document["servers"] == [{"url": URL}]
    assert '"anyOf"' not in FILES["copilot/openapi.json"]
    for path in document["paths"].values():
        assert path["get"]["description"]
        assert all(one["description"] for one in path["get"].get("parameters", []))


def test_the_entry_of_the_registry_keeps_its_rules():
    entry = JSON["server.json"]
    assert NAME.fullmatch(entry["name"])
    assert entry["name"] == "org.example.events/eventkit"
    assert 1 <= len(entry["description"]) <= MOST_DESCRIPTION
    assert re.fullmatch(r"\d+\.\d+\.\d+", entry["version"])
    assert set(entry) <= {
        *("$schema", "name", "title", "description", "version", "packages", "remotes")
    }
    (package,) = entry["packages"]
    assert {"registryType", "identifier", "transport"} <= set(package)
    assert package["version"] == entry["version"]
    for argument in package["runtimeArguments"]:
        assert argument["type"] == "named"
        assert argument["name"].startswith("--")
    assert package["packageArguments"] == [{"type": "positional", "value": "mcp"}]
    assert entry["remotes"] == [{"type": "streamable-http", "url": f"{URL}/mcp"}]


def test_functions_are_json_schema():
    functions = JSON["openai-functions.json"]
    assert [one["function"]["name"] for one in functions] == [tool.name for tool in TOOLS]
    for one in functions:
        assert set(one) == {"type", "function"}
        schema = one["function"]["parameters"]
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["additionalProperties"] is False
        assert set(schema.get("required", [])) <= set(schema["properties"])


def test_settings_of_clients_start_the_server():
    for name, member in (("mcp.json", "mcpServers"), ("vscode/mcp.json", "servers")):
        server = JSON[name][member]["eventkit"]
        assert (server["command"], server["args"]) == ("eventkit", ["mcp"])
    assert JSON["mcp-http.json"]["mcpServers"]["eventkit"]["url"] == f"{URL}/mcp"


def test_own_settings_are_not_overwritten(tmp_path):
    written = write_files(tmp_path, URL)
    assert write_files(tmp_path, f"{URL}/") == written
    own = tmp_path / "mcp.json"
    own.write_text("{}")
    with pytest.raises(ExportError, match=r"mcp\.json.*add --replace"):
        write_files(tmp_path, URL)
    assert own.read_text() == "{}"
    write_files(tmp_path, URL, replace=True)
    assert json.loads(own.read_text()) == JSON["mcp.json"]


@pytest.mark.parametrize(
    "url", ["", "events.example.org", "ftp://a.example", "https://", "https://a/?b", "http://[x"]
)
def test_an_address_that_cannot_be_used_is_refused(url, tmp_path):
    with pytest.raises(ExportError, match=r"such as https://events\.example\.org"):
        write_files(tmp_path, url)
    assert list(tmp_path.iterdir()) == []
