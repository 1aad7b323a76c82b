"""Open a path that names each kind of file in turn: ``python paths_child.py OPENER DIRECTORY``.

One line of JSON for each kind says what came of it. Whoever started this ends it when it hangs.
"""

from __future__ import annotations

import gzip
import json
import os
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import eventkit
from eventkit import Catalog, Telemetry, files, summarize
from eventkit.graph.token_file import TokenFile
from eventkit.server import ServerMetrics, ServerSettings, create_app
from eventkit.server.sharing import SharedCatalogs
from eventkit.telemetry.privacy import Pseudonyms

WEIGHTS = {"interest": 2.0, "popularity": 0.5}
MANIFEST = {"weights": WEIGHTS, "sessions": [{"title": "Own", "tags": ["ai"]}] * 50}
SESSIONS = [{"title": "External", "tags": ["ai"]}] * 50
LINE = b'{"ts": 1.5, "action": "a", "success": true, "latency_ms": 2.25}\n'
NOBODY = 65_534


class RefusedError(Exception):
    """Stands for an answer that says "nothing there" without an exception."""


class Opener(NamedTuple):
    """A function of the package that opens a path.

    Attributes:
        run: Opens the path; raises if the file could not be used.
        good: The content of a file that it can use.
        ending: Appended to the path that `run` is given, to name the path it opens. After a slash,
            it is a file in a private directory.
        made: Whether `run` makes the path itself, a directory, where there is none.
    """

    run: Callable[[Path], object]
    good: bytes
    ending: str = ""
    made: bool = False


def must(answer: Any) -> None:
    if not answer:
        raise RefusedError(repr(answer))


def external(path: Path) -> None:
    settings = {"externalSessions": {"enabled": True, "file": str(path)}}
    (first, *_) = eventkit.get_sessions({**MANIFEST, "features": settings})
    must(first["title"] == "External")


def telemetry(path: Path) -> None:
    with Telemetry(path, durability="sync", daily=False) as written:
        if not written.log("a", {}, None, True):
            raise RefusedError(written.stats()["last_error"])


def rotated(path: Path) -> None:
    path.write_bytes(LINE)
    must(Telemetry(path, daily=False).rotate_only())


def summary(path: Path) -> None:
    found = summarize(path, rotated=False)
    if found["unreadable"]:
        raise RefusedError(found["unreadable"])


def pseudonym(path: Path) -> None:
    """A key that cannot be used is replaced by one for this process alone; that is not an error."""
    pseudonyms = Pseudonyms(path)
    must(pseudonyms.of("ada") == Pseudonyms(path).of("ada"))


def token_load(path: Path) -> None:
    must(TokenFile(str(path), "app").load())


def token_save(path: Path) -> None:
    TokenFile(str(path), "app").save(json.dumps(CACHE))
    must(path.is_file() and json.loads(path.read_bytes())["key"] == "app")


def served(path: Path) -> None:
    create_app(str(path), settings=ServerSettings(share_sessions=0))


def served_external(path: Path) -> None:
    manifest = path.with_name("manifest.json")
    settings = {"externalSessions": {"enabled": True, "file": str(path)}}
    manifest.write_text(json.dumps({**MANIFEST, "features": settings}))
    app = create_app(str(manifest), settings=ServerSettings(share_sessions=0))
    must(app.source.revision.catalog[0]["title"] == "External")


def shared(path: Path) -> None:
    shelf = SharedCatalogs(str(path), 1)
    must(shelf.shared("one", Catalog(MANIFEST)))


def metrics(path: Path) -> None:
    must(ServerMetrics(path).snapshot()["workers"])


def counted() -> bytes:
    """The file of a process that counted a request and is gone."""
    directory = Path("counted")
    ServerMetrics(directory).observe("/recommend", 200, 0.001)
    (file,) = directory.glob("worker-*")
    return file.read_bytes()


CACHE = {name: {} for name in ("AccessToken", "Account", "IdToken", "RefreshToken", "AppMetadata")}


def compiled() -> bytes:
    path = Path("good.catalog")
    Catalog(MANIFEST).save(path)
    return path.read_bytes()


def openers() -> dict[str, Opener]:
    manifest, sessions = json.dumps(MANIFEST).encode(), json.dumps(SESSIONS).encode()
    catalog, table = compiled(), counted()
    lines = b"".join(json.dumps(session).encode() + b"\n" for session in SESSIONS)
    profiles = json.dumps({"ada": ["ai"]}).encode()
    token = json.dumps({"version": 1, "key": "app", "cache": CACHE}).encode()
    return {
        "manifest": Opener(eventkit.load_manifest, manifest),
        "external sessions": Opener(external, sessions),
        "profile, loaded": Opener(lambda path: must(eventkit.load_profile(path, "ada")), profiles),
        "profile, saved": Opener(
            lambda path: eventkit.save_profile(path, "eve", ["web"]), profiles
        ),
        "profile's lock": Opener(
            lambda path: eventkit.save_profile(path, "eve", ["web"]), b"", ".lock"
        ),
        "catalogue": Opener(lambda path: Catalog.open(path, verify=True), catalog),
        "catalogue, saved": Opener(lambda path: Catalog(MANIFEST).save(path), catalog),
        "JSON": Opener(Catalog.from_json, manifest),
        "JSON lines": Opener(Catalog.from_ndjson, lines),
        "telemetry": Opener(telemetry, LINE),
        "telemetry's lock": Opener(rotated, b"", ".lock"),
        "telemetry, summarised": Opener(summary, LINE),
        "telemetry, summarised from gzip": Opener(summary, gzip.compress(LINE * 50)),
        "telemetry's key": Opener(pseudonym, bytes(range(32))),
        "token file, loaded": Opener(token_load, token),
        "token file, saved": Opener(token_save, token),
        "export": Opener(lambda path: eventkit.export(MANIFEST, ["ai"], output=path), b"old"),
        "replaced file": Opener(lambda path: files.atomic_write(path, b"new"), b"old"),
        "server's manifest": Opener(served, manifest),
        "server's external sessions": Opener(served_external, sessions),
        "server's shared directory": Opener(shared, b"", made=True),
        "metrics directory": Opener(metrics, b"", made=True),
        "metrics directory's lock": Opener(metrics, b"", "/lock"),
        "metrics of a process that is gone": Opener(metrics, table, "/worker-0000000000000001"),
        "metrics, merged": Opener(metrics, table, "/folded"),
    }


def whole(path: Path, good: bytes) -> None:
    path.write_bytes(good)
    path.chmod(0o600)


def truncated(path: Path, good: bytes) -> None:
    whole(path, good[: len(good) // 2])


def sparse(path: Path, good: bytes) -> None:
    whole(path, b"")
    os.truncate(path, 1 << 40)


def linked(path: Path, good: bytes) -> None:
    target = path.with_name("target")
    whole(target, good)
    path.symlink_to(target)


def listening(path: Path, _good: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def unreadable(path: Path, good: bytes) -> None:
    whole(path, good)
    path.chmod(0)


KINDS: dict[str, Callable[[Path, bytes], object]] = {
    "pipe": lambda path, _: os.mkfifo(path, 0o600),
    "device": lambda path, _: os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5)),
    "socket": listening,
    "directory": lambda path, _: path.mkdir(),
    "link": linked,
    "dangling link": lambda path, _: path.symlink_to(path.with_name("nothing")),
    "sparse": sparse,
    "truncated": truncated,
    "unreadable": unreadable,
}


def clean(directory: Path) -> None:
    for entry in sorted(directory.rglob("*"), reverse=True):
        entry.chmod(0o700) if entry.is_dir() and not entry.is_symlink() else None
        entry.rmdir() if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def looks(path: Path) -> tuple[int, int, int] | None:
    """What tells whether a file is the one that it was, without opening it."""
    try:
        seen = path.lstat()
    except FileNotFoundError:
        return None
    return stat.S_IFMT(seen.st_mode), seen.st_ino, seen.st_size


def attempt(opener: Opener, given: Path) -> tuple[str, str]:
    try:
        opener.run(given)
    except RefusedError as refused:
        return "refused", str(refused)
    except (eventkit.EventKitError, OSError) as error:
        return "error", f"{type(error).__name__}: {error}"
    except BaseException as error:
        return "untyped", f"{type(error).__name__}: {error}"
    return "done", ""


def main() -> None:
    name, directory = sys.argv[1], Path(sys.argv[2])
    os.chdir(directory)
    opener = openers()[name]
    for kind, make in KINDS.items():
        clean(directory)
        given = directory / "file"
        path = Path(f"{given}{opener.ending}")
        if path.parent == given:
            given.mkdir(mode=0o700)
        print(json.dumps({"kind": kind, "began": True}), flush=True)
        try:
            make(path, opener.good)
        except PermissionError as error:  # mknod, where this is not root's own machine
            print(json.dumps({"kind": kind, "skipped": str(error)}), flush=True)
            continue
        before = looks(path)
        if kind == "unreadable" and os.geteuid() == 0:
            directory.chmod(0o777)
            os.seteuid(NOBODY)
        came, message = attempt(opener, given)
        os.seteuid(os.getuid())
        directory.chmod(0o700)
        same = looks(path) == before
        clean(directory)
        if not opener.made:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            whole(path, opener.good)
        repaired, why = attempt(opener, given)
        said = {"came": came, "message": message, "same": same, "repaired": repaired, "why": why}
        print(json.dumps({"kind": kind, **said}), flush=True)


if __name__ == "__main__":
    main()
