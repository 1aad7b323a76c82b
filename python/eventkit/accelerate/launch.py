"""Runs a command with the start-up hook on the path of every Python that it starts."""

from __future__ import annotations

import os
import sys

from eventkit.accelerate import hook

TYPE_CHECKING = False  # as in `typing`: a small command takes less time than imports do
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["environment", "launch"]

_STARTUP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "startup")
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


def environment(ways: Sequence[str] = ()) -> dict[str, str]:
    """Return the environment in which Python children accelerate.

    Args:
        ways: What `hook.OPTIONS` says beside ``on``.
    """
    path = os.pathsep.join(filter(None, (_STARTUP, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, hook.OPTIONS: ",".join(["on", *ways])}


def launch(command: Sequence[str], ways: Sequence[str] = (), with_report: bool = False) -> int:
    """Run a command, accelerated.

    Without a report this process becomes the command: its exit status, signals and streams are the
    command's own. With one it stays beside the command, passes signals on, and ends as it ended.

    Returns:
        The status of a command that could not be run, or was watched to its end.
    """
    # The module `signal` imports enum, which takes 5 ms.
    import _signal as signal  # type: ignore[import-not-found]

    disabled = os.environ.get("EVENTKIT_DISABLE", "") not in ("", "0")
    variables = dict(os.environ) if disabled else environment(ways)
    # Python ignores these two from its start on, and what is ignored is inherited.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    try:
        if disabled or not with_report:
            os.execvpe(command[0], list(command), variables)
        status = _watched(command, variables)
    except FileNotFoundError:
        print(f"eventkit: {command[0]}: command not found", file=sys.stderr)
        return _NOT_FOUND
    except PermissionError as error:
        print(f"eventkit: {command[0]}: {error.strerror}", file=sys.stderr)
        return _NOT_EXECUTABLE
    return status if status >= 0 else _die_of(-status)


def _watched(command: Sequence[str], variables: dict[str, str]) -> int:
    """Run the command, print the report, and return the exit status of `_run`."""
    import shutil
    import signal
    import tempfile

    from eventkit.accelerate import report

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        folder = tempfile.mkdtemp(prefix="eventkit-report-")
    except OSError as error:  # the disk is full
        folder = ""
        print(f"eventkit: no report: {error.strerror or error}", file=sys.stderr, flush=True)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    if not folder:
        return _run(command, variables)
    try:
        status = _run(command, {**variables, report.FOLDER: folder})
        print(report.summary(folder), file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return status


def _run(command: Sequence[str], variables: dict[str, str]) -> int:
    """Run to the end; the exit status, or the negative number of the signal that ended it."""
    import signal

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    own_faults = {signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL}
    held = signal.valid_signals() - own_faults - {signal.SIGKILL, signal.SIGSTOP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    child = os.posix_spawnp(command[0], list(command), variables, setsigmask=before)
    try:
        while True:
            arrived = signal.sigwaitinfo(held)
            if arrived.si_signo == signal.SIGCHLD:
                status = _ended(child)
                if status is not None:
                    return status
            elif arrived.si_code <= 0:
                # From a process. What the terminal sends reaches the child, of the same group, too.
                os.kill(child, arrived.si_signo)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended(child: int) -> int | None:
    import signal

    changed, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    if not changed:
        return None
    if os.WIFSTOPPED(status):
        os.kill(os.getpid(), signal.SIGSTOP)  # and once somebody continues us:
        os.kill(child, signal.SIGCONT)
        return None
    return os.waitstatus_to_exitcode(status)


def _die_of(number: int) -> int:
    """End by the signal that ended the command, without a second core file."""
    import resource
    import signal

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    return 128 + number  # a signal that does not end a process cannot have ended one
