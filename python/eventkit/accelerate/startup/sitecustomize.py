"""The start-up hook of ``eventkit accelerate``, found first on the path of its children.

It waits for an agent, and only then loads the module `hook`: an interpreter without byte code for
these files, as in many containers, has to compile all that is loaded. An agent comes in by an
import, which a finder notices, or as the script itself. When a script has defined its functions is
announced by nobody; so they are looked for when a collection of garbage starts, which happens while
there is work, and only where the script's file defines the functions of an agent. (Tried before: a
``__name__`` that notices being compared, which `sys.intern` refuses; `sys.setprofile`, which makes
an import of argparse 1.4 times as long.)

The ``sitecustomize`` behind this one, if there is one, runs as in an interpreter without it. A
program without an agent sees nothing of this one, and pays nearly nothing.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as in `typing`, whose import would cost a starting interpreter 2 ms
if TYPE_CHECKING:
    from typing import Any

_MODULES = frozenset(("agent", "core", "graph_service"))
_FUNCTIONS = ("score_session", "recommend", "explain")
_LARGEST_SCRIPT = 4 * 1024 * 1024
_MOST_LOOKS = 10_000
_ENOUGH = 12_000
"""From this many objects on, a script may have enough work to accelerate: 6,000 sessions."""

_here = __file__.rpartition("/")[0]
_looking = False


def _load(name: str) -> Any:
    """Load a file of `accelerate` as a module, whether eventkit can be imported here or not."""
    path = f"{_here.rpartition('/')[0]}/{name}.py"
    # Not from importlib.machinery, whose import takes a millisecond: these are loaded already.
    name = f"eventkit_accelerate_{name}"
    loader = sys.modules["_frozen_importlib_external"].SourceFileLoader(name, path)
    spec = sys.modules["_frozen_importlib"].ModuleSpec(name, loader, origin=path)
    spec.has_location = True
    module = type(sys)(name)
    module.__spec__, module.__loader__, module.__file__ = spec, loader, path
    loader.exec_module(module)
    return sys.modules.setdefault(name, module)


def _hook() -> Any:
    """Return the module `hook`, loaded when it is asked for first."""
    loaded = sys.modules.get("eventkit_accelerate_hook")
    if loaded is None:
        trampoline = _load("trampoline")
        loaded = _load("hook")
        loaded.trampoline, loaded.look_at_script = trampoline, _look_at_script
    return loaded


class _Finder:
    """Notices the import of a module that may be a part of an agent."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _MODULES or path is not None:
            return None
        try:
            find_spec = _hook().find_spec
        except Exception:  # eventkit is being removed: the program has not asked for it
            return None
        return find_spec(self, name, target)


def _look_at_script() -> None:
    """Watch ``__main__`` for the functions of an agent. A second call has no effect."""
    global _looking
    if _looking:
        return
    _looking = True
    if "strict" in os.environ["EVENTKIT_ACCELERATE"].split(","):
        _hook().watch_first_calls()
    else:
        import gc

        gc.callbacks.append(_Look(gc))


class _Look:
    """Looks at the script when garbage is collected, until its functions are there and have work.

    The work is measured by the objects that were made meanwhile, for a manifest in one piece: the
    hook's other half is loaded before the agent ranks many sessions, and not at all for a few.
    """

    def __init__(self, gc: Any) -> None:
        # An interpreter that ends collects once more, when no module can be imported.
        self.gc, self.is_ending = gc, sys.is_finalizing
        self.left = _MOST_LOOKS
        self.made = 0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase != "start" or self.is_ending():
            return
        gc = self.gc
        self.left -= 1
        space = getattr(sys.modules.get("__main__"), "__dict__", {})
        if all(type(space.get(each)) is type(_load) for each in _FUNCTIONS):
            self.made += gc.get_count()[0]
        if self.made >= _ENOUGH or self.left <= 0:
            gc.callbacks.remove(self)
        if self.made >= _ENOUGH:
            try:
                wait_for_work = _hook().wait_for_work
            except Exception:  # as above
                return
            wait_for_work(space)


def _may_be_agent(script: str) -> bool:
    """Return true if a file seems to define the functions of an agent."""
    try:
        descriptor = os.open(script, os.O_RDONLY | os.O_NONBLOCK)
        try:
            text = os.read(descriptor, _LARGEST_SCRIPT)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return b"def score_session" in text and b"def recommend" in text


def _start() -> None:
    """Wait for an agent. Ignores failures: the program that starts did not ask for eventkit."""
    try:
        _install()
    except Exception:
        return


def _install() -> None:
    """Wait for an agent, unless the environment says otherwise."""
    sys.path[:] = [entry for entry in sys.path if entry != _here]
    disabled = os.environ.get("EVENTKIT_DISABLE", "") not in ("", "0")
    if disabled or not os.environ.get("EVENTKIT_ACCELERATE"):
        return
    sys.meta_path.insert(0, _Finder())
    arguments = sys.orig_argv[1:]
    # The script may stand behind the values of -W and -X.
    possible = [each for each in arguments if not each.startswith("-")][:3]
    if "-m" in arguments or any(map(_may_be_agent, possible)):
        _look_at_script()


if __name__ == "sitecustomize":
    _start()
    del sys.modules[__name__]
    # Where there is none, this is the very error that `site` expects and passes over.
    __import__(__name__)
