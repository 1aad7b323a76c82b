"""The command ``eventkit accelerate``: becomes another command, or says what it would accelerate.

It reads its few options by itself: the modules of the other commands take longer to import than a
small agent runs.
"""

from __future__ import annotations

import binascii
import os
import sys
from collections.abc import Sequence

from eventkit.accelerate.launch import launch

__all__ = ["HELP", "OptionError", "check", "main"]

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


class OptionError(Exception):
    """An option that is not known, or whose value is not what it takes."""


class _Options:
    """The options before the command, and the command."""

    def __init__(self, words: Sequence[str]) -> None:
        self.check = self.report = self.strict = self.help = False
        self.shadow = 0.0
        self.trust: list[str] = []
        rest = list(words)
        while rest and rest[0].startswith("-") and rest[0] != "--":
            name, equals, value = rest.pop(0).partition("=")
            if name in ("--shadow", "--trust"):
                if not equals and not rest:
                    raise OptionError(f"{name} needs a value")
                self._value(name, value if equals else rest.pop(0))
            elif name in ("-h", "--help"):
                self.help = True
            elif name in ("--check", "--report", "--strict") and not equals:
                setattr(self, name[2:], True)
            else:
                raise OptionError(f"no such option: {name}; see eventkit accelerate --help")
        self.command = rest[1:] if rest[:1] == ["--"] else rest

    def _value(self, name: str, value: str) -> None:
        if name == "--trust":
            self.trust.append(value)
            return
        try:
            self.shadow = float(value)
        except ValueError:
            self.shadow = -1.0
        if not 0 <= self.shadow <= 1:
            raise OptionError(f"--shadow {value}: a share of calls from 0 to 1")


def main(words: Sequence[str]) -> int:
    """Run the command that follows the options.

    Returns:
        The exit status, where this process has not become the command.
    """
    _restore_environment()
    try:
        options = _Options(words)
        if options.help:
            print(HELP, end="")
            return 0
        if options.trust:
            from eventkit.accelerate.function import trusted_names

            trusted_names(options.trust)
        if options.check:
            return check(options.command, options.trust)
        if not options.command:
            raise OptionError("no command: eventkit accelerate -- python agent.py ...")
    except (OptionError, ValueError) as error:
        print(f"eventkit: {error}", file=sys.stderr)
        return BAD_INPUT
    return launch(
        options.command,
        strict=options.strict,
        shadow=options.shadow,
        trust=options.trust,
        with_report=options.report,
    )


def _restore_environment() -> None:
    """Take the environment that the script `eventkit` was given, which its shell has changed."""
    encoded = os.environ.pop("EVENTKIT_ENVIRONMENT", "")
    if not encoded:
        return
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
