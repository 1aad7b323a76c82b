"""Completion in the real shells: keys are pressed at a terminal, and the words that result printed.

The shells run a function `eventkit` that prints its arguments in angle brackets, and asks the
installed program only for completions. So the tests see what a command would have been given.
"""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eventkit.cli.completion import SHELLS
from eventkit.cli.completion.candidates import candidates
from eventkit.cli.parser import build_parser
from eventkit.manifest import SAMPLE_MANIFEST_PATH, load_manifest

pytestmark = pytest.mark.once

EVIL = "Talk $(touch pwned) `touch pwned`; \"quoted\" 'single'"
TITLES = ["Opening: What Works", "Keynote", EVIL]
TAB, ENTER = "\t", "\r"
FUNCTION = """
eventkit() {{
  if [ "$1" = completion ]; then {program} -m eventkit "$@"
  else printf '<%s>' "$@"; printf 'END\\n'; fi
}}
"""
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a manifest whose titles are hard to quote."""
    monkeypatch.chdir(tmp_path)
    sample = load_manifest(SAMPLE_MANIFEST_PATH)
    sessions = [{"title": title, "tags": ["AI", "web security"]} for title in TITLES]
    (tmp_path / "agent.json").write_text(json.dumps(sample | {"sessions": sessions}))
    (tmp_path / "two.json").write_text("[]")
    return tmp_path


def needs(shell: str) -> None:
    if shutil.which(shell) is None:
        assert os.environ.get("CI") != "true", f"{shell} is not installed"
        pytest.skip(f"needs {shell}")


class Terminal:
    """A shell at a terminal of its own."""

    def __init__(self, shell: str) -> None:
        process, self._keys = pty.fork()
        if process == 0:
            os.environ.update(TERM="dumb", PS1="$ ", COLUMNS="300")
            os.execvp(START[shell][0], START[shell])
        self._process = process
        self._read = ""
        setup = FUNCTION.format(program=sys.executable)
        if shell == "zsh":
            setup += "autoload -U compinit; compinit -D; unsetopt zle_bracketed_paste\n"
        script = Path(f"setup.{shell}")
        script.write_text(f'{setup}\neval "$(eventkit completion {shell})"\n')
        self.press(f". ./{script}; echo READY{ENTER}", until="\nREADY")

    def press(self, keys: str, until: str) -> str:
        """Press keys, and return what was printed until a text appears."""
        os.write(self._keys, keys.encode())
        end, read = time.monotonic() + 30, ""
        while until not in read.replace("\r", ""):
            assert time.monotonic() < end, f"no {until!r} in {read!r}"
            if select.select([self._keys], [], [], 1)[0]:
                read += os.read(self._keys, 65536).decode("utf-8", "replace")
        return read.replace("\r", "")

    def close(self) -> None:
        os.close(self._keys)
        os.waitpid(self._process, 0)


CASES = [
    (f"eventkit recom{TAB}", "<recommend>"),
    (f"eventkit recommend --understa{TAB}", "<recommend><--understand>"),
    (f"eventkit recommend --source=g{TAB}", "<recommend><--source=graph>"),
    (f"eventkit recommend --interest we{TAB}", "<recommend><--interest><web security>"),
    (
        f'eventkit recommend --interests "ai, we{TAB}CLOSE',
        "<recommend><--interests><ai, web security>",
    ),
    (f"eventkit explain --session Op{TAB}", "<explain><--session><Opening: What Works>"),
    (f"eventkit explain --session Opening:\\ Wh{TAB}", "<explain><--session><Opening: What Works>"),
    (f"eventkit explain --session Ta{TAB}", f"<explain><--session><{EVIL}>"),
    (f"eventkit explain --session 'Ta{TAB}", f"<explain><--session><{EVIL}>"),
    (f'eventkit explain --session "Ta{TAB}', f"<explain><--session><{EVIL}>"),
    (f"eventkit telemetry ro{TAB}", "<telemetry><rotate>"),
    (f"eventkit validate two{TAB}", "<validate><two.json>"),
]


@pytest.mark.parametrize("shell", START)
def test_the_words_that_a_command_gets(here: Path, shell: str) -> None:
    needs(shell)
    terminal = Terminal(shell)
    found = {}
    # bash closes the quote after the only candidate; zsh leaves it open, for a list goes on.
    closing = "" if shell == "bash" else '"'
    for keys, _ in CASES:
        printed = terminal.press(keys.replace("CLOSE", closing) + ENTER, until=">END")
        found[keys] = printed.rpartition(">END")[0].rpartition("\n")[2] + ">"
    terminal.close()
    assert found == dict(CASES)
    assert not (here / "pwned").exists()


FISH = [
    ("eventkit recom", ["recommend"]),
    ("eventkit recommend --interest we", ["web security"]),
    ('eventkit recommend --interests "ai, we', ["ai, web security"]),
    ("eventkit explain --session Op", ["Opening: What Works"]),
    ("eventkit explain --session Ta", [EVIL]),
    ("eventkit validate two", ["two.json"]),
]


def test_what_fish_offers(here: Path) -> None:
    needs("fish")
    (here / "eventkit").write_text(f'#!/bin/sh\nexec {sys.executable} -m eventkit "$@"\n')
    (here / "eventkit").chmod(0o755)
    asked = "; echo ---; ".join(f"complete -C {json.dumps(line)}" for line, _ in FISH)
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"eventkit completion fish | source; {asked}"],
        env=os.environ | {"PATH": f"{here}:{os.environ['PATH']}", "HOME": str(here)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""
    offered = [
        [line.partition("\t")[0] for line in part.strip().splitlines()]
        for part in done.stdout.split("---")
    ]
    assert offered == [wanted for _, wanted in FISH]
    assert not (here / "pwned").exists()


def test_every_command_and_flag_of_the_parser_is_offered() -> None:
    """A command that is added to the parser is completed without further work."""
    commands = build_parser()._subparsers._group_actions[0].choices
    assert [name for name, _ in candidates([""]).values] == list(commands)
    for name, parser in commands.items():
        offered = {flag for flag, _ in candidates([name, "--"]).values}
        known = {flag for flag in parser.completed()._option_string_actions if flag[:2] == "--"}
        assert offered == known


def test_an_address_is_not_fetched_for_a_key_press() -> None:
    words = ["recommend", "--feed", "https://conference.example/feed", "--interest", "a"]
    assert candidates(words).values == []


def test_a_broken_manifest_completes_nothing_and_says_nothing(here: Path) -> None:
    (here / "agent.json").write_text("{")
    for shell in SHELLS:
        words = ["recommend", "--interest", ""]
        words = [" ".join(["eventkit", *words])] if shell == "bash" else words
        done = subprocess.run(
            [sys.executable, "-m", "eventkit", "completion", shell, *words],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "values\n", "")
