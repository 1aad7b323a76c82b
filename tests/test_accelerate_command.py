"""``eventkit accelerate -- COMMAND``: every way to run an agent gives what it gives without."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import venv

import pytest

from fixtures.variants import AGENT, VARIANTS, copied

PYTHON = sys.executable
# -E: what a test puts on the children's path is not for the command itself.
ACCELERATE = [PYTHON, "-E", "-m", "eventkit", "accelerate"]
LINE = re.compile(
    r"eventkit accelerate: (\d+) functions replaced and (\d+) refused in (\d+) process(?:es)?;"
    r" (\d+) calls native, (\d+) fallen back; about \S+ s saved\n"
)
WARNINGS = "eventkit leaves a function of the agent as it is"


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
    """The numbers of the report, and standard error without its line."""
    found = LINE.search(text)
    assert found, text
    assert text.endswith(found[0])
    names = ("replaced", "refused", "processes", "native", "fallback")
    return dict(zip(names, map(int, found.groups()), strict=True)), text[: found.start()]


def both(command, **options):
    """Run plain and accelerated: the same in everything, and the report."""
    plain = run(command, **options)
    fast = run([*ACCELERATE, "--report", "--", *command], **options)
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
def test_ways_to_run_an_agent(way):
    figures = both([PYTHON, *WAYS[way]], cwd=AGENT)
    assert figures["native"] > 0
    assert figures["refused"] == 0
    assert figures["processes"] == (2 if way == "a child of a child" else 1)


def test_a_script_without_an_agent_stays_plain():
    command = [PYTHON, AGENT / "scripts" / "generate_sessions_template.py", "1"]
    assert both(command) == dict.fromkeys(
        ("replaced", "refused", "processes", "native", "fallback"), 0
    )


def test_a_shell_between():
    figures = both(["sh", "-c", f"cd {AGENT} && '{PYTHON}' agent.py {' '.join(RECOMMEND[:1])}"])
    assert figures["native"] > 0


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
def test_forks_and_pools(tmp_path, when):
    """Workers forked before and after the agent is awake, and spawned ones; functions pickle."""
    folder = copied(tmp_path)
    (folder / "prefork.py").write_text(PREFORK, encoding="utf-8")
    figures = both([PYTHON, folder / "prefork.py", when])
    # Two forked workers, and a pool of each kind with four calls; each call of `work` counts one.
    assert figures["native"] == (1 if when == "early" else 0) + 2 + 2 * 4
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
def test_pytest(tmp_path, order):
    """A test that replaces a function sees it used, before anything was compared and after."""
    folder = copied(tmp_path)
    (folder / "test_it.py").write_text(PYTESTS, encoding="utf-8")
    chosen = [f"test_it.py::{name}" for name in order.split()]
    command = [PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", *chosen]
    fast = run([*ACCELERATE, "--report", "--", *command], cwd=folder)
    figures, rest = reported(fast.stderr)
    assert (fast.returncode, rest) == (0, ""), fast.stdout
    assert "2 passed" in fast.stdout
    assert figures["native"] > 0


def test_a_server_that_is_ended_by_a_signal():
    command = [*ACCELERATE, "--report", "--", PYTHON, str(AGENT / "agent.py"), "serve"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
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
    assert figures["native"] == 6  # three recommendations and three lists of interests


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
    code = "import signal; signal.signal(signal.SIGUSR1, lambda *_: exit(9));"
    code += " print('ready', flush=True); signal.pause()"
    command = [*ACCELERATE, "--report", "--", PYTHON, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGUSR1)
        child.communicate(timeout=60)
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
    figures = both([PYTHON, flag, AGENT / "agent.py", *RECOMMEND])
    assert figures["native"] == figures["replaced"] == 0


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """An environment without eventkit."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.mark.parametrize("way", ["the script itself", "-m", "a child of a child"])
def test_an_environment_without_eventkit_stays_plain_quietly(bare, way):
    figures = both([bare, *WAYS[way]], cwd=AGENT, PYTHONPATH="")
    assert figures["native"] == figures["replaced"] == 0


def test_another_package_of_that_name_stays_plain_quietly(bare, tmp_path):
    (tmp_path / "eventkit.py").write_text("class Event: pass\n")
    figures = both([bare, AGENT / "agent.py", *RECOMMEND], PYTHONPATH=str(tmp_path))
    assert figures["native"] == figures["replaced"] == 0


# -- other start-up hooks, and the switch --------------------------------------------------------


@pytest.mark.parametrize(
    "theirs", ["print('theirs ran', __name__)", "1 / 0", "import nothing_there"]
)
def test_an_existing_sitecustomize_still_runs(tmp_path, theirs):
    (tmp_path / "sitecustomize.py").write_text(theirs + "\n")
    figures = both([PYTHON, AGENT / "agent.py", *RECOMMEND], PYTHONPATH=str(tmp_path))
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


def test_the_environment_turns_it_off():
    command = [PYTHON, AGENT / "agent.py", *RECOMMEND]
    plain = run(command)
    assert outcome(run([*ACCELERATE, "--report", "--", *command], EVENTKIT_DISABLE="1")) == outcome(
        plain
    )
    inside = f"EVENTKIT_DISABLE=1 '{PYTHON}' '{AGENT / 'agent.py'}' recommend"
    assert both(["sh", "-c", inside])["native"] == 0


# -- an agent that was changed -------------------------------------------------------------------


def test_a_changed_agent_answers_as_before_and_is_warned_about(tmp_path):
    command = [PYTHON, copied(tmp_path, VARIANTS[0]) / "agent.py", *RECOMMEND]
    plain = run(command)
    for options in ([], ["-W", "error"]):
        fast = run([*ACCELERATE, "--", PYTHON, *options, *command[1:]])
        assert (fast.returncode, fast.stdout) == (plain.returncode, plain.stdout)
        assert WARNINGS in fast.stderr
        assert "Traceback" not in fast.stderr


@pytest.mark.parametrize("way", ["the script itself", "imported"])
def test_strict_fails(tmp_path, way):
    folder = copied(tmp_path, VARIANTS[0])
    words = [folder / "agent.py", *RECOMMEND] if way == "the script itself" else WAYS[way]
    done = run([*ACCELERATE, "--strict", "--", PYTHON, *words], cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "AccelerationError" in done.stderr


def test_shadow_reaches_the_children():
    command = [PYTHON, "-c", PROGRAMS["imported"] + "; import eventkit;"
               " print(eventkit.accelerate(agent).checked)"]  # fmt: skip
    done = run([*ACCELERATE, "--shadow", "1", "--", *command], cwd=AGENT)
    assert done.stdout.splitlines()[-1] == "1", done.stderr
