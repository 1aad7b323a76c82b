"""``eventkit accelerate -- COMMAND``: every way to run an agent gives what it gives without.

A command on a small manifest is left to the agent. Where a test wants eventkit to answer, it asks
for ``--strict``, which proves the agent at once, or has a manifest of many sessions.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import venv

import pytest

from fixtures.known import write_hook
from fixtures.variants import AGENT, VARIANTS, Variant, copied
from server_process import BIN, asked, free_port, wait_for

PYTHON = sys.executable
# -E: what a test puts on the children's path is not for the command itself.
ACCELERATE = [PYTHON, "-E", "-m", "eventkit", "accelerate"]
LINE = re.compile(
    r"eventkit accelerate: (\d+) functions answered and (\d+) refused in (\d+) process(?:es)?;"
    r" (\d+) calls native, (\d+) fallen back; about \S+ s saved, net of what acceleration cost\n"
    r"(?:  (?:fallen back: \d+ x|refused: \S+:) .+\n)*"
)
WARNING = re.compile(r"eventkit leaves (\d+) of the agent's functions as they are")
FUNCTIONS = 7  # of `agent.py` that eventkit looks at
MANY = 25_000
NOTHING = dict.fromkeys(("answered", "refused", "processes", "native", "fallback"), 0)


@pytest.fixture(scope="module", autouse=True)
def _the_agent_is_known(tmp_path_factory):
    """The fixture agent is known in every Python that a test starts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(write_hook(tmp_path_factory.mktemp("known"))))
        yield


def enlarged(folder):
    """Give a copied agent so many sessions that importing the engine pays."""
    file = folder / "agent.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    few = manifest["sessions"]
    manifest["sessions"] = [
        {**few[n % len(few)], "id": f"s{n}", "title": f"Session {n}"} for n in range(MANY)
    ]
    file.write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def run(command, *, cwd=None, stdin="", **variables):
    environment = {**os.environ, **variables}
    return subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )


def outcome(done):
    return done.returncode, done.stdout, done.stderr


def reported(text):
    """The numbers of the report, and standard error without it."""
    found = LINE.search(text)
    assert found, text
    assert text.endswith(found[0])
    return dict(zip(NOTHING, map(int, found.groups()), strict=True)), text[: found.start()]


def both(command, *options, **settings):
    """Run plain and accelerated: the same in everything, and the report."""
    plain = run(command, **settings)
    fast = run([*ACCELERATE, *options, "--report", "--", *command], **settings)
    figures, rest = reported(fast.stderr)
    assert (fast.returncode, fast.stdout, rest) == outcome(plain)
    return figures


RECOMMEND = ("recommend", "--interests", "ai, data", "--top", "2")
PROGRAMS = {
    "imported": "import agent; print(agent.recommend(agent.load_manifest(), ['ai'], 2))",
    "through core": "import core, agent; print(core.recommend(agent.load_manifest(), ['ai'], 2))",
    "through importlib": "import importlib as i; a = i.import_module('agent');"
    " print(a.recommend(a.load_manifest(), ['ai'], 2))",
    "reloaded": "import agent, importlib as i; agent.recommend(agent.load_manifest(), ['ai'], 2);"
    " i.reload(agent); print(agent.recommend(agent.load_manifest(), ['ai'], 2))",
    "by runpy": "import runpy, sys; sys.argv = ['agent.py', 'recommend', '--interests', 'ai'];"
    " runpy.run_module('agent', run_name='__main__', alter_sys=True)",
}
WAYS = {
    "the script itself": [AGENT / "agent.py", *RECOMMEND],
    "its error": [AGENT / "agent.py", "explain", "--session", "nobody", "--interests", "ai"],
    "-m": ["-m", "agent", *RECOMMEND],
    "a script that imports it": [AGENT / "scripts" / "evaluate_profiles.py"],
    "a child": [AGENT / "scripts" / "export_itinerary.py", "ai, agents"],
    "a child of a child": [AGENT / "scripts" / "summarize_telemetry.py"],
    **{way: ["-c", program] for way, program in PROGRAMS.items()},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.slow
def test_ways_to_run_an_agent(way):
    figures = both([PYTHON, *WAYS[way]], "--strict", cwd=AGENT)
    assert figures["answered"] >= 1
    assert figures["refused"] == figures["fallback"] == 0
    assert figures["processes"] == (2 if way == "a child of a child" else 1)
    assert figures["native"] > 0


@pytest.mark.parametrize("way", ["the script itself", "-m", "a child of a child", "through core"])
@pytest.mark.slow
def test_a_small_manifest_is_left_to_the_agent(way):
    assert both([PYTHON, *WAYS[way]], cwd=AGENT) == NOTHING


LOADED = "; import sys; print([each for each in sys.modules if each.startswith('eventkit')])"


@pytest.mark.parametrize(
    ("options", "engine"), [([], False), (["--strict"], True)], ids=["short", "strict"]
)
def test_a_short_command_imports_no_engine(options, engine):
    command = [PYTHON, "-c", PROGRAMS["imported"] + LOADED]
    done = run([*ACCELERATE, *options, "--", *command], cwd=AGENT)
    assert done.returncode == 0, done.stderr
    assert ("'eventkit._eventkit'" in done.stdout) is engine
    assert ("'eventkit'" in done.stdout) is engine


def test_a_short_script_imports_no_engine():
    command = [PYTHON, "-X", "importtime", AGENT / "agent.py", *RECOMMEND]
    done = run([*ACCELERATE, "--", *command])
    assert done.returncode == 0
    assert "argparse" in done.stderr
    assert "_eventkit" not in done.stderr


@pytest.mark.parametrize("way", ["the script itself", "-m", "imported", "by runpy"])
@pytest.mark.slow
def test_many_sessions_are_answered_by_eventkit(tmp_path, way):
    """A script's functions are found by a look after a collection of garbage."""
    folder = enlarged(copied(tmp_path))
    words = [folder / "agent.py", *RECOMMEND] if way == "the script itself" else WAYS[way]
    figures = both([PYTHON, *words], cwd=folder)
    assert figures == {**NOTHING, "answered": 1, "processes": 1, "native": 1}


def test_a_script_without_an_agent_stays_plain():
    command = [PYTHON, AGENT / "scripts" / "generate_sessions_template.py", "1"]
    assert both(command, "--strict") == NOTHING


def test_a_collection_while_the_interpreter_ends_says_nothing(tmp_path):
    script = tmp_path / "agent.py"
    script.write_text(
        "import sys, types\n"
        "def score_session(): ...\n"
        "def recommend(): ...\n"
        "class Last:\n"
        "    def __del__(self):\n"
        "        [[] for _ in range(10_000)]\n"
        "sys.modules['kept'] = types.ModuleType('kept')\n"
        "sys.modules['kept'].last = Last()\n"
        "print('done')\n",
        encoding="utf-8",
    )
    assert outcome(run([*ACCELERATE, "--", PYTHON, script])) == (0, "done\n", "")


def test_a_shell_between():
    line = f"cd {AGENT} && '{PYTHON}' agent.py {' '.join(RECOMMEND[:1])}"
    assert both(["sh", "-c", line], "--strict")["native"] > 0


PREFORK = """
import multiprocessing, os, sys
import agent
manifest = agent.load_manifest()
def work(interests):
    return agent.recommend(manifest, interests, 2)["scoring"]
if __name__ == "__main__":
    early = work(["ai"]) if "early" in sys.argv else []
    for _ in range(2):
        child = os.fork()
        if not child:
            print(work(["data"]), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    for method in ("fork", "spawn"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            print(pool.map(work, [["ai"], ["data"], ["x"]]))
            print(pool.map(agent._normalize_interests, ["A;b"]))
"""


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.slow
def test_forks_and_pools(tmp_path, when):
    """Workers forked before and after a call, and spawned ones; functions pickle."""
    folder = copied(tmp_path)
    (folder / "prefork.py").write_text(PREFORK, encoding="utf-8")
    figures = both([PYTHON, folder / "prefork.py", when], "--strict")
    # Two forked workers, and a pool of each kind with three recommendations.
    assert figures["native"] == (1 if when == "early" else 0) + 2 + 2 * 3
    assert figures["fallback"] == 0


@pytest.mark.parametrize("when", ["early", "late"])
@pytest.mark.slow
def test_forks_and_pools_with_many_sessions(tmp_path, when):
    """The agent wakes before the forks, or in each worker by itself."""
    folder = enlarged(copied(tmp_path))
    (folder / "prefork.py").write_text(PREFORK, encoding="utf-8")
    figures = both([PYTHON, folder / "prefork.py", when])
    recommendations = (1 if when == "early" else 0) + 2 + 2 * 3
    assert figures["native"] >= recommendations
    assert figures["fallback"] == 0


PYTESTS = """
import agent, core

def test_plain():
    assert agent.recommend(agent.load_manifest(), ["ai"], 1)["conflicts"] == 0

def test_monkeypatch(monkeypatch):
    own = agent.score_session
    monkeypatch.setattr(agent, "score_session", lambda *a: {**own(*a), "score": 7})
    rows = core.recommend(agent.load_manifest(), ["ai"], 2)["scoring"]
    assert [row["score"] for row in rows] == [7, 7]
"""


@pytest.mark.parametrize("order", ["test_plain test_monkeypatch", "test_monkeypatch test_plain"])
@pytest.mark.slow
def test_pytest(tmp_path, order):
    """A test that replaces a function sees it used, before eventkit has answered and after."""
    folder = copied(tmp_path)
    (folder / "test_it.py").write_text(PYTESTS, encoding="utf-8")
    chosen = [f"test_it.py::{name}" for name in order.split()]
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *chosen]
    fast = run([*ACCELERATE, "--strict", "--report", "--", *command], cwd=folder)
    figures, rest = reported(fast.stderr)
    assert (fast.returncode, rest) == (0, ""), fast.stdout
    assert "2 passed" in fast.stdout
    assert figures["native"] > 0
    assert figures["fallback"] > 0
    assert "x a function or constant was replaced\n" in fast.stderr


def test_a_server_that_is_ended_by_a_signal():
    script = [PYTHON, str(AGENT / "agent.py"), "serve"]
    command = [*ACCELERATE, "--strict", "--report", "--", *script]
    with (
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server,
        contextlib.ExitStack() as stack,
    ):
        # Where an assertion fails, leaving the block would wait for the server for ever.
        stack.callback(server.terminate)
        assert server.stdout is not None
        port = int(server.stdout.readline())
        for _ in range(3):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/recommend?interests=ai&top=1")
            answer = json.load(connection.getresponse())
            connection.close()
            assert [each["id"] for each in answer["sessions"]] == ["a"]
        server.send_signal(signal.SIGTERM)
        _, stderr = server.communicate(timeout=60)
    assert server.returncode == -signal.SIGTERM
    figures, rest = reported(stderr)
    assert rest == ""
    assert figures["native"] == 3


WSGI = '''

def create_wsgi_app():
    """Answer each request with the ranking and the worker that made it."""

    def app(environ, start_response):
        import os

        start_response("200 OK", [("Content-Type", "application/json")])
        answer = recommend(load_manifest(), ["ai", "data"], 3)
        return [json.dumps({"pid": os.getpid(), **answer}).encode()]

    return app
'''


@pytest.mark.once
@pytest.mark.parametrize("options", [[], ["--strict"]], ids=["many sessions", "strict"])
def test_gunicorn_with_the_guides_wsgi_module(tmp_path, options):
    """Each worker that answered is in the report, with all of its calls native."""
    folder = copied(tmp_path)
    if not options:
        enlarged(folder)
    with (folder / "agent.py").open("a", encoding="utf-8") as file:
        file.write(WSGI)
    (folder / "wsgi.py").write_text("from agent import create_wsgi_app\napp = create_wsgi_app()\n")
    recommend = "import agent, json; print(json.dumps(agent.recommend("
    recommend += "agent.load_manifest(), ['ai', 'data'], 3)))"
    wanted = json.loads(run([PYTHON, "-c", recommend], cwd=folder).stdout)

    port = free_port()
    served = [BIN / "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "wsgi:app"]
    command = [*ACCELERATE, *options, "--report", "--", *map(str, served)]
    pids = []
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, stderr=log) as server,
        contextlib.ExitStack() as stack,
    ):
        stack.callback(server.terminate)
        wait_for(lambda: asked(port, "GET", "/")[0] == 200, server)
        for _ in range(8):
            status, _headers, body = asked(port, "GET", "/")
            answer = json.loads(body)
            pids.append(answer.pop("pid"))
            assert (status, answer) == (200, wanted)
        server.terminate()
        assert server.wait(60) == 0
    figures = reported((folder / "log").read_text())[0]
    assert figures["native"] > len(pids)
    assert figures["processes"] >= len(set(pids))
    assert figures["fallback"] == figures["refused"] == 0


# -- what passes through -------------------------------------------------------------------------

ECHO = "import sys; print(sys.argv[1:], sys.stdin.read()); print('e', file=sys.stderr); sys.exit(7)"


@pytest.mark.parametrize("options", [[], ["--report"]], ids=["exec", "report"])
def test_arguments_streams_and_status(options):
    command = [PYTHON, "-c", ECHO, "--report", "--", "-x", "a b", ""]
    plain = run(command, stdin="input")
    fast = run([*ACCELERATE, *options, "--", *command], stdin="input")
    stderr = reported(fast.stderr)[1] if options else fast.stderr
    assert (fast.returncode, fast.stdout, stderr) == outcome(plain)
    assert fast.returncode == 7


@pytest.mark.parametrize("options", [[], ["--report"]], ids=["exec", "report"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGPIPE, signal.SIGINT])
def test_a_command_that_dies_of_a_signal(options, number):
    done = run([*ACCELERATE, *options, "--", "sh", "-c", f"kill -{int(number)} $$"])
    assert done.returncode == -number


def test_a_signal_for_the_command_reaches_it():
    # Not `signal.pause()`: it would wait for ever for a signal that comes just before it.
    code = "import signal, time; signal.signal(signal.SIGUSR1, lambda *_: exit(9))\n"
    code += "print('ready', flush=True)\nfor _ in range(1200): time.sleep(0.05)"
    command = [*ACCELERATE, "--report", "--", PYTHON, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            child.send_signal(signal.SIGUSR1)
            child.communicate(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 9


def test_a_pipe_closes_as_it_does_without():
    """Python ignores SIGPIPE; a command that it becomes must not."""
    done = run(["sh", "-c", f"{' '.join(ACCELERATE)} -- yes | head -n 1"])
    assert outcome(done) == (0, "y\n", "")


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["--", "no-such-command"], 127, "eventkit: no-such-command: command not found\n"),
        (["--", "/"], 126, "eventkit: /: Permission denied\n"),
        (["--report", "--", "no-such-command"], 127, "no-such-command: command not found\n"),
        ([], 2, "no command"),
        (["--shadow", "7", "--", "true"], 2, "a share of calls"),
    ],
)
def test_what_cannot_be_run(words, status, text):
    done = run([*ACCELERATE, *words])
    assert done.returncode == status
    assert text in done.stderr


# -- other interpreters --------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["-S", "-I", "-E"])
def test_an_isolated_interpreter_stays_plain_quietly(flag):
    figures = both([PYTHON, flag, AGENT / "agent.py", *RECOMMEND], "--strict")
    assert figures["native"] == figures["answered"] == 0


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment without eventkit."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.mark.parametrize("way", ["the script itself", "-m", "a child of a child"])
def test_an_environment_without_eventkit_stays_plain_quietly(bare, way):
    figures = both([bare, *WAYS[way]], "--strict", cwd=AGENT, PYTHONPATH="")
    assert figures["native"] == figures["answered"] == 0


def test_another_package_of_that_name_stays_plain_quietly(bare, tmp_path):
    (tmp_path / "eventkit.py").write_text("class Event: pass\n")
    command = [bare, AGENT / "agent.py", *RECOMMEND]
    figures = both(command, "--strict", PYTHONPATH=str(tmp_path))
    assert figures["native"] == figures["answered"] == 0


# -- other start-up hooks, and the switch --------------------------------------------------------


@pytest.mark.parametrize(
    "theirs", ["print('theirs ran', __name__)", "1 / 0", "import nothing_there"]
)
def test_an_existing_sitecustomize_still_runs(tmp_path, theirs):
    with (write_hook(tmp_path) / "sitecustomize.py").open("a", encoding="utf-8") as file:
        file.write(theirs + "\n")
    command = [PYTHON, AGENT / "agent.py", *RECOMMEND]
    figures = both(command, "--strict", PYTHONPATH=str(tmp_path))
    assert figures["native"] > 0


STATE = (
    "import sys, os; print(sys.path, sorted(sys.modules.keys() & {'sitecustomize', 'eventkit'}),"
    " repr(__name__), type(__spec__), [type(f).__name__ for f in sys.path_hooks])"
)


def test_nothing_shows_in_a_program_that_has_no_agent():
    both([PYTHON, "-c", STATE])


SCRIPT = """
import dataclasses, pickle, sys, traceback
@dataclasses.dataclass
class Point:
    x: int
def function(): pass
early = pickle.dumps(Point(1))
print(__name__, Point.__module__, function.__module__, Point, pickle.loads(early))
if not __name__ != "__main__":
    print(type(__name__), type(Point.__module__), type(function.__module__), __spec__)
    traceback.print_stack()
    raise ValueError("as it is")
"""


def test_nothing_shows_in_a_script(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    both([PYTHON, tmp_path / "script.py"])


@pytest.mark.parametrize("many", [False, True], ids=["strict", "many sessions"])
@pytest.mark.slow
def test_the_name_of_a_script_is_a_plain_text(tmp_path, many):
    """Also of one that is accelerated."""
    guard = 'if __name__ == "__main__":\n'
    shown = f"{guard}    print(sys.intern(__name__) == '__main__', type(__name__) is str)\n"
    folder = copied(tmp_path, Variant("", "agent.py", guard, shown, frozenset()))
    command = [PYTHON, (enlarged(folder) if many else folder) / "agent.py", *RECOMMEND]
    assert run(command).stdout.startswith("True True\n")
    assert both(command, *([] if many else ["--strict"]))["answered"] == 1


@pytest.mark.parametrize("call", ["plain", "at the end of the stack"])
@pytest.mark.slow
def test_an_agent_that_looks_at_its_caller_sees_it(tmp_path, call):
    """And one that is called where the engine cannot be imported any more answers for itself."""
    weights, asked = '    w = manifest["weights"]\n    scored', "answer = recommend(manifest"
    shown = "    print(sys._getframe(1).f_code.co_name)\n"
    if call == "plain":
        change = Variant("", "agent.py", weights, shown + weights, frozenset())
    else:
        change = Variant(
            "", "agent.py", asked, f"sys.setrecursionlimit(60)\n        {asked}", frozenset()
        )
    folder = enlarged(copied(tmp_path, change))
    assert both([PYTHON, folder / "agent.py", *RECOMMEND]) == NOTHING


def test_the_environment_turns_it_off():
    command = [PYTHON, AGENT / "agent.py", *RECOMMEND]
    plain = run(command)
    fast = [*ACCELERATE, "--strict", "--report", "--", *command]
    assert outcome(run(fast, EVENTKIT_DISABLE="1")) == outcome(plain)
    inside = f"EVENTKIT_DISABLE=1 '{PYTHON}' '{AGENT / 'agent.py'}' recommend"
    assert both(["sh", "-c", inside], "--strict") == NOTHING


# -- a report that cannot be written -------------------------------------------------------------


def test_a_full_disk_costs_the_report_but_not_the_command():
    """A limit on the size of files does what a full disk does: each write to a file fails."""
    line = f"ulimit -f 0; exec '{PYTHON}' '{AGENT / 'agent.py'}' recommend --interests ai"
    assert both(["sh", "-c", line], "--strict") == NOTHING


def test_without_a_place_for_the_report_the_command_runs():
    command = [PYTHON, str(AGENT / "agent.py"), *RECOMMEND]
    plain = run(command)
    fast = run(["sh", "-c", 'ulimit -f 0; exec "$@"', "-", *ACCELERATE, "--report", "--", *command])
    assert (fast.returncode, fast.stdout) == (plain.returncode, plain.stdout)
    assert fast.stderr.startswith("eventkit: no report: ")
    assert fast.stderr.count("\n") == 1


def test_a_command_that_removes_the_report():
    line = 'rm -r "$EVENTKIT_ACCELERATE_REPORT"; exit 3'
    done = run([*ACCELERATE, "--report", "--", "sh", "-c", line])
    assert done.returncode == 3
    assert reported(done.stderr) == (NOTHING, "")


# -- an agent that was changed -------------------------------------------------------------------


@pytest.mark.slow
def test_a_changed_agent_answers_as_before_and_is_warned_about(tmp_path):
    command = [PYTHON, enlarged(copied(tmp_path, VARIANTS[0])) / "agent.py", *RECOMMEND]
    plain = run(command)
    for options in ([], ["-W", "error"]):
        fast = run([*ACCELERATE, "--report", "--", PYTHON, *options, *command[1:]])
        assert (fast.returncode, fast.stdout) == (plain.returncode, plain.stdout)
        assert len(WARNING.findall(fast.stderr)) == 1
        assert "Traceback" not in fast.stderr
        figures = reported(fast.stderr)[0]
        assert figures["refused"] == 3  # scoring, and what scores
        assert re.search(r"\n  refused: \S+score_session: agent.py:\d+: .*sponsor", fast.stderr)


@pytest.mark.parametrize("way", ["the script itself", "imported"])
def test_strict_fails(tmp_path, way):
    folder = copied(tmp_path, VARIANTS[0])
    words = [folder / "agent.py", *RECOMMEND] if way == "the script itself" else WAYS[way]
    done = run([*ACCELERATE, "--strict", "--", PYTHON, *words], cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "AccelerationError" in done.stderr


THREAD = """
if __name__ == "__main__":
    import threading
    answers = []
    work = threading.Thread(target=lambda: answers.append(recommend(load_manifest(), ["ai"], 2)))
    work.start()
    work.join()
    print(len(answers))
"""


@pytest.mark.parametrize("variant", [None, VARIANTS[0]], ids=["known", "changed"])
def test_strict_sees_a_first_call_in_a_thread(tmp_path, variant):
    script = copied(tmp_path, variant) / "agent.py"
    text = script.read_text(encoding="utf-8")
    script.write_text(text.partition('if __name__ == "__main__"')[0] + THREAD, encoding="utf-8")
    done = run([*ACCELERATE, "--strict", "--report", "--", PYTHON, script])
    assert done.stdout == ("1\n" if variant is None else "0\n")
    assert ("AccelerationError" in done.stderr) is (variant is not None)
    if variant is None:
        assert reported(done.stderr)[0]["refused"] == 0


def test_shadow_reaches_the_children():
    command = [PYTHON, "-c", PROGRAMS["imported"] + "; import eventkit;"
               " print(eventkit.accelerate(agent).checked)"]  # fmt: skip
    done = run([*ACCELERATE, "--strict", "--shadow", "1", "--", *command], cwd=AGENT)
    assert done.stdout.splitlines()[-1] == "1", done.stderr


# An edit that changes no answer, and that eventkit does not know all the same.
SAME = Variant(
    "a list made of a generator",
    "agent.py",
    '[row["session"] for row in best]',
    'list(row["session"] for row in best)',
    frozenset(["agent.recommend"]),
)


@pytest.mark.slow
def test_trust_reaches_the_children(tmp_path):
    folder = copied(tmp_path, SAME)
    command = [PYTHON, "-c", PROGRAMS["imported"]]
    refused = run([*ACCELERATE, "--strict", "--", *command], cwd=folder)
    assert (refused.returncode, refused.stdout) == (1, "")
    options = ["--strict", "--trust", "recommend"]
    figures = both(command, *options, cwd=folder)
    assert (figures["answered"], figures["refused"], figures["fallback"]) == (0, 0, 1)
    fast = run([*ACCELERATE, *options, "--report", "--", *command], cwd=folder)
    assert "  fallen back: 1 x a trusted function that is compared\n" in fast.stderr


# -- only looking --------------------------------------------------------------------------------


def check(*words, cwd):
    # Without -E: it is this very process that has to know the fixture agent.
    return run([PYTHON, "-m", "eventkit", "accelerate", "--check", *words], cwd=cwd)


@pytest.mark.parametrize(
    "words",
    [[], ["--", "python", "agent.py", "recommend"], ["--", "python", "-m", "agent"]],
    ids=["nothing", "script", "module"],
)
def test_check_knows_the_agent(words):
    done = check(*words, cwd=AGENT)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert "agent.recommend: known" in lines
    assert len(lines) == FUNCTIONS
    assert all(": known" in line for line in lines)


def test_check_names_the_first_difference(tmp_path):
    folder = copied(tmp_path, VARIANTS[0])
    text = (folder / "agent.py").read_text(encoding="utf-8")
    line = text[: text.index("sponsor")].count("\n") + 1
    done = check("--", "python", "agent.py", cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert "agent._normalize_interests: known, its own code is as fast\n" in done.stdout
    assert f"agent.score_session: not known: agent.py:{line}: " in done.stdout
    assert "it calls score_session, which is not known" in done.stdout


def test_check_of_a_trusted_function(tmp_path):
    folder = copied(tmp_path, SAME)
    assert check(cwd=folder).returncode == 1
    done = check("--trust", "recommend", cwd=folder)
    assert done.returncode == 0
    assert "agent.recommend: trusted by you, not known\n" in done.stdout


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--", "python", "nothing.py"], "no agent to check"),
        (["--", "python", "broken.py"], "cannot import broken.py: ZeroDivisionError"),
        (["--", "python", "leaves.py"], "cannot import leaves.py: SystemExit"),
        (["--", "python", "plain.py"], ""),
        (["--trust", "nobody"], "'nobody' is none of"),
    ],
)
def test_what_cannot_be_checked(tmp_path, words, text):
    programs = {"broken": "1 / 0", "leaves": "import sys; sys.exit(0)", "plain": "x = 1"}
    for name, program in programs.items():
        (tmp_path / f"{name}.py").write_text(program + "\n", encoding="utf-8")
    done = check(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert text in done.stderr
