"""The deployment page and its files: a real nginx, promtool, systemd's own checks.

None of it depends on the Python version.
"""

import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

import eventkit
from eventkit.manifest import SAMPLE_MANIFEST_PATH
from nginx_server import DEPLOY, Certificate, Nginx, Recorder, free_port, program, wait_for
from transcripts import run, transcripts

pytestmark = pytest.mark.once

ROOT = DEPLOY.parent
PAGE = (ROOT / "docs/deployment.md").read_text(encoding="utf-8")
QUESTION = "/recommend?interests=ai,ml&top=3"
HOST = b"Host: example.org\r\n"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("tls"))


BIN = Path(sys.executable).parent


@contextlib.contextmanager
def started(arguments, port, **variables):
    """Run the command `eventkit` until the block ends."""
    process = subprocess.Popen([BIN / "eventkit", *arguments], env=os.environ | variables)
    try:
        wait_for(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def rendered_unit(folder):
    """The unit with this environment's command, a manifest that is there, and a free port."""
    unit = (DEPLOY / "eventkit.service").read_text(encoding="utf-8")
    (folder / "cache").mkdir(mode=0o700)
    port = free_port()
    places = {
        "/opt/eventkit/bin/eventkit": BIN / "eventkit",
        "/etc/eventkit/agent.json": SAMPLE_MANIFEST_PATH,
        "--port 8010": f"--port {port}",
        "/var/cache/eventkit": folder / "cache",
        "/run/eventkit": folder,
    }
    for old, new in places.items():
        assert unit.count(old) == 1, old
        unit = unit.replace(old, str(new))
    file = folder / "eventkit.service"
    file.write_text(unit)
    return file, port


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """What the unit starts, in the environment that it says; its port."""
    file, port = rendered_unit(tmp_path_factory.mktemp("served"))
    unit = file.read_text()
    variables = re.findall(r"^Environment=(.*)$", unit, re.MULTILINE)
    environment = dict(pair.split("=", 1) for line in variables for pair in line.split())
    assert environment["EVENTKIT_TRUSTED_PROXIES"] == "127.0.0.1"
    (command,) = re.findall(r"^ExecStart=(.*)$", unit, re.MULTILINE)
    with started(command.split()[1:], port, **environment):
        yield port


@pytest.fixture
def nginx(tmp_path, certificate):
    """Start an nginx in front of a port."""
    with contextlib.ExitStack() as stack:

        def start(upstream, **changes):
            return stack.enter_context(Nginx(tmp_path, certificate, upstream, **changes).running())

        yield start


@pytest.fixture
def recorder():
    upstream = Recorder()
    yield upstream
    upstream.close()


def ask(front, target, method="GET", body=None, **headers):
    connection = http.client.HTTPSConnection(
        "127.0.0.1", front.secure, context=front.certificate.context(), timeout=20
    )
    connection.request(method, target, body, headers)
    reply = connection.getresponse()
    with contextlib.closing(connection):
        return reply, reply.read()


def test_answers_come_through(nginx, served):
    front = nginx(served)
    expected = json.dumps(eventkit.recommend(eventkit.load_manifest(), ["ai", "ml"], 3)).encode()
    reply, body = ask(front, QUESTION)
    assert (reply.status, body) == (200, expected)
    asked = json.dumps({"interests": ["ai", "ml"], "top": 3})
    assert ask(front, "/recommend", "POST", asked)[1] == expected
    again, body = ask(front, QUESTION, **{"If-None-Match": reply.getheader("ETag")})
    assert (again.status, body) == (304, b"")


def test_plain_http_is_sent_to_tls(nginx, served):
    front = nginx(served)
    connection = http.client.HTTPConnection("127.0.0.1", front.plain, timeout=20)
    connection.request("GET", QUESTION, headers={"Host": "example.org"})
    reply = connection.getresponse()
    assert reply.status == 308
    assert reply.getheader("Location") == f"https://example.org{QUESTION}"
    connection.close()


def test_http_2_is_offered(nginx, served):
    with nginx(served).connect("h2", "http/1.1") as connection:
        assert connection.selected_alpn_protocol() == "h2"


def test_connections_to_eventkit_are_kept(nginx, recorder):
    front = nginx(recorder.port)
    for _ in range(20):
        assert ask(front, "/health")[0].status == 200
    # nginx closes none of them, so those that were made are there, however they stand.
    remote = f"0100007F:{recorder.port:04X}"
    made = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()]
    assert sum(row[2] == remote for row in made) <= 2
    assert len(recorder.requests) == 20
    assert not any(b"connection:" in request.lower() for request in recorder.requests)


def test_a_client_cannot_claim_another_address(nginx, recorder):
    claimed = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "ftp"}
    ask(nginx(recorder.port), "/health", **claimed)
    (request,) = recorder.requests
    assert re.findall(rb"(?i)x-forwarded-for: (.*)\r\n", request) == [b"127.0.0.1"]
    assert re.findall(rb"(?i)x-forwarded-proto: (.*)\r\n", request) == [b"https"]


LIMITS = [
    pytest.param("POST", "/recommend", "x" * 262_145, {}, 413, id="body"),
    pytest.param("GET", "/recommend?interests=" + "a" * 9_000, None, {}, 414, id="address"),
    pytest.param("GET", "/health", None, {"X-Long": "a" * 9_000}, 431, id="header"),
]


@pytest.mark.parametrize(("method", "target", "body", "headers", "status"), LIMITS)
def test_oversized_requests_stop_at_nginx(nginx, recorder, method, target, body, headers, status):
    reply, said = ask(nginx(recorder.port), target, method, body, **headers)
    assert reply.status == status
    assert json.loads(said)["error"]
    assert not recorder.requests


def test_metrics_are_not_for_the_world(nginx, recorder):
    assert ask(nginx(recorder.port), "/metrics")[0].status == 404
    assert not recorder.requests


POST = b"POST /recommend HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\n" + HOST + b"\r\n"
SMUGGLING = {
    "both lengths": POST + b"Content-Length: 4\r\n" + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
    "both lengths, turned": POST + CHUNKED + b"Content-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + SMUGGLED,
    "length list": POST + b"Content-Length: 0, 40\r\n\r\n" + SMUGGLED,
    "signed length": POST + b"Content-Length: +4\r\n\r\nabcd" + SMUGGLED,
    "hexadecimal length": POST + b"Content-Length: 0x4\r\n\r\nabcd" + SMUGGLED,
    "coding twice": POST + CHUNKED * 2 + b"\r\n0\r\n\r\n" + SMUGGLED,
    "unknown coding": POST + b"Transfer-Encoding: cow\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "coding list": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "coding in HTTP/1.0": POST.replace(b"1.1", b"1.0") + CHUNKED + b"\r\n0\r\n\r\n" + SMUGGLED,
    "bad chunk": POST + CHUNKED + b"\r\nzz\r\nabc\r\n0\r\n\r\n" + SMUGGLED,
    "endless chunk size": POST + CHUNKED + b"\r\n" + b"f" * 40 + b"\r\n" + SMUGGLED,
    "space before the colon": POST + b"Content-Length : 4\r\n\r\nabcd" + SMUGGLED,
    "space in a name": POST + b"Content Length: 4\r\n\r\nabcd" + SMUGGLED,
    "NUL in a value": POST + b"X-A: a\0b\r\n\r\n" + SMUGGLED,
    "NUL in the address": b"GET /a\0b HTTP/1.1\r\n" + HOST + b"\r\n" + SMUGGLED,
    "no host": b"GET /health HTTP/1.1\r\n\r\n" + SMUGGLED,
    "two hosts": b"GET /health HTTP/1.1\r\n" + HOST * 2 + b"\r\n" + SMUGGLED,
}


@pytest.fixture(scope="module")
def refusing(tmp_path_factory, certificate):
    upstream = Recorder()
    with Nginx(tmp_path_factory.mktemp("nginx"), certificate, upstream.port).running() as front:
        yield front, upstream
    upstream.close()


@pytest.mark.parametrize("sent", SMUGGLING.values(), ids=SMUGGLING.keys())
def test_a_request_of_two_readings_is_refused(refusing, sent):
    front, upstream = refusing
    received = front.exchange(sent)
    assert re.match(rb"HTTP/1.1 (400|501) ", received), received
    assert received.count(b"HTTP/1.1 ") == 1
    assert not upstream.requests


def test_a_bare_line_feed_ends_a_line_on_both_sides(nginx, recorder):
    """nginx takes it for a line's end, and hands on none."""
    lines = b"GET /health HTTP/1.1\nHost: example.org\nConnection: close\n\n"
    assert nginx(recorder.port).exchange(lines).startswith(b"HTTP/1.1 200 ")
    (request,) = recorder.requests
    assert request.count(b"\n") == request.count(b"\r\n")


def test_slow_clients_are_not_waited_for(nginx, served):
    """Two hundred half requests hold nobody up, and are all closed when their time is over."""
    front = nginx(served, client_header_timeout="1s")
    half = []
    for _ in range(200):
        half.append(front.connect())
        half[-1].sendall(b"GET /health HTTP/1.1\r\nHost: exa")
    assert ask(front, "/health")[0].status == 200
    for connection in half:
        with connection, contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            assert not connection.recv(1)


def test_a_flood_is_slowed_down(nginx, recorder):
    """The burst passes whatever the machine's speed; far more than it does not."""
    front = nginx(recorder.port)
    request = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
    last = request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    received = front.exchange(request * 600 + last)
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", received)
    assert statuses.count(b"200") >= 101
    assert statuses.count(b"429") >= 1
    assert statuses.count(b"200") + statuses.count(b"429") == 601
    assert b"Retry-After: 1\r\n" in received
    assert b'{"error": "too many requests"}' in received


def test_nginx_answers_503_when_eventkit_is_down(nginx):
    reply, body = ask(nginx(free_port()), QUESTION)
    assert (reply.status, reply.getheader("Retry-After")) == (503, "5")
    assert json.loads(body) == {"error": "unavailable"}


def test_the_unit_is_one_to_systemd(tmp_path):
    file, _ = rendered_unit(tmp_path)
    done = subprocess.run(
        [program("systemd-analyze"), "verify", file], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_exposes_little(tmp_path):
    file, _ = rendered_unit(tmp_path)
    command = [program("systemd-analyze"), "security", "--offline=true", "--threshold=20", file]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_unit_s_mistakes_would_be_seen(tmp_path):
    file, _ = rendered_unit(tmp_path)
    file.write_text(file.read_text().replace("ProtectProc=invisible", "ProtectProc=perhaps"))
    command = [program("systemd-analyze"), "verify", file]
    assert b"perhaps" in subprocess.run(command, capture_output=True).stderr


CONTAINER = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
(COMMAND, CHECK) = (json.loads(found) for found in re.findall(r"CMD (\[.*\])", CONTAINER))


def test_a_container_wants_a_token():
    assert COMMAND[0] == "eventkit"
    environment = {name: value for name, value in os.environ.items() if name != "API_TOKEN"}
    done = subprocess.run([BIN / "eventkit", *COMMAND[1:]], env=environment, capture_output=True)
    assert done.returncode != 0
    assert b"API_TOKEN" in done.stderr


def test_a_container_s_command_and_health_check(tmp_path):
    """On loopback, unlike in a container: a test opens no port to the network."""
    port = free_port()
    places = {"/srv/agent.json": str(SAMPLE_MANIFEST_PATH), "0.0.0.0": "127.0.0.1"}
    arguments = [places.get(word, word).replace("8010", str(port)) for word in COMMAND[1:]]
    healthy = [sys.executable, *(word.replace("8010", str(port)) for word in CHECK[1:])]
    assert subprocess.run(healthy, capture_output=True).returncode != 0
    with started(arguments, port, API_TOKEN="t" * 32):
        assert subprocess.run(healthy).returncode == 0


def dashboard_queries():
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_the_dashboard_s_queries_are_promql(tmp_path):
    """As rules, with Grafana's variables filled in as Grafana does."""
    filled = [
        query.replace("$job", "eventkit").replace("$route", ".*").replace("$__rate_interval", "1m")
        for query in dashboard_queries()
    ]
    assert not [query for query in filled if "$" in query]
    rules = [{"record": f"q:{number}", "expr": query} for number, query in enumerate(filled)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = subprocess.run(
        [program("promtool"), "check", "rules", file], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


RULES = (DEPLOY / "prometheus-rules.yml").read_text(encoding="utf-8")
METRIC = re.compile(r"\beventkit_[a-z0-9_]+")


def test_every_metric_that_is_asked_for_is_there(served):
    """Those of the dashboard and of the alerts, in the text of a server that has just answered."""
    connection = http.client.HTTPConnection("127.0.0.1", served, timeout=20)
    for target in (QUESTION, "/metrics"):
        connection.request("GET", target)
        text = connection.getresponse().read().decode()
    connection.close()
    shown = {*METRIC.findall("\n".join(re.findall(r"^[^#\s{]+", text, re.MULTILINE)))}
    asked = {*METRIC.findall(" ".join([*dashboard_queries(), RULES]))}
    assert len(asked) >= 8
    assert asked <= shown
    assert re.search(r'requests_total\{route="/recommend",status="200"\} \d', text)
    assert re.search(r'duration_seconds_bucket\{route="/recommend",le="\+Inf"\} \d', text)


def test_the_dashboard_s_panels_do_not_overlap():
    dashboard = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    cells = [
        (panel["gridPos"]["x"] + column, panel["gridPos"]["y"] + row)
        for panel in dashboard["panels"]
        for column in range(panel["gridPos"]["w"])
        for row in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len({*cells})
    assert all(column < 24 for column, _ in cells)
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert len(numbers) == len({*numbers})


TRANSCRIPTS = transcripts(PAGE)


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda text: text.split("\n")[0])
def test_the_page_s_commands_run_as_printed(transcript, tmp_path):
    for name in re.findall(r"^\$ (\S+)", transcript, re.MULTILINE):
        program(name)
    shutil.copytree(DEPLOY, tmp_path / "deploy")
    run(transcript, tmp_path)


def test_the_page_names_every_file():
    assert TRANSCRIPTS
    named = {*re.findall(r"\.\./deploy/([\w.-]+)", PAGE)}
    assert named == {file.name for file in DEPLOY.iterdir()}
