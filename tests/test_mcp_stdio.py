"""The server of agents over standard input and output, with good clients and with bad ones."""

import json
import os
import subprocess
import sys
import threading

import pytest

pytest.importorskip("mcp")

from eventkit import Catalog
from eventkit.errors import FeedError
from eventkit.mcp import TOOLS, Supply
from eventkit.mcp.reply import Refused
from eventkit.mcp.server import build_server
from eventkit.mcp.stdio import Lines
from eventkit.server import ServerSettings, Source
from feed_server import FEED, feed_server
from mcp_clients import ERAS, EVENTKIT, by_stdio, raw_client, talk, tool_call

pytestmark = pytest.mark.once
WEIGHTS = {"interest": 2.0, "popularity": 0.5}
SESSIONS = [{"id": "a", "title": "Agents", "tags": ["ai"], "popularity": 0.5}]
MANIFEST = {"weights": WEIGHTS, "sessions": SESSIONS}
MOST_BYTES, MOST_TOOL_BYTES = 6_000, 1_700
FLOOD = 500


def source():
    return Source(MANIFEST, ServerSettings())


@pytest.mark.parametrize("era", ERAS)
def test_the_sdk_client_uses_everything(era):
    async def use(client):
        tools = await client.list_tools()
        assert [tool.name for tool in tools.tools] == [tool.name for tool in TOOLS]
        assert all(tool.title and tool.output_schema for tool in tools.tools)
        assert all(tool.annotations.read_only_hint for tool in tools.tools)
        reply = await client.call_tool("recommend_sessions", {"interests": ["k8s"]})
        assert not reply.is_error
        assert "hcd-12 | Kubernetes Autoscaling" in reply.content[0].text
        assert reply.structured_content["sessions"][0]["id"] == "hcd-12"
        wrong = await client.call_tool("recommend_sessions", {"interest": ["k8s"]})
        assert wrong.is_error
        assert "Did you mean interests?" in wrong.content[0].text
        plan = await client.call_tool("export_itinerary", {"format": "ics", "interests": ["ai"]})
        assert plan.content[1].resource.mime_type == "text/calendar"
        assert "BEGIN:VCALENDAR" in plan.content[1].resource.text
        listed = await client.list_resources()
        assert [one.uri for one in listed.resources] == [
            "eventkit://programme",
            "eventkit://topics",
        ]
        templates = await client.list_resource_templates()
        assert templates.resource_templates[0].uri_template == "eventkit://session/{id}"
        read = await client.read_resource("eventkit://session/hcd-01")
        assert json.loads(read.contents[0].text)["id"] == "hcd-01"
        with pytest.raises(Exception, match="resource not found"):
            await client.read_resource("eventkit://session/none")
        with pytest.raises(Exception, match="no tool 'nonsense'; there are recommend_sessions"):
            await client.call_tool("nonsense", {})
        prompts = await client.list_prompts()
        asked = await client.get_prompt(prompts.prompts[0].name, {"interests": "rust\u202e"})
        assert "I am interested in: rust." in asked.messages[0].content.text
        return tools, read

    tools, read = talk(by_stdio(), era, use)
    if era == "2026-07-28":
        assert (tools.ttl_ms, tools.cache_scope) == (3_600_000, "public")
        assert (read.ttl_ms, read.cache_scope) == (60_000, "private")
    dumped = [tool.model_dump(by_alias=True, exclude_none=True) for tool in tools.tools]
    sizes = [len(json.dumps(tool, separators=(",", ":"))) for tool in dumped]
    assert sum(sizes) <= MOST_BYTES
    assert max(sizes) <= MOST_TOOL_BYTES


# Writes to standard output in all ways, when the programme is compiled and its scores are NaN.
NOISY = """
import os, subprocess, sys, warnings
def show(message, *rest, **more):
    print("NOISE", message)
    os.write(1, b"NOISE\\n")
    subprocess.run(["echo", "NOISE"], check=True)
    subprocess.run(["cat"], check=True)  # would eat the client's messages
warnings.showwarning = show
warnings.simplefilter("always")
from eventkit.cli import main
sys.exit(main(["mcp", "--manifest", sys.argv[1]]))
"""


def test_only_the_protocol_is_on_standard_output(tmp_path):
    manifest = {"weights": WEIGHTS, "sessions": [{**SESSIONS[0], "popularity": float("nan")}]}
    file = tmp_path / "agent.json"
    file.write_text(json.dumps(manifest), encoding="utf-8")
    with raw_client(sys.executable, "-c", NOISY, file) as client:
        client.greet()
        client.send(tool_call(1, "recommend_sessions", interests=["ai"]))
        # What no exact answer is possible for is refused, and not answered wrongly.
        assert "a popularity that is a float" in client.receive()["result"]["content"][0]["text"]
        status, errors = client.leave()
    assert status == 0
    assert errors.count("NOISE") >= 3
    assert "popularity is NaN" in errors


def test_garbage_floods_and_long_lines_do_no_harm():
    with raw_client(EVENTKIT, "mcp") as client:
        client.greet()
        garbage = [
            b"",
            b"\x00\xff\xfe",
            b"{",
            b"[" * 100_000,
            b'{"jsonrpc": "2.0"}',
            b"x" * 5_000_000,
        ]
        client.send(*garbage, b'{"jsonrpc": "2.0", "id": 9, "method": "no/such"}')
        answers = []
        while not answers or answers[-1].get("id") != 9:
            answers.append(client.receive())
        assert answers[-1]["error"]["code"] == -32601
        calls = [
            tool_call(number, "recommend_sessions", interests=["ai"]) for number in range(1, FLOOD)
        ]
        # Whoever reads nothing until all is sent blocks himself: a thread sends.
        sender = threading.Thread(target=client.send, args=calls)
        sender.start()
        answered = {client.receive()["id"] for _ in calls}
        sender.join()
        assert answered == set(range(1, FLOOD))
        assert client.leave()[0] == 0


@pytest.mark.parametrize("moment", ["in the middle", "without reading"])
def test_a_client_that_leaves_ends_the_server(moment):
    with raw_client(EVENTKIT, "mcp") as client:
        client.greet()
        client.send(*[tool_call(n, "search_programme", top=100) for n in range(200)])
        if moment == "without reading":
            client.process.stdout.close()
        client.process.stdin.close()
        if moment == "in the middle":
            client.process.stdout.read()
        assert client.process.wait(30) == 0
        assert b"Traceback" not in client.process.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--manifest", "none.json"], "none.json"),
        (["--feed", "-"], "standard input cannot be read again"),
        (["--http", "--port", "x"], "expected a whole number"),
    ],
)
def test_a_wrong_setting_ends_the_server_with_its_reason(arguments, told, tmp_path):
    done = subprocess.run(
        [EVENTKIT, "mcp", *arguments],
        cwd=tmp_path,
        input=b"",
        capture_output=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_feed_is_fetched_and_fetched_again(tmp_path):
    with feed_server() as server:
        feed = ["--feed", f"{server.url}/feed.csv", "--allow-private", "--refresh", "1s"]
        with raw_client(EVENTKIT, "mcp", *feed) as client:
            client.greet()
            client.send(tool_call(1, "recommend_sessions", interests=["ai", "zoo"]))
            first = client.receive()["result"]["content"][0]["text"]
            assert "1 | Agents | 2026-09-14 09:30-10:00 | Hall 1 | ai" in first
            server.feed = FEED + b"2,Bees,2026-09-14 11:00,2026-09-14 12:00,Hall 1,zoo\n"
            found, number = first, 1
            while "2 | Bees" not in found:
                number += 1
                assert number < 100_000
                client.send(tool_call(number, "recommend_sessions", interests=["ai", "zoo"]))
                found = client.receive()["result"]["content"][0]["text"]
            assert client.leave()[0] == 0


def test_calls_wait_for_a_long_load_and_report_progress():
    told, may_load = threading.Event(), threading.Event()

    def load():
        assert may_load.wait(30)
        return source()

    supply = Supply(load)
    supply.start()
    seen = []

    async def on_progress(progress, total, message):
        seen.append((progress, message))
        may_load.set()
        told.set()

    async def use(client):
        # The server answers what needs no programme, while the programme is loaded.
        assert len((await client.list_tools()).tools) == len(TOOLS)
        arguments = {"interests": ["ai"]}
        return await client.call_tool(
            "recommend_sessions", arguments, progress_callback=on_progress
        )

    reply = talk(build_server(supply), "2026-07-28", use)
    assert "a | Agents" in reply.content[0].text
    assert seen[0][1] == "loading the programme"
    assert told.is_set()


def test_a_load_that_fails_is_said_in_the_result_and_tried_again():
    now = [0.0]
    outcomes = [FeedError("https://x.example/feed", "the server answered 500"), source()]

    def load():
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    supply = Supply(load, clock=lambda: now[0])
    supply.start()
    assert supply.wait(30)

    async def use(client):
        return await client.call_tool("recommend_sessions", {"interests": ["ai"]})

    failed = talk(build_server(supply), "2026-07-28", use)
    assert failed.is_error
    assert (
        "cannot be loaded: https://x.example/feed: the server answered 500"
        in failed.content[0].text
    )
    now[0] = 31.0
    with pytest.raises(Refused):
        supply.current()
    assert supply.wait(30)
    assert not talk(build_server(supply), "2026-07-28", use).is_error


def test_a_fault_of_ours_is_a_result_too(monkeypatch):
    from eventkit.mcp import tools

    def fail(*_):
        raise ZeroDivisionError("a fault")

    monkeypatch.setitem(tools._ANSWERS, "recommend_sessions", fail)

    async def use(client):
        return await client.call_tool("recommend_sessions", {"interests": ["ai"]})

    reply = talk(build_server(Supply.of(source())), "2026-07-28", use)
    assert reply.is_error
    assert "failed inside eventkit" in reply.content[0].text
    assert "a fault" not in reply.content[0].text


def test_the_programme_is_the_one_of_the_file_now(tmp_path):
    file = tmp_path / "agent.json"
    file.write_text(json.dumps(MANIFEST), encoding="utf-8")
    now = [0.0]
    opened = Source(file, ServerSettings(), clock=lambda: now[0])
    supply = Supply.of(opened)
    before = supply.current()
    assert supply.current() is before
    changed = {**MANIFEST, "sessions": [*SESSIONS, {"id": "b", "title": "Bees"}]}
    file.write_text(json.dumps(changed), encoding="utf-8")
    now[0] = 10.0
    assert len(supply.current().catalog) == 2


def test_a_line_that_is_too_long_is_not_kept(tmp_path):
    file = tmp_path / "lines"
    file.write_bytes(b"short\n" + b"x" * 1_000 + b"\nafter\n" + b"y" * 500)
    with file.open("rb") as stream:
        lines = Lines(stream, longest=100)
        assert [lines.readline() for _ in range(5)] == ["short\n", "\n", "after\n", "\n", ""]


@pytest.mark.parametrize("command", [["recommend", "--interests", "ai"], ["serve", "--help"]])
def test_no_other_command_imports_the_sdk(command):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "eventkit", *command],
        env=os.environ | {"PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "eventkit.cli" in imported
    assert not imported & {"mcp", "mcp_types", "pydantic", "starlette", "anyio"}


def test_applications_without_agents_do_not_import_the_sdk():
    code = (
        "import eventkit, sys; eventkit.create_app(); import eventkit.compat.agents_sdk_adapter;"
        "import eventkit.mcp.tools; print({'mcp', 'mcp_types', 'pydantic'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_missing_sdk_names_the_extra(monkeypatch, tmp_path):
    (tmp_path / "mcp.py").write_text("raise ModuleNotFoundError('no', name='mcp')\n")
    done = subprocess.run(
        [sys.executable, "-m", "eventkit", "mcp"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        input=b"",
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"pip install 'eventkit-recommender[mcp]'" in done.stderr


def test_the_server_needs_no_catalogue_of_its_own():
    assert len(Supply.of(source()).current().catalog) == len(Catalog(MANIFEST))
