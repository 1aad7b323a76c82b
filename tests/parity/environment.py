"""The names that the code of the recorded cases uses: short makers of input, and odd classes.

The names are those of the recordings, and so is the module that the classes claim to be from: both
are in the recorded texts. What each class is odd about is what its case is about.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from pathlib import Path
from typing import Any

W0 = {"interest": 2.0, "popularity": 0.5, "diversity": 0.3}


def S(title="T", tags=("a",), pop=0.5, **more):  # noqa: N802
    """A session."""
    return {"id": title, "title": title, "tags": list(tags), "popularity": pop, **more}


def M(sessions=None, w=None, **more):  # noqa: N802
    """A manifest."""
    weights = dict(W0) if w is None else w
    return {"sessions": [] if sessions is None else sessions, "weights": weights, **more}


def MX(file="sessions_external.json", sessions=None, **more):  # noqa: N802
    """A manifest whose sessions are in another file."""
    own = [S("inner")] if sessions is None else sessions
    return M(own, features={"externalSessions": {"enabled": True, "file": file}}, **more)


def ev(id="e1", subject="Subj", start="2023-12-16T10:00:00", end="2023-12-16T11:00:00", **more):
    """A Graph event."""
    times = {
        name: {"dateTime": moment, "timeZone": "UTC"}
        for name, moment in (("start", start), ("end", end))
    }
    return {"id": id, "subject": subject, **times, **more}


def titles(recommendation):
    """The titles of the chosen sessions."""
    return [session.get("title") for session in recommendation["sessions"]]


def attempt(function, *args, **kwargs):
    """What a call returns or raises, as a tuple."""
    try:
        return "ok", function(*args, **kwargs)
    except Exception as error:
        return "exc", type(error).__name__, str(error)


def write(name, data):
    """Write a file, its folders too; the name again."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass"))
    return name


def graph(names, _handler, **options):
    """A Graph service of the module under test, and the requests that it has made: none."""
    return names["G"].GraphEventService(Token(), None, **options), []


class Token:
    """A client that always has a token."""

    def get_access_token(self):
        return "token"


class Svc:
    """A Graph service that answers or fails as told, and keeps its calls."""

    def __init__(self, ret=None, exc=None):
        self.ret = ret
        self.exc = exc
        self.calls = []

    def get_events(self, **kwargs):
        self.calls.append(kwargs)
        if self.exc is not None:
            raise self.exc
        return self.ret


class F(float):
    """A float that is not exactly one."""


class FF(float):
    """A float whose products stay of its class."""

    def __mul__(self, other):
        return FF(float(self) * float(other))

    __rmul__ = __mul__


class Wt(float):
    """A weight that knows which side of a product it stands on."""

    def __mul__(self, other):
        return 200.0

    def __rmul__(self, other):
        return 100.0


class I(int):  # noqa: E742
    """An int that is not exactly one."""


class Idx:
    """Not a number, but an index."""

    def __init__(self, n):
        self.n = n

    def __index__(self):
        return self.n


class Str(str):
    """A str that is not exactly one."""


class UpStr(str):
    """A str with a lower case of its own."""

    def lower(self):
        return "custom"


class HashStr(str):
    """A str that equals everything."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 7


class LowTag:
    """Not a str, but it can be lowered."""

    def __init__(self, s):
        self.s = s

    def lower(self):
        return self.s


class EqAll:
    """Equals everything, and cannot be hashed."""

    __hash__ = None

    def __eq__(self, other):
        return True


class BadEq:
    """Cannot be compared."""

    def __eq__(self, other):
        raise RuntimeError("eq boom")

    def __hash__(self):
        return 1


class RevList(list):
    """A list that iterates backwards."""

    def __iter__(self):
        return list.__reversed__(self)


class AllIn(list):
    """A list that contains everything."""

    def __contains__(self, item):
        return True


class DictSub(dict):
    """A dict that is not exactly one."""


class FalsyDict(dict):
    """A dict that is false."""

    def __bool__(self):
        return False


class MissDict(dict):
    """A dict that makes up what it lacks."""

    def __missing__(self, key):
        return f"missing-{key}"


class GetSpy(dict):
    """A dict that keeps how it was asked."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.calls = []

    def get(self, key, default=None):
        self.calls.append(f"get:{key}")
        return super().get(key, default)

    def __getitem__(self, key):
        self.calls.append(f"item:{key}")
        return super().__getitem__(key)


class Duck:
    """Not a dict, but it has ``get`` and ``[]``."""

    def __init__(self, d):
        self.d = d

    def get(self, key, default=None):
        return self.d.get(key, default)

    def __getitem__(self, key):
        return self.d[key]


_HELPERS = (S, M, MX, ev, titles, attempt, write, graph, Svc)
_CLASSES = (F, FF, Wt, I, Idx, Str, UpStr, HashStr, LowTag, EqAll, BadEq, RevList, AllIn)
_MAPPINGS = (DictSub, FalsyDict, MissDict, GetSpy, Duck)
_BORROWED = {"Decimal": Decimal, "Fraction": Fraction, "inf": inf, "nan": nan}

for _odd in (*_CLASSES, *_MAPPINGS):
    _odd.__module__ = "__main__"


def names() -> dict[str, Any]:
    """The names for one case, fresh."""
    own = {each.__name__: each for each in (*_HELPERS, *_CLASSES, *_MAPPINGS)}
    return {**_BORROWED, **own, "W0": dict(W0)}
