"""JSON texts of sessions: every form that a value can be written in, whole and damaged."""

from __future__ import annotations

from random import Random

_NUMBERS = """
    0 -0 1 -1 12 0.0 -0.0 0.1 1.0 1e5 1E-7 1e16 123456789012345680.0 5e-324 2.5e-5 1E400 -1E400
    1.7976931348623157e308 9007199254740993 9223372036854775807 -9223372036854775808
    9223372036854775808 123456789012345678901234567890 0.30000000000000004 1e22 1e23 NaN
    Infinity -Infinity 4.35 0.1234567890123456789 100000000000000000000.0
"""
NUMBERS = _NUMBERS.split()
PLAIN_NUMBERS = ["0", "1", "0.5", "0.25", "-3", "1e2", "0.30000000000000004", "7", "-0", "-0.0"]
STRINGS = [
    '""', '"a"', '"AI"', '"Web"', '"\\u0041I"', '"\\n\\t\\"\\\\\\/\\b\\f\\r"', '"caf\\u00e9"',
    '"é"', '"ΑΣ"', '"\u03b1\u03c3"', '"\\u0391\\u03a3"', '"\\ud83d\\ude00"', '"😀"', '"\\ud800"',
    '"\\udc00\\ud800"', '"\\u0000"', '"İ"', '"\u2028"', '"\x7f"', '"a,b]}"', '"[{"', '"x\\\\"',
    '"09:00"', '"2026-01-31T09:00:00+01:00"',
]  # fmt: skip
TAGS = ['"AI"', '"web"', '"Web"', '"ΑΣ"', '"\\u0391\\u03a3"', '"İ"', '"a b"', '""', '"rust"']
SPACES = ["", "", "", " ", "  ", "\n", "\r\n", "\t", " \n "]
NAMES = ["id", "title", "tags", "popularity", "start", "end", "location"]


class Writer:
    """Writes documents; half of their sessions are what the native loader takes."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.plain = rng.randrange(2) == 0

    def space(self) -> str:
        return self.rng.choice(SPACES)

    def joined(self, items: list[str], around: str) -> str:
        space = self.space
        inner = f"{space()},{space()}".join(items)
        return f"{around[0]}{space()}{inner}{space()}{around[1]}"

    def value(self, depth: int = 0) -> str:
        kind = self.rng.randrange(8 if depth < 4 else 5)
        if kind < 2:
            return self.rng.choice(PLAIN_NUMBERS if self.plain else NUMBERS)
        if kind < 4:
            return self.string()
        if kind == 4:
            return self.rng.choice(("null", "true", "false"))
        items = [self.value(depth + 1) for _ in range(self.rng.randrange(4))]
        if kind == 5:
            return self.joined(items, "[]")
        return self.object([(self.string(), item) for item in items])

    def string(self) -> str:
        text = self.rng.choice(STRINGS)
        return '"plain"' if self.plain and "\\u" in text else text

    def object(self, members: list[tuple[str, str]]) -> str:
        space = self.space
        items = [f"{name}{space()}:{space()}{value}" for name, value in members]
        return self.joined(items, "{}")

    def session(self, place: int) -> str:
        rng = self.rng
        tags = [rng.choice(TAGS) for _ in range(rng.randrange(4))]
        members = [
            ("id", f'"s{place}"'),
            ("title", rng.choice((f'"Talk {place}"', '"Keynote"', '"ΑΣ"', '"caf\\u00e9"'))),
            ("tags", self.joined(tags, "[]")),
            ("popularity", rng.choice(PLAIN_NUMBERS)),
            ("start", rng.choice(('"09:00"', '"10:00"', "null"))),
            ("end", rng.choice(('"11:00"', '"12:00"', "5"))),
            ("location", rng.choice(('"Hall 1"', '"hall 1"', '"Ö"', "null"))),
        ]
        members = [(f'"{name}"', value) for name, value in members if rng.randrange(12)]
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            members.insert(rng.randrange(len(members) + 1), (self.string(), self.value()))
        if not self.plain and rng.randrange(2):
            members.insert(
                rng.randrange(len(members) + 1),
                (f'"{rng.choice(NAMES)}"', self.value()),
            )
        if rng.randrange(8) == 0:
            rng.shuffle(members)
        return self.object(members)

    def sessions(self) -> list[str]:
        return [self.session(place) for place in range(self.rng.choice((0, 1, 2, 3, 6)))]

    def manifest(self) -> str:
        weights = [
            (f'"{name}"', self.rng.choice(PLAIN_NUMBERS))
            for name in ("interest", "popularity", "diversity")
        ]
        members = [
            ('"weights"', self.object(weights)),
            ('"sessions"', self.joined(self.sessions(), "[]")),
            ('"name"', self.value()),
            ('"recommend"', '{"max_sessions_default": 2}'),
        ]
        self.rng.shuffle(members)
        return self.space() + self.object(members) + self.space()

    def array(self) -> str:
        return self.space() + self.joined(self.sessions(), "[]") + self.space()


def document(rng: Random) -> bytes:
    """Write an array of sessions, or a manifest with weights."""
    writer = Writer(rng)
    text = writer.array() if rng.randrange(2) else writer.manifest()
    return text.encode("utf-8", "surrogatepass")


def lines(rng: Random) -> list[bytes]:
    """Write one session a line, and blank lines."""
    writer = Writer(rng)
    made = [b"" if rng.randrange(8) == 0 else _one_line(text) for text in writer.sessions()]
    return [line + rng.choice((b"\n", b"\r\n", b" \n")) for line in made]


def _one_line(text: str) -> bytes:
    return text.replace("\r\n", " ").replace("\n", " ").encode()


def damaged(rng: Random, data: bytes) -> bytes:
    """Take away, put in, or replace a few bytes."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(found) + 1)
        fate = rng.randrange(4)
        if fate == 0:
            del found[place : place + rng.choice((1, 1, 3, 20))]
        elif fate == 1:
            del found[place:]
        else:
            piece = rng.choice(PIECES)
            found[place : place + (len(piece) if fate == 3 else 0)] = piece
    return bytes(found)


PIECES = [
    b",", b"]", b"}", b"{", b"[", b'"', b":", b"\\", b"\n", b"\x00", b"\xff", b"\xc3", b"0", b"-",
    b".", b"e", b"\xed\xa0\x80", b"nul", b"NaN", b"\\u12", b"\x1f", b"1_0", b"+1", b"01", b"'",
    b"//", b"\xef\xbb\xbf", b'{"title": "x"},',
]  # fmt: skip
