"""Commands of a page, run as printed.

A `console` block after the comment `<!-- run -->` is a transcript: every `$ ` line runs in one
folder, and what the block prints below it must come out (`...` stands for anything). A page that
needs different surroundings has further comments, as `<!-- run token -->`.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path


def transcripts(page, kind="run"):
    """The transcripts of a page's text; those of another kind need more than a folder."""
    return re.findall(rf"<!-- {kind} -->\n```console\n(.*?)```", page, re.DOTALL)


def run(transcript, folder, **variables):
    environment = os.environ | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(folder),
        "COLUMNS": "80",
        **variables,
    }
    checker = doctest.OutputChecker()
    for command, expected in _commands(transcript):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        # What curl prints may end without a line's end, which no page can show.
        got = done.stdout if done.stdout.endswith("\n") or not done.stdout else f"{done.stdout}\n"
        assert checker.check_output(expected, got, doctest.ELLIPSIS), (
            f"$ {command}\nexpected:\n{expected}\ngot:\n{got}"
        )


def _commands(transcript):
    """Split a transcript into pairs (command, expected output)."""
    steps = re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]
    return [tuple(step.split("\n", 1)) for step in steps]
