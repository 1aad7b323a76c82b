"""Workers that share a server: ``URL MODES FOLDER OPTIONS``, a worker a mode, forked from this one.

Prints ``ready`` and their process ids; after a line on its input all ask at once. Each fetch adds a
byte to ``FOLDER/fetches`` at its beginning, each worker leaves ``FOLDER/<process id>.json``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from eventkit.graph import ValkeyStore

KEY = "=events/=tenant/=ann@example.com/-/-/10"


def ask(store: ValkeyStore, mode: str, folder: Path, seconds: float) -> None:
    def begin() -> None:
        file = os.open(folder / "fetches", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.write(file, b".")
        os.close(file)

    def events() -> Any:
        return [{"title": f"fetched by {os.getpid()}", "popularity": 0.1 + 0.2}]

    def load() -> Any:
        begin()
        time.sleep(seconds)
        return events()

    async def aload() -> Any:
        begin()
        await asyncio.sleep(seconds)
        return events()

    if mode == "sync":
        found, age = store.get_or_load(KEY, 300, load)
    else:
        found, age = asyncio.run(store.aget_or_load(KEY, 300, aload))
    answer = {"events": found, "age": age, "stats": store.stats()}
    (folder / f"{os.getpid()}.json").write_text(json.dumps(answer), encoding="utf-8")


def main(url: str, modes: str, folder: str, said: str) -> None:
    options = json.loads(said)
    seconds = options.pop("fetch")
    store = ValkeyStore(url, **{"timeout": 5.0, "wait_seconds": 30.0, **options})
    if options.get("secret") == "warm":  # The parent has connections that no child may use.
        store.get_or_load("another", 300, list)
    gate, opener = os.pipe()
    workers = []
    for mode in modes.split(","):
        worker = os.fork()
        if not worker:
            os.close(opener)
            os.read(gate, 1)  # Ends when the parent closes its end.
            try:
                ask(store, mode, Path(folder), seconds)
            finally:
                os._exit(0)
        workers.append(worker)
    print("ready", *workers, flush=True)
    sys.stdin.readline()
    os.close(opener)
    for worker in workers:
        os.waitpid(worker, 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
