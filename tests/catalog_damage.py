"""Open damaged copies of a saved catalogue and ask them everything: a script, as it may crash."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from random import Random

from catalog_child import digest
from eventkit import Catalog, Filter

TABLE = 64
"""Bytes at the head that are checked when a file is opened, at least."""


def damage(data: bytes, rng: Random) -> bytes:
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 4, 64))):
        place = rng.randrange(TABLE, len(found))
        size = rng.choice((1, 1, 4, 8))
        value = rng.choice((b"\xff" * 8, b"\x00" * 8, rng.randbytes(8)))
        found[place : place + size] = value[:size][: len(found) - place]
    return bytes(found)


def ask(path: Path) -> None:
    catalog = Catalog.open(path)
    questions = (
        lambda: list(catalog),
        lambda: digest(catalog),
        lambda: catalog.recommend(["agents basics", "art basics"], None),
        lambda: catalog.recommend([], None, filter=Filter(start="09:00", locations=["room 1"])),
        lambda: catalog.recommend([], 5, filter=Filter(any_tags=["art basics"], exclude=["s1"])),
        lambda: catalog.recommend_json(["art basics"], 300),
        lambda: catalog.explain("community safety, part 0", ["art basics"]),
        lambda: catalog.score("s000001", ["art basics"]),
        lambda: catalog.plan(["agents basics", "art basics"], 5, gap=5),
        lambda: "s000002" in catalog,
        lambda: catalog.with_sessions([{"title": "x"}], ["s000003"]).recommend(["ai"], 400),
        lambda: catalog.export(["art basics"]),
        lambda: catalog.save(path.with_suffix(".copy")),
    )
    for question in questions:
        with suppress(Exception):
            question()


def main() -> None:
    saved, rounds = Path(sys.argv[1]), int(sys.argv[2])
    data, rng = saved.read_bytes(), Random(11)
    path = saved.with_suffix(".damaged")
    for _ in range(rounds):
        # A new file each time: a mapped one must not change under its reader.
        path.unlink(missing_ok=True)
        path.write_bytes(damage(data, rng))
        with suppress(Exception):
            ask(path)
    print("survived", rounds)


if __name__ == "__main__":
    main()
