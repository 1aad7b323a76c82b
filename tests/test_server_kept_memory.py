"""The memory of answers that a server keeps ready: the limit is what the process grows by."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from faults.child import PATIENCE, environment

GROWTH = """
import ctypes, gc, json, resource, sys
from eventkit.server import ServerSettings
from eventkit.server.app import create_app
from eventkit.server.revision import ResponseCache
from eventkit.server.message import Request

LIMIT = 16 << 20
words, encoding, padding = int(sys.argv[1]), sys.argv[2], "a" * int(sys.argv[3])
text = " ".join(f"word{number}" for number in range(words))
sessions = [{"title": f"T{n}", "text": text, "tags": ["ai"], "popularity": n / 9} for n in range(9)]
manifest = {"weights": {"interest": 2.0, "popularity": 0.5}, "sessions": sessions}
settings = ServerSettings(cache_entries=10**6, gzip_bytes=1_000, requests_per_minute=0)
app = create_app(manifest, settings=settings)
answers = app.source.revision.cache

def resident():
    gc.collect()
    # Memory that was used and freed before would hide what is taken now.
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

def ask(number):
    path = "/explain" if number % 3 == 0 else "/recommend"
    query = f"interests=ai&top=9&session=t{number % 9}&x={text} {number}{padding}"
    query = query.replace(" ", "+").encode()
    headers = {"accept-encoding": encoding, "host": "localhost"}
    response = app.respond(Request("GET", path, query, headers, b"", client="127.0.0.1"))
    assert response.status == 200, response.body
    kept = answers.get((path, query), app.source.clock())
    assert kept is not None
    kept.encoded_headers()

for number in range(500):
    ask(number)
answers._kept.clear()
answers._held = 0
before, number, full = resident(), 500, None
while answers._held < LIMIT * 0.97:
    ask(number)
    number += 1
print(json.dumps({"held": answers._held, "grown": resident() - before, "answers": number - 500}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("words", [1, 100])
@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("padding", [0, 7_000], ids=["short keys", "long keys"])
@pytest.mark.slow
def test_kept_answers_grow_the_process_by_their_limit_at_most(
    words: int, encoding: str, padding: int
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(words), encoding, str(padding)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["grown"] <= 1.1 * (16 << 20), seen
    # And what is counted is there: a limit of 16 MiB is not one of 4.
    assert seen["grown"] >= 0.3 * (16 << 20), seen
