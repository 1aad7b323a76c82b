"""What runs at the start of each Python below ``eventkit accelerate``: waits for an agent.

It must cost a child that has no agent nearly nothing, and never show in one: it imports nothing
that an interpreter does not have already, and eventkit not before an agent's function is called.

Three ways lead an agent in:

* ``import agent``: a finder wraps the loader of the agent's modules;
* ``python agent.py``: no import takes place and nothing announces that the functions are defined,
  except the script's own ``if __name__ == "__main__"``. So ``__name__`` is a string that notices
  being compared there. (A path hook can claim the script's path too, but then each traceback shows
  runpy, and multiprocessing does not find the script.)
* ``python -m agent``: runpy sets ``__name__`` itself, so that the code it is given begins with
  setting it again.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType, FunctionType, ModuleType
    from typing import Any

    from eventkit.accelerate import trampoline
else:
    trampoline = None  # set by `install`: where eventkit is missing, this file lies beside it

OPTIONS = "EVENTKIT_ACCELERATE"
"""The environment variable that says how to accelerate: ``on``, ``strict``, ``shadow=RATE``."""

MODULE = "eventkit_accelerate_hook"
"""The name under which this file is loaded by the start-up hook."""

_MODULES = frozenset(("agent", "core", "graph_service"))
_FUNCTIONS = (
    "score_session",
    "recommend",
    "explain",
    "_count_conflicts",
    "_build_itinerary_markdown",
    "_build_adaptive_card",
    "_normalize_interests",
    "recommend_from_graph",
)
_METHOD = ("GraphEventService", "_transform_events")

_sleepers: list[_Sleeper] = []
_waking = allocate_lock()


def install() -> None:
    """Wait for an agent, unless the environment says otherwise."""
    if not os.environ.get(OPTIONS) or os.environ.get("EVENTKIT_DISABLE", "") not in ("", "0"):
        return
    sys.meta_path.insert(0, _Finder())
    script = sys.modules.get("__main__")
    if script is not None:
        script.__name__ = _Name("__main__")
    os.register_at_fork(after_in_child=_new_lock)


def _new_lock() -> None:
    global _waking
    _waking = allocate_lock()


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

    def exec_module(self, module: ModuleType) -> None:
        # The module sees the loader that it would have without us.
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        lull(vars(module))

    def get_code(self, name: str) -> Any:
        """What `runpy` asks for, to run a module as the script."""
        code = self._real.get_code(name)
        try:
            return _announcing(self._real.get_source(name), code.co_filename)
        except Exception:
            return code


def _announcing(source: str, file: str) -> CodeType:
    """Compile a module so that it first sets ``__name__`` to one that notices."""
    import ast

    tree = ast.parse(source, file)
    first = 0
    for place, statement in enumerate(tree.body):
        docstring = place == 0 and isinstance(statement, ast.Expr)
        if not docstring and getattr(statement, "module", None) != "__future__":
            break
        first = place + 1
    announce = ast.parse(f"__import__('sys').modules[{MODULE!r}].notice(globals())")
    tree.body[first:first] = announce.body
    return compile(tree, file, "exec", dont_inherit=True)


def notice(space: dict[str, Any]) -> None:
    """Notice when a namespace asks whether it is the script."""
    if space.get("__name__") == "__main__":
        space["__name__"] = _Name("__main__")


class _Name(str):
    """``__main__``, and notices when the script compares it: its functions are defined then."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        equal = str.__eq__(self, other)
        if equal is True:
            _reached(self, sys._getframe(1))
        return equal

    def __ne__(self, other: object) -> bool:
        different = str.__ne__(self, other)
        if different is False:
            _reached(self, sys._getframe(1))
        return different

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


def _reached(name: _Name, frame: FrameType) -> None:
    space = frame.f_globals
    # Others compare the name too (dataclasses, pickle, logging), and too early.
    if frame.f_code.co_name != "<module>" or space.get("__name__") is not name:
        return
    plain = str.__str__(name)
    space["__name__"] = plain
    for value in list(space.values()):
        _rename(value, name, plain)
    lull(space)


def _rename(value: Any, name: _Name, plain: str) -> None:
    """Give what the script has defined the plain name, for whoever looks at it."""
    inside = list(vars(value).values()) if isinstance(value, type) else []
    for each in (value, *inside):
        try:
            if each.__module__ is name:
                each.__module__ = plain
        except Exception:
            continue


class _Sleeper:
    """A function whose first call wakes the acceleration up."""

    def __init__(self, function: FunctionType, space: dict[str, Any]) -> None:
        self.function = function
        self.space = space
        self.code = function.__code__
        self.own = trampoline.twin(function)
        self.asleep = trampoline.trampoline(function, self.call)
        # A monkeypatch of these, before anything was compared, is no reason to refuse.
        self.functions = {name: each for name, each in space.items() if _is_function(each)}
        function.__code__ = self.asleep

    def call(self, *arguments: Any) -> Any:
        if self.is_as_loaded() and _wake(self.space):
            return self.function(*arguments)
        return self.own(*arguments)

    def is_as_loaded(self) -> bool:
        return all(self.space.get(name) is each for name, each in self.functions.items())

    def rise(self) -> None:
        if self.function.__code__ is self.asleep:
            self.function.__code__ = self.code


def _is_function(value: Any) -> bool:
    return type(value) is type(_is_function)


def lull(space: dict[str, Any]) -> None:
    """Put the functions of an agent to sleep; other namespaces stay as they are."""
    if "recommend_from_graph" in space or ("recommend" in space and "score_session" in space):
        found = [space[name] for name in _FUNCTIONS if name in space]
    else:
        owner, method = space.get(_METHOD[0]), _METHOD[1]
        found = [vars(owner)[method]] if isinstance(owner, type) and method in vars(owner) else []
    if not found:
        return
    if "strict" in _options():
        _accelerate(space)
        return
    asleep = {id(each.function) for each in _sleepers}
    for function in found:
        if _is_function(function) and id(function) not in asleep:
            arity = function.__code__.co_argcount
            if trampoline.obstacle(function, arity) is None:
                _sleepers.append(_Sleeper(function, space))


def _wake(space: dict[str, Any]) -> bool:
    """Compare and replace; ``False`` when another thread is at it."""
    if not _waking.acquire(False):
        return False
    try:
        _accelerate(space)
    finally:
        _waking.release()
    return True


def rise() -> None:
    """Give all sleeping functions their own code back, for somebody who accelerates by himself."""
    while _sleepers:
        _sleepers.pop().rise()


def _accelerate(space: dict[str, Any]) -> None:
    rise()
    options = _options()
    try:
        from eventkit.accelerate.function import start
    except Exception:  # no eventkit here, or another package of that name: stay plain, quietly
        return
    strict, shadow = "strict" in options, float(options.get("shadow", 0))
    try:
        start(space, strict=strict, shadow=shadow, tell=_tell)
    except Exception as error:
        if strict:
            raise
        _tell(f"eventkit could not accelerate: {type(error).__name__}: {error}", RuntimeWarning)


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
