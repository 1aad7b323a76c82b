"""The command ``eventkit`` is a shell script, which becomes an accelerated command at once.

Here it stands in a made-up installation, whose entry point in Python says that it was called.
"""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "wheel" / "scripts" / "eventkit"
SHOW = [sys.executable, "-ISc", "import os; print(sorted(os.environb.items()))"]
OURS = {b"PYTHONPATH", b"EVENTKIT_ACCELERATE"}
PATH = {"PATH": os.environ["PATH"]}

if not SCRIPT.is_file():
    pytest.skip("the checkout's script is not beside the tests", allow_module_level=True)


class Installation:
    """A prefix with the script, a stub of the entry point, and the package or a path to it."""

    def __init__(self, prefix: Path, *, editable: bool = False, version: str = "3.11") -> None:
        self.command = prefix / "bin" / "eventkit"
        self.command.parent.mkdir(parents=True)
        shutil.copy(SCRIPT, self.command)
        stub = self.command.with_name("eventkit-python")
        stub.write_text('#!/bin/sh\necho called; for word; do echo "$word"; done\n')
        stub.chmod(0o755)
        self.packages = prefix / "lib" / f"python{version}" / "site-packages"
        source = prefix / "source" if editable else self.packages
        self.hook = source / "eventkit" / "accelerate" / "startup"
        self.hook.mkdir(parents=True)
        (self.hook / "sitecustomize.py").touch()
        if editable:
            self.packages.mkdir(parents=True)
            (self.packages / "eventkit_recommender.pth").write_text(f"{source}\n")

    def run(self, *words: str, command: str | Path | None = None, **settings):
        settings = {"env": PATH, "cwd": "/", "timeout": 60} | settings
        done = subprocess.run(
            [command or self.command, *words], capture_output=True, text=True, **settings
        )
        assert done.stderr == ""
        return done.stdout

    def reaches_python(self, *words: str, **settings) -> bool:
        """Run; return true if the entry point in Python got the very same words."""
        return self.run(*words, **settings).splitlines() == ["called", *words]

    def hook_of_a_command(self, **settings) -> str | None:
        """Run a command; return what its Python path begins with, `None` if it was not reached."""
        output = self.run("accelerate", "--", "env", **settings)
        lines = dict(line.partition("=")[::2] for line in output.splitlines())
        assert lines.get("EVENTKIT_ACCELERATE", "on") == "on"
        return lines.get("PYTHONPATH")


@pytest.fixture
def installation(tmp_path):
    return Installation(tmp_path / "installed")


@pytest.mark.parametrize("name", ["plain", "with a blank", "with'quote", "größer"])
@pytest.mark.parametrize("editable", [False, True])
def test_the_hook_is_found_beside_the_script(tmp_path, name, editable):
    made = Installation(tmp_path / name, editable=editable)
    assert made.hook_of_a_command() == str(made.hook)
    before = made.hook_of_a_command(env={**PATH, "PYTHONPATH": "/else:/where"})
    assert before == f"{made.hook}:/else:/where"


def test_the_script_may_be_called_by_links_and_relative_paths(installation, tmp_path):
    (tmp_path / "one").symlink_to(installation.command)
    (tmp_path / "two").symlink_to("one")
    settings = {"env": {**PATH, "PWD": str(tmp_path)}, "cwd": tmp_path}
    for place in ("./two", "installed/bin/eventkit"):
        assert installation.hook_of_a_command(command=place, **settings) == str(installation.hook)
    (tmp_path / "bin").symlink_to(installation.command.parent)
    # Its prefix would have to be looked for: Python does.
    words = ("accelerate", "--", "env")
    assert installation.reaches_python(*words, command="bin/eventkit", **settings)


def test_the_words_of_the_command_stay_as_they_are(installation):
    words = ["", "a b", "*", "$HOME", "'", '"', "--", "\\", "ü\n"]
    program = "import sys; print(sys.argv[1:])"
    output = installation.run("accelerate", "--", sys.executable, "-c", program, *words)
    assert ast.literal_eval(output) == words


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["recommend", "--interests", "a b", "", "*"],
        ["accelerate"],
        ["accelerate", "--"],
        ["accelerate", "--report", "--", "env"],
        ["accelerate", "--check", "--", "env"],
        ["accelerate", "env"],
        ["accelerate", "--", "no-such-command"],
        ["accelerate", "--", "/etc/passwd"],
    ],
    ids=shlex.join,
)
def test_other_forms_go_to_python(installation, words):
    assert installation.reaches_python(*words)


def test_what_is_not_known_for_sure_goes_to_python(installation, tmp_path):
    words = ("accelerate", "--", "env")
    assert installation.reaches_python(*words, env={**PATH, "EVENTKIT_DISABLE": "1"})
    assert not installation.reaches_python(*words)
    other = installation.packages.parent.with_name("python3.12") / "site-packages" / "eventkit"
    other.mkdir(parents=True)
    assert installation.reaches_python(*words)
    other.rmdir()
    (installation.hook / "sitecustomize.py").unlink()
    assert installation.reaches_python(*words)


ENVIRONMENTS = {
    "nearly empty": {},
    "a wrong PWD": {"PWD": "/tmp"},
    "an empty PWD": {"PWD": ""},
    "what shells count": {"SHLVL": "3", "_": "/bin/other", "OLDPWD": "/nowhere"},
    "what shells read": {"ENV": "/x", "BASH_ENV": "/x", "CDPATH": "/", "POSIXLY_CORRECT": "1"},
    "a locale that is not there": {"LC_ALL": "xx_YY", "LANG": "zz"},
    "no name of a variable": {"a.b": "1", "q-r": "x\ny", "BASH_FUNC_f%%": "() { :; }", "1": "2"},
    "variables of the shell": {"IFS": "x", "PPID": "1", "OPTIND": "7", "LINENO": "3"},
    "lines that look like a variable": {"A": "x\nPWD=/tmp\nB=y", "C": "\n=\n"},
    "the script's own variables": {"place": "1", "hook": "2", "given": "3", "entry": "4"},
}


def environment(command: list[object], variables: dict[str, str]) -> dict[bytes, bytes]:
    done = subprocess.run(
        command, env={**PATH, **variables}, cwd="/", capture_output=True, timeout=60, check=True
    )
    assert done.stderr == b""
    return dict(ast.literal_eval(done.stdout.decode()))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_command_gets_the_environment_as_it_is(installation, name):
    program = "import sys; from eventkit.cli import main; sys.exit(main())"
    entry_point = installation.command.with_name("eventkit-python")
    entry_point.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c "{program}" "$@"\n')
    plain = environment(SHOW, ENVIRONMENTS[name])
    for options in ([], ["--strict"]):
        command = [installation.command, "accelerate", *options, "--", *SHOW]
        fast = environment(command, ENVIRONMENTS[name])
        assert {key: fast[key] for key in fast if key not in OURS} == plain
        assert fast.keys() - plain.keys() == OURS


@pytest.mark.once
def test_the_installed_command_starts_no_python_first():
    command = Path(sys.executable).with_name("eventkit")
    if not command.is_file() or not command.with_name("eventkit-python").is_file():
        if os.environ.get("CI") or os.environ.get("EVENTKIT_TEST_INSTALLED"):
            pytest.fail(f"{command} or eventkit-python beside it is not installed")
        pytest.skip("the checkout is on the path, not installed (make build)")
    assert command.read_bytes() == SCRIPT.read_bytes()
    # With this a Python writes on standard error, unless -I keeps it from looking.
    loud = {"PYTHONPROFILEIMPORTTIME": "1"}
    made = environment([command, "accelerate", "--", *SHOW], loud)
    assert made.keys() - environment(SHOW, loud).keys() == OURS
    hook = Path(os.fsdecode(made[b"PYTHONPATH"])) / "sitecustomize.py"
    assert hook.is_file()
