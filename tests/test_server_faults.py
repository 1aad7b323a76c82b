"""`eventkit serve` under attack and under load, in both of granian's interfaces.

Where the two interfaces differ, the difference is asserted too. Times are printed (`pytest -s`),
not asserted.
"""

import contextlib
import json
import os
import pickle
import re
import signal
import statistics
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

import eventkit
from conftest import faults_scale
from eventkit.cli import main
from eventkit.server import ServerSettings, run
from faults import raw
from faults.raw import exchange, running
from faults.smuggling import REQUESTS
from server_load import Askers

pytestmark = [
    pytest.mark.faults,
    pytest.mark.once,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

QUICK = "import eventkit.server.run as r\nr.HEAD_SECONDS = 1.0\n"
POST = b"POST /recommend HTTP/1.1\r\nHost: localhost\r\n"
SLOW = """
import os, time
from eventkit.server.status import Status
alive = Status.health
def health(self, request):
    os.write(begun, b".")
    time.sleep({seconds})
    return alive(self, request)
begun = os.open("begun", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
Status.health = health
# Under ASGI, in a thread: asleep in the event loop, it would hold the whole worker.
from eventkit.server.app import Application
Application.is_slow = lambda *_: True
"""
QUESTION = "/recommend?interests=ai,ml&top=5"


pytest.importorskip("granian")


@pytest.fixture(scope="module", params=raw.SERVERS)
def server(request, tmp_path_factory):
    with running(request.param, tmp_path_factory.mktemp(request.param)) as server:
        server.interface = request.param
        yield server


def until(true, seconds=30.0):
    """Other processes have no clock to inject."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("interface", raw.SERVERS)
def test_half_requests_slow_bodies_and_slow_readers_stop_nobody_else(interface, tmp_path):
    half = faults_scale(50, 200)
    seconds = faults_scale(2.5, 60.0)
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            running(
                interface,
                tmp_path,
                more=faults_scale(QUICK, ""),
                EVENTKIT_BODY_SECONDS=faults_scale("2", "30"),
            )
        )

        def opened(count, data):
            socks = [stack.enter_context(server.connect()) for _ in range(count)]
            for sock in socks:
                sock.sendall(data)
            return socks

        heads = opened(half, b"GET /health HTTP/1.1\r\nHos")
        bodies = opened(half, POST + b"Content-Length: 9\r\n\r\n{")
        question = f"GET {QUESTION} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        readers = opened(half // 5, question * 20)
        end, took = time.monotonic() + seconds, []
        while time.monotonic() < end:
            begun = time.perf_counter()
            assert server.ask("/health")[0] == 200
            took.append(time.perf_counter() - begun)
            time.sleep(0.02)
        p99 = statistics.quantiles(took, n=100)[98] * 1_000
        closed = [raw.closed_by_now(socks) for socks in (heads, bodies, readers)]
        print(f"\n{interface}: /health p99 {p99:.0f} ms, closed {closed} of {half}, {half}")
        until(lambda: raw.closed_by_now(heads) == half)
        if interface == "asgi":
            until(lambda: raw.closed_by_now(bodies) == half)
        # Granian's WSGI mode has no time limit for bodies. They keep their threads, and enough
        # threads are left for other requests.


def test_slow_bodies_leave_threads_for_other_requests(tmp_path):
    """More slow bodies than granian has threads arrive; those above the limit are refused."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(running("wsgi", tmp_path))
        socks = [stack.enter_context(server.connect()) for _ in range(260)]
        for sock in socks:
            sock.sendall(POST + b"Content-Length: 9\r\n\r\n{")
        until(lambda: raw.closed_by_now(socks) >= 260 - 192)
        assert server.ask("/health")[0] == 200
        assert server.ask(QUESTION)[0] == 200


def endless(server):
    """Send chunks until the server has had enough; the status."""
    with server.connect() as sock:
        sock.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(1_000):
                sock.sendall(b"1000\r\n" + b" " * 4_096 + b"\r\n")
        sock.settimeout(30)
        return raw.parted(raw.read_all(sock))[0]


def test_large_bodies_are_refused_and_not_kept_in_memory(server):
    post = b"POST /recommend HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n%s\r\n"
    bomb = post % (60_000, b"Content-Encoding: gzip\r\n") + b"\x1f\x8b" + b"\0" * 59_998

    def all_of_them():
        assert exchange(server, post % (99_999_999_999, b""))[0] == 413
        assert exchange(server, post % (2 << 20, b"") + b" " * 4_096)[0] == 413
        # A server that closes while more is on its way may take its answer along.
        assert endless(server) in (413, 0)
        assert exchange(server, bomb)[0] in (400, 415)

    workers = server.workers()
    fresh = raw.rss_of(workers)
    # Granian's threads come to some 13 MiB in a hundred rounds, and then to no more.
    for _ in range(faults_scale(2, 100)):
        all_of_them()
    warm = raw.rss_of(workers)
    for _ in range(faults_scale(10, 200)):
        all_of_them()
    assert server.workers() == workers
    grown = raw.rss_of(workers) - warm
    print(f"\n{server.interface}: RSS {warm - fresh:+} KiB, then {grown:+} KiB")
    assert grown <= 8_192


# Taken by granian (hyper), and harmless: what follows is not answered, or all readers agree on it.
# A length beside chunks is dropped, as RFC 9112 6.3 says, and the connection closed; a broken chunk
# ends the body and the connection, and the JSON is judged by what came. The same length twice (RFC
# 9110 8.6) and bare line feeds (RFC 9112 2.2) may be taken.
TAKEN = {"CL.TE", "TE.CL", "CL 0 and TE", "CL twice the same", "bare LF", "bare LF in headers"}
# The application refuses them, and keeps the connection: they are whole requests.
REFUSED_BY_APPLICATION = {"two hosts", "no host"}


def assert_nothing_follows(sock):
    """One answer, and one more to what is asked then, if the connection is still there."""
    answer = sock.recv(65_536)
    with contextlib.suppress(ConnectionError):
        sock.sendall(b"GET /tags HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answers = (answer + raw.read_all(sock)).split(b"HTTP/1.1 ")[1:]
    assert len(answers) <= 2
    assert not any(b"not found" in answer for answer in answers)
    assert all(b'{"tags": ' in answer for answer in answers[1:])


@pytest.mark.parametrize("name", REQUESTS)
def test_ambiguous_requests_are_refused(server, name):
    with server.connect() as sock:
        sock.sendall(REQUESTS[name])
        if name in TAKEN:
            assert_nothing_follows(sock)
            return
        kept = name in REFUSED_BY_APPLICATION
        answer = sock.recv(65_536) if kept else raw.read_all(sock)
    status, _ = raw.parted(answer)
    assert (status, answer.count(b"HTTP/1.1 ")) == (400, 1)


def test_there_are_forty_ambiguous_requests():
    assert len(REQUESTS) == 40


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: a\r\n" * 100 + b"\r\n", 431),
        (b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 9_000 + b"\r\n\r\n", 431),
        (b"GET /health?" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (
            b"POST /recommend HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40016\r\n\r\n"
            b'{"interests":"' + b"a," * 20_000 + b'"}',
            400,
        ),
    ],
    ids=["101 headers", "9 KB header", "9 KB address", "20,000 interests"],
)
def test_oversized_requests_are_refused(server, request_, status):
    with server.connect() as sock:
        sock.sendall(request_)
        sock.settimeout(30)
        told, body = raw.parted(sock.recv(65_536))
    assert told == status
    if status == 400:
        assert json.loads(body)["parameter"] == "interests"


def ask_to_stop(server):
    server.process.send_signal(signal.SIGTERM)


def press_ctrl_c(server):
    """As a terminal does: every process hears it."""
    os.killpg(server.process.pid, signal.SIGINT)


@pytest.mark.parametrize("stop", [ask_to_stop, press_ctrl_c])
@pytest.mark.parametrize("interface", raw.SERVERS)
def test_requests_in_flight_are_answered_when_the_server_stops(interface, stop, tmp_path):
    count, seconds = faults_scale((48, 0.25), (100, 0.5))
    with running(interface, tmp_path, more=SLOW.format(seconds=seconds)) as server:
        (tmp_path / "begun").write_bytes(b"")
        socks = [server.connect(30) for _ in range(count)]
        for sock in socks:
            sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # Under ASGI fewer threads answer, and the other requests wait for one.
        begun = count if interface == "wsgi" else 1
        until(lambda: (tmp_path / "begun").stat().st_size >= begun)
        stop(server)
        answers = [raw.parted(raw.read_all(sock)) for sock in socks]
        assert answers == [(200, b'{"status": "ok"}')] * count
        assert server.process.wait(30) == 0
        with pytest.raises(ConnectionRefusedError):
            server.connect()
        for sock in socks:
            sock.close()


def test_workers_ignore_ctrl_c_and_wait_for_their_parent_to_stop_them(tmp_path):
    """A terminal sends Ctrl-C to every process of the group, workers included."""
    with running("wsgi", tmp_path, "--workers", "2") as server:
        workers = server.workers()
        for worker in workers:
            os.kill(worker, signal.SIGINT)
        # One that stops on it is replaced within a second.
        time.sleep(1.5)
        assert server.workers() == workers
        assert server.ask(QUESTION)[0] == 200


@pytest.mark.parametrize("interface", raw.SERVERS)
def test_second_sigterm_ends_at_once(interface, tmp_path):
    """A request that takes a minute does not keep the server alive."""
    more = SLOW.format(seconds="60 if os.path.exists('armed') else 0")
    with running(interface, tmp_path, more=more) as server, server.connect() as sock:
        (tmp_path / "armed").touch()
        (tmp_path / "begun").write_bytes(b"")
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        until(lambda: (tmp_path / "begun").stat().st_size)
        workers = server.workers()
        server.process.send_signal(signal.SIGTERM)
        until(lambda: is_refused(server))
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(30) == -signal.SIGTERM
        until(lambda: all(is_gone(worker) for worker in workers))


def is_gone(process):
    """Whether a process ended, be it waited for or not."""
    try:
        return ") Z " in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return True


def is_refused(server):
    try:
        server.connect(0.5).close()
    except OSError:
        return True
    return False


ANSWERED = r'eventkit_http_requests_total\{route="/recommend",status="200"\} (\d+)'


class Load(Askers):
    """Clients that ask over and over, and count what came of it."""

    def __init__(self, server, clients):
        super().__init__(clients)
        self.server, self.right, self.wrong, self.failed = server, 0, [], 0
        manifest = eventkit.load_manifest()
        self._expected = json.dumps(eventkit.recommend(manifest, ["ai", "ml"], 5)).encode()
        self._lock = threading.Lock()

    def ask(self):
        try:
            status, body = self.server.ask(QUESTION)
        except OSError:
            status, body = 0, b""
        with self._lock:
            if status == 0:
                self.failed += 1
            elif (status, body) == (200, self._expected):
                self.right += 1
            else:
                self.wrong.append((status, body))


def test_killed_workers_come_back_and_only_their_requests_fail(tmp_path):
    """The same worker is killed again as soon as it is back, and the server goes on."""
    kills, clients = faults_scale(2, 50), 4
    took = []
    with running("wsgi", tmp_path, "--workers", "4") as server:
        with Load(server, clients) as load:
            for _ in range(kills):
                workers = server.workers()
                assert len(workers) == 4
                before = load.right
                until(lambda before=before: load.right > before + 20)
                os.kill(workers[-1], signal.SIGKILL)  # the youngest
                begun = time.perf_counter()
                until(lambda was=set(workers): len(set(server.workers()) - was) == 1)
                took.append(time.perf_counter() - begun)
                until(lambda: len(server.workers()) == 4)
                time.sleep(1.1)  # a worker that lives shorter than that counts as unable to start
        assert server.process.poll() is None
        _, metrics = server.ask("/metrics")
        counted = int(re.search(ANSWERED, metrics.decode())[1])
    print(f"\n{load.right} right, {load.failed} failed, respawn {max(took) * 1000:.0f} ms")
    assert load.wrong == []
    assert load.failed <= kills * clients
    # What the killed had counted is counted; of what failed, they may have counted some.
    assert load.right <= counted <= load.right + load.failed


def test_workers_end_when_their_parent_is_killed(tmp_path):
    """Otherwise they would go on serving, and hold the port."""
    with running("wsgi", tmp_path, "--workers", "2") as server:
        workers = server.workers()
        assert len(workers) == 2
        server.process.kill()
        until(lambda: is_refused(server))
        until(lambda: all(is_gone(worker) for worker in workers))


def test_the_next_start_deletes_the_metrics_directory_of_a_killed_server(tmp_path):
    shared = tmp_path / "runtime"
    shared.mkdir()

    def directories():
        return {path.name for path in shared.glob("eventkit-metrics-*")}

    environment = {"XDG_RUNTIME_DIR": str(shared)}
    with running("wsgi", tmp_path, **environment) as first:
        (one,) = directories()
        with running("wsgi", tmp_path, **environment) as second:
            # The directory of a server that runs is left alone.
            (two,) = directories() - {one}
            workers = [*first.workers(), *second.workers()]
            os.killpg(first.process.pid, signal.SIGKILL)
            first.process.wait()
            os.killpg(second.process.pid, signal.SIGKILL)
            second.process.wait()
            until(lambda: all(is_gone(worker) for worker in workers))
    assert directories() == {one, two}
    with running("wsgi", tmp_path, **environment) as third:
        assert len(directories()) == 1
        assert directories().isdisjoint({one, two})
        third.process.send_signal(signal.SIGTERM)
        assert third.process.wait(30) == 0
    assert directories() == set()


HUNGRY = """
from eventkit.server.status import Status
def ready(self, request):
    return bytearray(1 << 36)
Status.ready = ready
"""


def test_the_arguments_of_workers_can_be_pickled():
    """Where processes are spawned and not forked (macOS), they are pickled."""
    settings = ServerSettings(max_top=7)
    given = (run._LOGGING, partial(run._application, None, settings, os.getpid(), "wsgi"))
    logging, application = pickle.loads(pickle.dumps(given))
    assert logging == run._LOGGING
    assert application.args == (None, settings, os.getpid(), "wsgi")


@pytest.mark.parametrize("interface", raw.SERVERS)
def test_a_failed_allocation_fails_one_request_and_not_the_server(interface, tmp_path):
    """Under a memory limit, the request that asks for too much is answered 500."""
    import resource

    def limits():
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    with running(interface, tmp_path, more=HUNGRY, limits=limits) as server:
        for _ in range(3):
            status, body = server.ask("/ready")
            assert (status, json.loads(body)["error"]) == (500, "internal error")
        assert server.ask(QUESTION)[0] == 200


@pytest.mark.parametrize("interface", raw.SERVERS)
def test_a_server_without_free_files_waits_and_does_not_spin(interface, tmp_path):
    """`ulimit -n 64`, and twice as many clients."""
    import resource

    def limits():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    with running(interface, tmp_path, limits=limits) as server:
        socks = []
        for _ in range(128):
            sock = server.connect()
            sock.sendall(b"GET /health HTTP/1.1\r\n")
            socks.append(sock)
        workers = server.workers()
        time.sleep(0.2)
        before, begun = raw.cpu_seconds(workers), time.monotonic()
        time.sleep(1.0)
        share = (raw.cpu_seconds(workers) - before) / (time.monotonic() - begun)
        for sock in socks:
            sock.close()
        print(f"\n{interface}: {share:.0%} of a core")
        assert share < 0.2
        until(lambda: answers(server))


def answers(server):
    with contextlib.suppress(OSError):
        return server.ask("/health", 2.0)[0] == 200
    return False


@pytest.fixture
def refused(monkeypatch, tmp_path, capsys):
    """Call `eventkit serve` where it should not even start; the status, and what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("API_TOKEN", raising=False)
    monkeypatch.delenv("EVENTKIT_MANIFEST", raising=False)
    monkeypatch.setattr(run, "_serve_granian", lambda *_: pytest.fail("it serves"))

    def call(*arguments):
        status = main(["serve", *arguments])
        output = capsys.readouterr()
        assert output.out == ""
        return status, output.err

    return call


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_others_reach_needs_a_token(host, refused, monkeypatch):
    status, said = refused("--host", host, "--port", "0")
    assert status == 2
    assert said == (
        f"eventkit: {host} can be reached from other machines: set API_TOKEN (32 characters or "
        "more), or add --insecure\n"
    )
    monkeypatch.setenv("API_TOKEN", "secret")
    status, said = refused("--host", host, "--port", "0")
    assert (status, "api_token has 6 characters, expected at least 32" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "environment", "status"),
    [([], {"API_TOKEN": "x" * 32}, 401), (["--insecure"], {}, 200)],
)
def test_with_a_token_or_the_flag_it_listens_everywhere(arguments, environment, status, tmp_path):
    arguments = ["--host", "0.0.0.0", *arguments]
    with running("wsgi", tmp_path, *arguments, **environment) as server:
        assert server.ask(QUESTION)[0] == status


def test_wsgi_behind_trusted_proxies_is_refused(refused, monkeypatch):
    monkeypatch.setenv("EVENTKIT_TRUSTED_PROXIES", "127.0.0.1")
    status, said = refused("--interface", "wsgi", "--port", "0")
    assert (status, "interface is wsgi, expected asgi behind trusted_proxies" in said) == (2, True)


@pytest.mark.parametrize(("proxies", "asgi"), [("127.0.0.1", True), ("", False)])
def test_trusted_proxies_choose_asgi(proxies, asgi, tmp_path):
    more = "from eventkit.server import asgi as a\nserve = a.serve\n"
    more += "async def seen(*given):\n    open('asgi', 'w').close()\n    await serve(*given)\n"
    more += "a.serve = seen\n"
    with running(None, tmp_path, more=more, EVENTKIT_TRUSTED_PROXIES=proxies):
        assert (tmp_path / "asgi").exists() == asgi


def test_allowed_hosts_are_options_and_settings(tmp_path):
    arguments = ["--allowed-host", "a.example", "--allowed-host", "b.example"]
    with running("wsgi", tmp_path, *arguments, EVENTKIT_ALLOWED_HOSTS="c.example") as server:
        for host, status in [("a", 200), ("b", 200), ("c", 200), ("d", 421)]:
            sent = f"GET /health HTTP/1.1\r\nHost: {host}.example\r\n\r\n".encode()
            assert exchange(server, sent)[0] == status


@pytest.mark.parametrize("host", ["a:80", "a b"])
def test_an_allowed_host_that_is_none_is_refused_by_name(host, refused):
    status, said = refused("--allowed-host", host, "--port", "0")
    assert (status, f"allowed_hosts holds {host!r}" in said) == (2, True)


def test_serve_without_granian_names_the_extra_in_one_line(refused, monkeypatch):
    # A module that is None there cannot be imported: granian is as if not installed.
    monkeypatch.setitem(sys.modules, "granian", None)
    status, said = refused("--port", "0")
    expected = "granian is not installed: pip install 'eventkit-recommender[serve]'"
    assert (status, said) == (2, f"eventkit: {expected}\n")


def test_a_port_in_use_is_refused_by_name(server, refused):
    """Another eventkit's port too, whose workers share it among themselves."""
    expected = f"eventkit: 127.0.0.1:{server.port}: in use; --port 0 takes a free one\n"
    assert refused("--port", str(server.port)) == (1, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", ""], "the host is empty, expected an address such as 127.0.0.1"),
        (["--host", "nowhere.invalid"], "nowhere.invalid:8010: "),
        (["--host", "192.0.2.1", "--insecure"], "192.0.2.1:8010: Cannot assign requested address"),
    ],
)
def test_an_address_of_another_machine_is_refused_by_name(arguments, message, refused):
    status, said = refused(*arguments)
    assert (status, message in said) == (1, True)


def test_a_manifest_that_cannot_be_parsed_is_refused_with_its_place(refused):
    Path("agent.json").write_text("{")
    status, said = refused("--port", "0")
    assert (status, "agent.json:1:2: Expecting property name" in said) == (2, True)


@pytest.mark.parametrize("arguments", [["--port", "70000"], ["--port", "x"], ["--workers", "0"]])
def test_ports_and_workers_outside_their_range_are_refused(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["serve", *arguments])
    assert f"{arguments[1]!r}, expected a whole number from" in capsys.readouterr().err


def test_memory_does_not_grow_under_load(server):
    """The long form takes two hours for each interface."""
    seconds = faults_scale(0.5, 7_200.0)
    workers = server.workers()
    with Load(server, 2) as load:
        until(lambda: load.right >= 200)
        before, begun = raw.rss_of(workers), time.monotonic()
        while time.monotonic() - begun < seconds:
            time.sleep(0.1)
    grown = raw.rss_of(workers) - before
    assert server.workers() == workers
    print(f"\n{server.interface}: {load.right} answers, RSS {grown:+} KiB in {seconds:g} s")
    assert (load.wrong, load.failed) == ([], 0)
    assert grown <= 1_024 + 1_024 * seconds / 3_600
