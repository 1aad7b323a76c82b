"""Objects that no manifest should hold, and that some manifest will.

Every hook that a caller could overwrite writes its name to a journal, so that two roads can be
compared
by *what they touched, in which order*, and not only by what they answered.
"""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable, Iterator
from typing import Any


class Stage:
    """What hostile objects of one built case can reach: the journal, and the case to tamper
    with."""

    def __init__(self) -> None:
        self.journal: list[str] = []
        self.case: tuple[Any, ...] = ()

    def tamper(self) -> None:
        """Change whatever the case holds while somebody reads it."""
        for part in self.case:
            if type(part) is dict:
                _tamper_manifest(part)
            elif type(part) is list and part:
                part.pop()


def _tamper_manifest(manifest: dict[Any, Any]) -> None:
    sessions, weights = manifest.get("sessions"), manifest.get("weights")
    if type(weights) is dict:
        weights["interest"] = 7.0
    if type(sessions) is list and len(sessions) < 9:
        sessions.append({"title": "late", "tags": ["ai"], "popularity": 9})
    elif type(sessions) is list:
        del sessions[len(sessions) // 2 :]


class FloatSub(float):
    pass


class FloatKeeps(float):
    """Stays itself under multiplication: leaves the exact-float road of ``sum``."""

    def __mul__(self, other: Any) -> FloatKeeps:
        return FloatKeeps(float(self) * float(other))

    __rmul__ = __mul__


class IntSub(int):
    pass


class StrSub(str):
    pass


class StrOwnLower(str):
    def lower(self) -> str:
        return "ai"


class ListSub(list):
    pass


class ListBackwards(list):
    def __iter__(self) -> Iterator[Any]:
        return reversed(list(list.__iter__(self)))


class ListHasAll(list):
    def __contains__(self, item: object) -> bool:
        return True


class DictSub(dict):
    pass


class DictMissing(dict):
    def __missing__(self, key: Any) -> Any:
        return 1.5


class DictFalsy(dict):
    def __bool__(self) -> bool:
        return False


class DictOwnGet(dict):
    def get(self, key: Any, default: Any = None) -> Any:
        return ["web"] if key == "tags" else dict.get(self, key, default)


class Duck:
    """No mapping at all: ``get`` and ``[]`` only, and it remembers being asked."""

    def __init__(self, stage: Stage, content: dict[Any, Any]) -> None:
        self.stage, self.content = stage, content

    def get(self, key: Any, default: Any = None) -> Any:
        self.stage.journal.append(f"get {key}")
        return self.content.get(key, default)

    def __getitem__(self, key: Any) -> Any:
        self.stage.journal.append(f"item {key}")
        return self.content[key]


class DictSpy(dict):
    """A dict whose every read is journalled."""

    stage: Stage

    def get(self, key: Any, default: Any = None) -> Any:
        self.stage.journal.append(f"get {key}")
        return dict.get(self, key, default)

    def __getitem__(self, key: Any) -> Any:
        self.stage.journal.append(f"item {key}")
        return dict.__getitem__(self, key)


class Index:
    """Stands for an integer, the way numpy's do."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Lowerable:
    """A tag by behaviour only."""

    def __init__(self, text: Any) -> None:
        self.text = text

    def lower(self) -> Any:
        return self.text


class Hostile:
    """Raises or tampers in the hooks that a recommendation may call.

    Args:
        stage: The journal and the case.
        hooks: Names of the hooks that act; the others behave.
        action: ``raise``, ``tamper`` or ``watch``.
        text: What it looks like when it behaves.
    """

    def __init__(self, stage: Stage, hooks: tuple[str, ...], action: str, text: str) -> None:
        self.stage, self.hooks, self.action, self.text = stage, hooks, action, text

    def _act(self, hook: str) -> None:
        self.stage.journal.append(f"{hook} {self.text}")
        if hook in self.hooks:
            if self.action == "raise":
                raise RuntimeError(f"{hook} of {self.text}")
            if self.action == "tamper":
                self.stage.tamper()

    def __eq__(self, other: object) -> bool:
        self._act("eq")
        return self.text == (other.text if isinstance(other, Hostile) else other)

    def __hash__(self) -> int:
        self._act("hash")
        return hash(self.text)

    def __bool__(self) -> bool:
        self._act("bool")
        return True

    def __str__(self) -> str:
        self._act("str")
        return self.text

    def __index__(self) -> int:
        self._act("index")
        return 2

    def __len__(self) -> int:
        self._act("len")
        return 1

    def __mul__(self, other: Any) -> Any:
        self._act("mul")
        return 1.25 * other

    def __rmul__(self, other: Any) -> Any:
        self._act("rmul")
        return other * 1.25

    def __contains__(self, item: object) -> bool:
        self._act("contains")
        return item == self.text

    def __iter__(self) -> Iterator[str]:
        self._act("iter")
        return iter([self.text])

    def __getitem__(self, key: Any) -> Any:
        self._act("getitem")
        if isinstance(key, int) and key > 0:
            raise IndexError(key)
        return self.text

    def get(self, key: Any, default: Any = None) -> Any:
        self._act("get")
        return default

    def lower(self) -> str:
        self._act("lower")
        return self.text.lower()

    def strip(self) -> str:
        self._act("strip")
        return self.text.strip()

    def replace(self, old: str, new: str) -> str:
        self._act("replace")
        return self.text.replace(old, new)


HOOK_NAMES = "eq hash bool str index len mul rmul contains iter getitem get lower strip replace"
HOOKS = tuple(HOOK_NAMES.split())


class HostileStr(str):
    """A real ``str`` that acts when it is compared, hashed or lowered."""

    stage: Stage
    action: str

    def _act(self, hook: str) -> None:
        self.stage.journal.append(f"{hook} {str.__str__(self)}")
        if self.action == "raise":
            raise RuntimeError(f"{hook} of a str")
        if self.action == "tamper":
            self.stage.tamper()

    def __eq__(self, other: object) -> bool:
        self._act("eq")
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        self._act("hash")
        return str.__hash__(self)

    def lower(self) -> str:
        self._act("lower")
        return str.lower(self)


def make_user_dict(content: dict[Any, Any]) -> UserDict[Any, Any]:
    return UserDict(content)


def make_spy(stage: Stage, content: dict[Any, Any]) -> DictSpy:
    spy = DictSpy(content)
    spy.stage = stage
    return spy


def make_hostile_str(stage: Stage, action: str, text: str) -> HostileStr:
    made = HostileStr(text)
    made.stage, made.action = stage, action
    return made


def _hashable(items: list[Any]) -> list[Any]:
    return [item for item in items if isinstance(item, str | int | float)]


def make_set(items: list[Any]) -> set[Any]:
    return set(_hashable(items))


def make_frozenset(items: list[Any]) -> frozenset[Any]:
    return frozenset(_hashable(items))


def make_keyed(items: list[Any]) -> dict[Any, Any]:
    return dict.fromkeys(_hashable(items))


def make_generator(items: list[Any]) -> Iterator[Any]:
    return (item for item in items)


RAISING_NAMES = """
    __eq__ __ne__ __lt__ __gt__ __le__ __ge__ __hash__ __bool__ __len__ __iter__ __contains__
    __getitem__ __mul__ __rmul__ __add__ __radd__ __sub__ __neg__ __float__ __int__ __index__
    __str__ __repr__ __format__ __getattribute__ __next__ __call__ __enter__ __reversed__
    get lower strip keys items values __setitem__ __delitem__ __length_hint__ __del__ __sizeof__
    __missing__ __dir__ __reduce_ex__
"""
RAISING = tuple(RAISING_NAMES.split())
"""The methods that `raising_classes` overwrites, one a class."""


def raising_classes(bases: tuple[type, ...] = (object, str, dict, list, float, int)) -> list[type]:
    """Make a class for each method in `RAISING` and base: a subclass in which that method
    raises."""
    return [_raising(base, name) for name in RAISING for base in bases]


def _raising(base: type, name: str) -> type:
    def fail(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise ArithmeticError(name)

    members: dict[str, Callable[..., Any] | None] = {name: fail}
    if name == "__del__":  # An exception there is only printed: it must not be raised in a test.
        members[name] = lambda self: None
    if name == "__eq__":
        members["__hash__"] = base.__hash__
    return type(f"{base.__name__.title()}{name.strip('_').title()}Raises", (base,), members)
