"""Makes requests, checks their answers, and loads a server by wrk on the same cores."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import generator
from eventkit import reference

SCRIPT = Path(__file__).with_name("server_load.lua")
TOP = 5
THREADS = 1
"""One thread of wrk is faster than every server here. Two would use a core of the server."""


@dataclass(frozen=True)
class Question:
    interests: str
    top: int = TOP

    @property
    def target(self) -> str:
        return f"/recommend?{urlencode({'interests': self.interests, 'top': self.top})}"


@dataclass(frozen=True)
class Rate:
    """The result of a run of wrk."""

    per_second: float
    p50: float
    p99: float
    failed: int


def questions(count: int) -> list[Question]:
    """Return different requests with one to six interests, mostly common tags."""
    made: dict[Question, None] = {}
    seed = 0
    while len(made) < count:
        interests = generator.interests(1 + seed % 6, seed)
        made[Question(", ".join(interests))] = None
        seed += 1
    return list(made)


def write(path: Path, asked: Sequence[Question]) -> Path:
    path.write_text("".join(f"{each.target}\n" for each in asked), encoding="utf-8")
    return path


def expected(manifest: Any, question: Question) -> bytes:
    interests = reference.normalize_interests(question.interests)
    return json.dumps(reference.recommend(manifest, interests, question.top)).encode()


def check(url: str, asked: Sequence[Question], answers: Sequence[bytes]) -> None:
    """Raise an error if a server's answers differ from the reference's bytes."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    for question, answer in zip(asked, answers, strict=True):
        connection.request("GET", question.target)
        response = connection.getresponse()
        body = response.read()
        if (response.status, body) != (200, answer):
            raise AssertionError(f"{url}{question.target}: {response.status} {body!r}\n{answer!r}")
    connection.close()


def load(url: str, file: Path, connections: int, seconds: float, first: int = 0) -> Rate:
    """Send the requests of a file for some seconds, beginning with the one numbered `first`."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    command = [wrk, "--threads", str(THREADS), "--connections", str(connections)]
    command += ["--duration", f"{max(1, round(seconds))}s", "--timeout", "30s"]
    command += ["--script", str(SCRIPT), url, "--", str(file), str(first)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    said = json.loads(done.stdout.strip().splitlines()[-1])
    if said["status"]:
        raise AssertionError(f"{url}: {said['status']} answers were not 200")
    return Rate(said["requests"] / said["seconds"], said["p50"], said["p99"], said["failed"])
