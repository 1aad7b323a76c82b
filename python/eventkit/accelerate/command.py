"""The command ``eventkit accelerate``: becomes another command, or says what it would do."""

from __future__ import annotations

import os
import sys

from eventkit.accelerate.launch import launch

TYPE_CHECKING = False  # as in `typing`: a small command takes less time than imports do
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HELP", "check", "main"]

BAD_INPUT = 2
NOT_KNOWN = 1

HELP = """\
usage: eventkit accelerate [--report] [--strict] [--shadow RATE] [--trust NAME] -- COMMAND ...
       eventkit accelerate --check [-- COMMAND ...]

Run a command, and let eventkit answer for the agent's functions in every Python that it starts.
A function is replaced only when it is proven to do the original's work.

options:
  --check        import the agent, do not run the command; print for each function whether it is
                 known, and for an unknown one the first difference; exit 1 if one is unknown
  --report       print in the end what was replaced, how many calls went which way and why, and
                 the time saved net of what acceleration cost
  --strict       fail where a function is not known
  --shadow RATE  the share of native calls, 0 to 1, on which the agent's own function runs as well
  --trust NAME   accelerate an unknown function at your own risk; may be repeated
"""


def main(words: Sequence[str]) -> int:
    """Run the command that follows the options.

    Returns:
        The exit status, where this process has not become the command.
    """
    _restore_environment()
    if words[:1] == ["--"] and words[1:]:
        return launch(words[1:])
    import getopt

    names = ["help", "check", "report", "strict", "shadow=", "trust="]
    try:
        pairs, command = getopt.getopt(list(words), "h", names)
        options = dict(pairs)
        trust = [value for name, value in pairs if name == "--trust"]
        ways = _ways(options, trust)
        if not command and not options.keys() & {"-h", "--help", "--check"}:
            raise ValueError("no command: eventkit accelerate -- python agent.py ...")
    except (getopt.GetoptError, ValueError) as error:
        print(f"eventkit: {error}; see eventkit accelerate --help", file=sys.stderr)
        return BAD_INPUT
    if options.keys() & {"-h", "--help"}:
        print(HELP, end="")
        return 0
    if "--check" in options:
        return check(command, trust)
    return launch(command, ways, with_report="--report" in options)


def _ways(options: dict[str, str], trust: list[str]) -> list[str]:
    """Return how to accelerate, for the start-up hook; raise `ValueError` for a wrong value."""
    ways = ["strict"] if "--strict" in options else []
    if "--shadow" in options:
        try:
            share = float(options["--shadow"])
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1:
            raise ValueError(f"--shadow {options['--shadow']}: expected a share of calls, 0 to 1")
        ways.append(f"shadow={share!r}")
    if trust:
        from eventkit.accelerate.function import trusted_names

        ways.append(f"trust={'+'.join(trusted_names(trust))}")
    return ways


def _restore_environment() -> None:
    """Take the environment that the script `eventkit` was given, which its shell has changed."""
    encoded = os.environ.pop("EVENTKIT_ENVIRONMENT", "")
    if not encoded:
        return
    import binascii

    entries = [each.partition(b"=") for each in binascii.a2b_base64(encoded).split(b"\0")]
    os.environb.clear()
    os.environb.update({name: value for name, _, value in entries if name})


def check(command: Sequence[str], trust: Sequence[str] = ()) -> int:
    """Print which functions of an agent are known, and why others are not.

    The agent is imported as a module, so that what stands below ``if __name__ == "__main__"`` does
    not run; none of its functions is called by eventkit.

    Args:
        command: A command with the agent's script in it; without one, ``agent.py`` here.
        trust: Names of unknown functions that the user trusts.

    Returns:
        0 when every function is known, else 1; 2 when there is no agent.
    """
    import warnings

    from eventkit import accelerate
    from eventkit.accelerate import AccelerationWarning

    words = list(command)
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else None
    script = next((word for word in words if word.endswith(".py")), None if words else "agent.py")
    if module is None and (script is None or not os.path.isfile(script)):
        print(f"eventkit: no agent to check in: {' '.join(words) or 'agent.py'}", file=sys.stderr)
        return BAD_INPUT
    try:
        space = _imported(module, script)
    except (Exception, SystemExit) as error:
        named = module or script
        print(f"eventkit: cannot import {named}: {type(error).__name__}: {error}", file=sys.stderr)
        return BAD_INPUT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AccelerationWarning)
        with accelerate(space, trust=trust) as handle:
            print(handle.explain())
            if not handle.replaced and not handle.refused:
                return BAD_INPUT
    return NOT_KNOWN if handle.refused else 0


def _imported(module: str | None, script: str | None) -> dict[str, object]:
    import importlib

    sys.argv = [script or "agent"]
    if module is not None or script is None:
        sys.path.insert(0, os.getcwd())
        return vars(importlib.import_module(module or "agent"))
    folder, file = os.path.split(os.path.abspath(script))
    sys.path.insert(0, folder)
    return vars(importlib.import_module(file[: -len(".py")]))
