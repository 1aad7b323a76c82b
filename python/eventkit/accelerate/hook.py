"""Lets the functions of an agent wait for work, in the Pythons below ``eventkit accelerate``.

The agent's own functions answer, until the work that they had, or the size of the manifest that
they are given, pays for importing the engine. It imports nothing that an interpreter does not have
already, and `startup` loads it when there is an agent.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, FunctionType, ModuleType
    from typing import Any, TypeGuard

    from eventkit.accelerate import trampoline
else:
    trampoline = None  # Set by `startup`: where eventkit is missing, the files lie beside it.

OPTIONS = "EVENTKIT_ACCELERATE"
"""The environment variable that says how to accelerate: ``on``, ``strict``, ``shadow=RATE``,
``trust=NAME+NAME``."""

MODULE = "eventkit_accelerate_hook"
"""The name under which this file is loaded by the start-up hook."""

PRICE = 0.018
"""Seconds that importing the engine and proving an agent take: see ``benches/command.py``."""

PER_SESSION = 1.4e-6
"""Seconds that the original's functions take for a session, likewise."""

_SIZED = ("recommend", "explain")
_WAITING = ("recommend_from_graph", *_SIZED)
_FIRST_CALLED = ("main", *_SIZED)

_ROOM = 400
"""The frames of the stack that importing the engine may need."""

_LOOKS_AT_CALLERS = frozenset(
    ("_getframe", "currentframe", "extract_stack", "f_back", "format_stack", "print_stack", "stack")
)

_waiting: list[_Waiting] = []
_turn = [None]  # taken by the thread that wakes the agent
_seen_first_call = False


def look_at_script() -> None:
    """Look for an agent in ``__main__``. `startup` replaces this function by its own."""


def watch_first_calls() -> None:
    """Prove the script when it first calls one of its functions; what is not known ends it there.

    Only where ``strict`` asks for it: until then each call of any function is looked at.
    """
    import threading

    # Some other thread may be the first to call one of them, as in a server.
    threading.setprofile(_check_first_call)
    sys.setprofile(_check_first_call)


def _check_first_call(frame: Any, event: str, argument: Any) -> None:
    global _seen_first_call
    if _seen_first_call:  # by another thread
        sys.setprofile(None)
        return
    space, called = frame.f_globals, frame.f_code.co_name
    if event == "call" and called in _FIRST_CALLED and space.get("__name__") == "__main__":
        sys.setprofile(None)
        if all(_is_function(space.get(each)) for each in (*_SIZED, "score_session")):
            _accelerate(space)
            _seen_first_call = True


def _is_function(value: Any) -> TypeGuard[FunctionType]:
    return type(value) is type(_is_function)


def find_spec(this: Any, name: str, target: Any) -> Any:
    """Find an agent's module with the other finders, and tell when it was loaded.

    Args:
        this: The finder that asks, which is passed over.
        name: The module's name.
        target: As finders take it.
    """
    for finder in list(sys.meta_path):
        find = None if finder is this else getattr(finder, "find_spec", None)
        spec = find(name, None, target) if find else None
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
        look_at_script()
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
    functions = [each for each in space.values() if _is_function(each)]
    if any(_looks_at_callers(each.__code__) for each in functions):
        return
    is_agent = "score_session" in space and "get_sessions" in space
    held = {id(each.function) for each in _waiting}
    for name in _WAITING if is_agent else _WAITING[:1]:
        function = space.get(name)
        if not _is_function(function) or id(function) in held:
            continue
        if trampoline.obstacle(function, function.__code__.co_argcount) is None:
            _waiting.append(_Waiting(function, space))


def _looks_at_callers(code: CodeType) -> bool:
    """Return true if code may look at the frames below its own, among which waiting would show."""
    for constant in code.co_consts:
        if type(constant) is tuple and "stacklevel" in constant:
            return True
        if type(constant) is type(code) and _looks_at_callers(constant):
            return True
    return not _LOOKS_AT_CALLERS.isdisjoint(code.co_names)


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
    """Prove and replace the functions. Return false if another thread does, or room is short."""
    frame: FrameType | None = sys._getframe()
    depth = 0
    while frame is not None:
        frame, depth = frame.f_back, depth + 1
    if depth + _ROOM > sys.getrecursionlimit():
        return False
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
    """Give all waiting functions their own code back, before `eventkit.accelerate` is called."""
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
