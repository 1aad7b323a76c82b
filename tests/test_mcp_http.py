"""The server of agents over streamable HTTP: the rules of `serve`, both eras, and many clients."""

import asyncio
import contextlib
import json
import re
from pathlib import Path

import pytest

pytest.importorskip("mcp")

import eventkit
from eventkit.server import ServerSettings
from mcp_clients import ERAS, talk, tool_call
from server_process import asked, served
from server_roads import MANIFEST, TOKEN, by_asgi, by_wsgi

pytestmark = pytest.mark.once
COMMANDS = {
    "agents": "eventkit-python mcp --http --port {port} --workers 2",
    "uvicorn": "uvicorn app:app --port {port} --lifespan {{lifespan}} --log-level warning",
}
CONCURRENT = 1_000
JSON = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
CALL = json.dumps(tool_call(1, "recommend_sessions", interests=["ai"], top=1)).encode()
MODERN = [
    ("MCP-Protocol-Version", "2026-07-28"),
    ("Mcp-Method", "tools/call"),
    ("Mcp-Name", "recommend_sessions"),
]


def modern_call():
    """A request of the newer era carries what the older one says in a handshake."""
    call = json.loads(CALL)
    call["params"]["_meta"] = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    return json.dumps(call).encode()


@pytest.fixture(scope="module")
def app():
    return eventkit.create_app(MANIFEST, settings=ServerSettings(max_body_bytes=10_000), mcp=True)


@pytest.mark.parametrize(("body", "more"), [(CALL, []), (modern_call(), MODERN)])
def test_a_call_is_answered_with_the_headers_of_every_answer(app, body, more):
    before = app.metrics.snapshot()
    reply = by_asgi(app, "POST", "/mcp", headers=[*JSON, *more], body=body)
    assert reply.status == 200, reply.body
    assert "Session 39" in reply.json["result"]["content"][0]["text"]
    assert reply.header("Content-Type") == "application/json"
    assert reply.header("Cache-Control") == "no-store"
    assert reply.header("X-Content-Type-Options") == "nosniff"
    assert reply.header("X-Correlation-ID")
    assert reply.header("Mcp-Session-Id") is None
    assert reply.header("Content-Length") == str(len(reply.body))
    assert app.metrics.snapshot() != before


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"headers": [*JSON, ("Host", "evil.example")]}, 421),
        ({"headers": [*JSON, ("Origin", "https://evil.example")]}, 403),
        ({"headers": [*JSON, ("Origin", "null")]}, 403),
        ({"headers": [*JSON, ("Origin", "http://localhost:6274")]}, 200),
        ({"client": "192.0.2.7"}, 403),
        ({"method": "GET", "body": None}, 405),
        ({"method": "DELETE", "body": None}, 405),
        ({"body": b"{" * 10_001}, 413),
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"headers": [("Content-Type", "text/plain")]}, 400),
        ({"headers": [("Content-Type", "application/json"), ("Accept", "text/html")]}, 406),
        ({"headers": [*JSON, ("MCP-Protocol-Version", "1999-01-01")]}, 400),
    ],
)
def test_the_rules_of_the_server_hold(app, given, status):
    asking = {"method": "POST", "headers": JSON, "body": CALL, **given}
    reply = by_asgi(app, asking.pop("method"), "/mcp", **asking)
    assert reply.status == status, reply.body
    assert reply.header("X-Correlation-ID")


def test_a_token_is_needed_where_there_is_one():
    settings = ServerSettings(api_token=TOKEN, requests_per_minute=2, limit_loopback=True)
    app = eventkit.create_app(MANIFEST, settings=settings, mcp=True)
    token = ("Authorization", f"Bearer {TOKEN}")
    statuses = [
        by_asgi(app, "POST", "/mcp", headers=[*JSON, *headers], body=CALL).status
        for headers in ([], [token], [token])
    ]
    assert statuses == [401, 200, 429]
    refused = by_asgi(app, "OPTIONS", "/mcp", headers=[("Origin", "https://a.example")])
    assert refused.header("Access-Control-Allow-Origin") is None


def test_a_page_of_an_allowed_origin_may_ask():
    settings = ServerSettings(cors_origins=("https://a.example",))
    app = eventkit.create_app(MANIFEST, settings=settings, mcp=True)
    origin = ("Origin", "https://a.example")
    ahead = [origin, ("Access-Control-Request-Method", "POST")]
    preflight = by_asgi(app, "OPTIONS", "/mcp", headers=ahead)
    assert "MCP-Protocol-Version" in preflight.header("Access-Control-Allow-Headers")
    reply = by_asgi(app, "POST", "/mcp", headers=[*JSON, origin], body=CALL)
    assert reply.header("Access-Control-Allow-Origin") == "https://a.example"


def test_agents_are_answered_over_asgi_and_when_asked_for_only(app):
    refused = by_wsgi(app, "POST", "/mcp", headers=JSON, body=CALL)
    assert (refused.status, refused.json["expected"]) == (501, "an ASGI server")
    plain = eventkit.create_app(MANIFEST, settings=ServerSettings())
    assert by_asgi(plain, "POST", "/mcp", headers=JSON, body=CALL).status == 404


def test_a_shared_answer_may_be_kept_by_everybody_and_one_behind_a_token_may_not():
    def scope(**settings):
        app = eventkit.create_app(MANIFEST, settings=ServerSettings(**settings), mcp=True)
        body = json.loads(modern_call())
        body["method"], body["params"]["uri"] = "resources/read", "eventkit://topics"
        headers = [*JSON, MODERN[0], ("Mcp-Method", "resources/read")]
        headers += [("Mcp-Name", "eventkit://topics"), ("Authorization", f"Bearer {TOKEN}")]
        reply = by_asgi(app, "POST", "/mcp", headers=headers, body=json.dumps(body).encode())
        return reply.json["result"]["cacheScope"]

    assert scope() == "public"
    assert scope(api_token=TOKEN) == "private"


@pytest.mark.parametrize("lifespan", ["on", "off"])
def test_uvicorn_serves_it_with_and_without_lifespan(lifespan, tmp_path):
    (tmp_path / "app.py").write_text("import eventkit\napp = eventkit.create_app(mcp=True)\n")
    commands = {"uvicorn": COMMANDS["uvicorn"].format(port="{port}", lifespan=lifespan)}
    commands["uvicorn"] = commands["uvicorn"].replace("{lifespan}", lifespan)
    with served("uvicorn", tmp_path, commands) as port:
        status, _, body = asked(port, "POST", "/mcp", CALL, JSON)
        assert status == 200, body
    assert "Traceback" not in (tmp_path / "server.log").read_text()


async def ask_once(port, body=CALL):
    """Ask over a connection of its own; return the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in JSON) + "Connection: close\r\n\r\n"
    writer.write(head.encode() + body)
    with contextlib.closing(writer):
        answer = await reader.read()
    assert b"Session" in answer or b"Opening" in answer, answer[:500]
    return int(answer.split(b" ", 2)[1])


async def leave_early(port, sent):
    """Send some bytes of a request and go away without reading."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n")
    writer.write(b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(CALL))
    writer.write(CALL[:sent])
    await writer.drain()
    writer.close()


def open_files(folder):
    """Count the files of all processes that run in a folder."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink() == folder:
                count += len(list((process / "fd").iterdir()))
    return count


def test_many_clients_at_once_and_clients_that_leave(tmp_path):
    with served("agents", tmp_path, COMMANDS) as port:
        url = f"http://127.0.0.1:{port}/mcp"

        async def use(client):
            assert len((await client.list_tools()).tools) == 5
            reply = await client.call_tool("plan_itinerary", {"interests": ["ai"]})
            return reply.content[0].text

        plans = {talk(url, era, use) for era in ERAS}
        assert len(plans) == 1
        asyncio.run(ask_once(port))
        files = open_files(tmp_path)

        async def crowd():
            return await asyncio.gather(*(ask_once(port) for _ in range(CONCURRENT)))

        assert set(asyncio.run(crowd())) == {200}

        async def leave():
            await asyncio.gather(*(leave_early(port, n) for n in range(len(CALL) + 1)))

        asyncio.run(leave())
        assert {asyncio.run(ask_once(port)) for _ in range(20)} == {200}
        metrics = asked(port, "GET", "/metrics")[2].decode()
        counted = re.findall(r'requests_total\{[^}]*"/mcp"[^}]*"200"[^}]*\} (\d+)', metrics)
        assert sum(map(int, counted)) >= CONCURRENT, metrics
        assert asked(port, "GET", "/recommend?interests=ai")[0] == 200
        # A connection that a client left is closed when the server notices it.
        for _ in range(200):
            if open_files(tmp_path) <= files + 20:
                break
            asyncio.run(ask_once(port))
        assert open_files(tmp_path) <= files + 20
    assert "Traceback" not in (tmp_path / "server.log").read_text()
