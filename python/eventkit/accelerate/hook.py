"""Waits, in each Python below ``eventkit accelerate``, for an agent that has enough work.

It costs a program without an agent nearly nothing and does not show in one: it imports nothing that
an interpreter does not have already. An agent comes in by an import, which a finder notices, or as
the script itself. When the functions of a script are defined is announced by nobody; so the hook
looks after collections of garbage, which happen while there is work, and only where the script's
file defines the functions of an agent. (Tried before: a ``__name__`` that notices being compared,
which `sys.intern` refuses; `sys.setprofile`, which makes an import of argparse 1.4 times as long.)

Even then the agent's own functions answer, until the work that they had, or the size of the
manifest that they are given, pays for importing the engine.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType, ModuleType
    from typing import Any, TypeGuard

    from eventkit.accelerate import trampoline
else:
    trampoline = None  # set by the start-up hook: where eventkit is missing, this file lies beside

OPTIONS = "EVENTKIT_ACCELERATE"
"""The environment variable that says how to accelerate: ``on``, ``strict``, ``shadow=RATE``,
``trust=NAME+NAME``."""

MODULE = "eventkit_accelerate_hook"
"""The name under which this file is loaded by the start-up hook."""

PRICE = 0.018
"""Seconds that importing the engine and proving an agent take: see ``benches/command.py``."""

PER_SESSION = 1.4e-6
"""Seconds that the original's functions take for a session, likewise."""

_MODULES = frozenset(("agent", "core", "graph_service"))
_SIZED = ("recommend", "explain")
_WAITING = ("recommend_from_graph", *_SIZED)
_FIRST_CALLED = ("main", *_SIZED)
_LARGEST_SCRIPT = 4 * 1024 * 1024
_MOST_LOOKS = 10_000

_waiting: list[_Waiting] = []
_turn = [None]  # taken by the thread that wakes the agent
_looking = False


def install() -> None:
    """Wait for an agent, unless the environment says otherwise."""
    if not os.environ.get(OPTIONS) or os.environ.get("EVENTKIT_DISABLE", "") not in ("", "0"):
        return
    sys.meta_path.insert(0, _Finder())
    arguments = sys.orig_argv[1:]
    # The script may stand behind the values of -W and -X.
    possible = [each for each in arguments if not each.startswith("-")][:3]
    if "-m" in arguments or any(map(_may_be_agent, possible)):
        _look_at_script()


def _may_be_agent(script: str) -> bool:
    """Return true if a file seems to define the functions of an agent."""
    try:
        descriptor = os.open(script, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            text = os.read(descriptor, _LARGEST_SCRIPT)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    return b"def score_session" in text and b"def recommend" in text


def _look_at_script() -> None:
    """Look out for the functions of an agent in ``__main__``; doing it again does nothing."""
    global _looking
    if _looking:
        return
    _looking = True
    if "strict" in _options():
        import threading

        # Some other thread may be the first to call one of them, as in a server.
        threading.setprofile(_check_first_call)
        sys.setprofile(_check_first_call)
    else:
        import gc

        gc.callbacks.append(_Look())


def _check_first_call(frame: Any, event: str, argument: Any) -> None:
    """Prove the script when it first calls one of its functions; what is not known ends it there.

    Only where ``strict`` asks for it: until then each call of any function comes here.
    """
    global _looking
    if not _looking:  # another thread has proven it
        sys.setprofile(None)
        return
    space, called = frame.f_globals, frame.f_code.co_name
    if event == "call" and called in _FIRST_CALLED and space.get("__name__") == "__main__":
        sys.setprofile(None)
        if _is_complete(space):
            _accelerate(space)
            _looking = False


class _Look:
    """Looks at the script after collections of garbage, until its functions are there."""

    def __init__(self) -> None:
        self.left = _MOST_LOOKS

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase != "stop":
            return
        self.left -= 1
        space = getattr(sys.modules.get("__main__"), "__dict__", {})
        found = _is_complete(space)
        if found or self.left <= 0:
            import gc

            gc.callbacks.remove(self)
        if found:
            wait_for_work(space)


def _is_complete(space: dict[str, Any]) -> bool:
    """Return true if a script has defined the functions of an agent."""
    return all(_is_function(space.get(each)) for each in (*_SIZED, "score_session"))


def _is_function(value: Any) -> TypeGuard[FunctionType]:
    return type(value) is type(_is_function)


class _Finder:
    """Finds an agent's modules as everybody does, and has their loader report the end."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _MODULES or path is not None:
            return None
        for finder in list(sys.meta_path):
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find else None
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = _Loader(spec.loader)
                return spec
        return None


class _Loader:
    """A loader that looks at the module once it is complete."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_module(self, spec: Any) -> Any:
        return self._real.create_module(spec)

    def get_code(self, name: str) -> Any:
        # This is how `runpy` asks for a module that it will run as the script.
        _look_at_script()
        return self._real.get_code(name)

    def exec_module(self, module: ModuleType) -> None:
        # The module sees the loader that it would have without us.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        wait_for_work(vars(module))


def wait_for_work(space: dict[str, Any]) -> None:
    """Let the functions of an agent wait for work; other namespaces stay as they are."""
    if "strict" in _options():
        if space.keys() & {"score_session", "recommend_from_graph", "GraphEventService"}:
            _accelerate(space)
        return
    is_agent = "score_session" in space and "get_sessions" in space
    held = {id(each.function) for each in _waiting}
    for name in _WAITING if is_agent else _WAITING[:1]:
        function = space.get(name)
        if not _is_function(function) or id(function) in held:
            continue
        if trampoline.obstacle(function, function.__code__.co_argcount) is None:
            _waiting.append(_Waiting(function, space))


class _Waiting:
    """A function that runs as it is, until its work pays for the engine."""

    spent = 0.0

    def __init__(self, function: FunctionType, space: dict[str, Any]) -> None:
        self.function = function
        self.space = space
        self.code = function.__code__
        self.own = trampoline.twin(function)
        self.waiting = trampoline.trampoline(function, self.call)
        # A monkeypatch of these, before anything was proven, is no reason to refuse.
        self.functions = {name: each for name, each in space.items() if _is_function(each)}
        function.__code__ = self.waiting

    def call(self, *arguments: Any) -> Any:
        if any(self.space.get(name) is not each for name, each in self.functions.items()):
            return self.own(*arguments)
        if _Waiting.spent + sessions_of(arguments) * PER_SESSION >= PRICE:
            return (self.function if _wake(self.space) else self.own)(*arguments)
        from time import perf_counter

        start = perf_counter()
        try:
            return self.own(*arguments)
        finally:
            _Waiting.spent += perf_counter() - start

    def stop(self) -> None:
        if self.function.__code__ is self.waiting:
            self.function.__code__ = self.code


def sessions_of(arguments: tuple[Any, ...]) -> int:
    """Return the number of sessions in the manifest of a call; 0 where there is no list of them."""
    manifest = arguments[0] if arguments else None
    sessions = manifest.get("sessions") if type(manifest) is dict else None
    return len(sessions) if type(sessions) is list else 0


def _wake(space: dict[str, Any]) -> bool:
    """Prove and replace; return false when another thread is at it."""
    try:
        _turn.pop()
    except IndexError:
        return False
    try:
        _accelerate(space)
    finally:
        _turn.append(None)
    return True


def stop() -> None:
    """Give all waiting functions their own code back, for somebody who accelerates by himself."""
    while _waiting:
        _waiting.pop().stop()


def _accelerate(space: dict[str, Any]) -> None:
    from time import perf_counter

    start = perf_counter()
    stop()
    options = _options()
    try:
        from eventkit.accelerate import report
        from eventkit.accelerate.function import start as accelerate
    except Exception:  # no eventkit here, or another package of that name: stay plain, quietly
        return
    strict, shadow = "strict" in options, float(options.get("shadow", 0))
    trust = frozenset(filter(None, options.get("trust", "").split("+")))
    try:
        accelerate(space, strict=strict, shadow=shadow, trust=trust, tell=_tell)
    except Exception as error:
        if strict:
            raise
        _tell(f"eventkit could not accelerate: {type(error).__name__}: {error}", RuntimeWarning)
    report.cost(perf_counter() - start)


def _tell(text: str, category: type[Warning]) -> None:
    """Warn; where warnings are errors, on standard error: the program shall not fail by us."""
    import warnings

    try:
        warnings.warn(text, category, stacklevel=2)
    except category:
        print(text, file=sys.stderr)


def _options() -> dict[str, str]:
    pairs = (option.partition("=") for option in os.environ.get(OPTIONS, "").split(","))
    return {name: value for name, _, value in pairs}
