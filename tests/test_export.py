"""`export`: what it answers, when it writes, and that it never writes elsewhere."""

from __future__ import annotations

import itertools
import os
import re
import stat
import threading
from datetime import date
from pathlib import Path

import pytest

import eventkit
from eventkit import reference
from eventkit.errors import ExportError
from eventkit.exports import FORMATS, file_name, save_beneath

MANIFEST = {
    "name": "Test Days",
    "weights": {"interest": 2.0, "popularity": 0.5, "diversity": 0.3},
    "recommend": {"max_sessions_default": 2},
    "sessions": [
        {
            "title": f"Talk {n}",
            "start": f"2026-05-04T{9 + n:02d}:00:00+02:00",
            "end": f"2026-05-04T{9 + n:02d}:45:00+02:00",
            "location": "Hall",
            "tags": ["AI", f"t{n}"],
            "popularity": n / 10,
        }
        for n in range(5)
    ],
}
INTERESTS = ["ai", "t1"]


def below(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


# --- what it answers


@pytest.mark.parametrize("top", [None, 0, 1, 3, -1, 99])
def test_markdown_is_the_reference_itinerary(top: int | None) -> None:
    recommendation = reference.recommend(MANIFEST, INTERESTS, 2 if top is None else top)
    assert eventkit.export(MANIFEST, INTERESTS, top) == {
        "markdown": reference.build_itinerary_markdown(INTERESTS, recommendation),
        "sessionCount": len(recommendation["sessions"]),
    }


def test_keys_come_in_the_originals_order(tmp_path: Path) -> None:
    result = eventkit.export(MANIFEST, INTERESTS, output=tmp_path)
    assert list(result) == ["markdown", "sessionCount", "saved"]


@pytest.mark.parametrize(
    ("settings", "count"),
    [({}, 3), ({"recommend": {}}, 3), ({"recommend": {"max_sessions_default": 4}}, 4)],
)
def test_top_default(settings: dict, count: int) -> None:
    manifest = {key: MANIFEST[key] for key in ("weights", "sessions")} | settings
    assert eventkit.export(manifest, INTERESTS)["sessionCount"] == count


@pytest.mark.parametrize(
    "interests",
    ["AI; t1", ("ai", "t1"), (name for name in INTERESTS)],
    ids=["text", "tuple", "iter"],
)
def test_interests_in_other_shapes(interests: object) -> None:
    assert eventkit.export(MANIFEST, interests) == eventkit.export(MANIFEST, INTERESTS)


def test_unknown_format_is_named() -> None:
    with pytest.raises(ExportError, match=r"^format 'pdf': must be one of markdown, ics, html"):
        eventkit.export(MANIFEST, INTERESTS, format="pdf")


@pytest.mark.parametrize("bad", ["tomorrow", "2026-02-30", 5])
def test_bad_date_is_named(bad: object) -> None:
    with pytest.raises(ExportError, match=re.escape(f"date {bad!r}: must be a date")):
        eventkit.export(MANIFEST, INTERESTS, format="ics", date=bad)


def test_original_errors_stay() -> None:
    with pytest.raises(KeyError, match="weights"):
        eventkit.export({"sessions": []}, INTERESTS)
    with pytest.raises(TypeError, match="slice indices"):
        eventkit.export(MANIFEST, INTERESTS, "3")


# --- when it writes


@pytest.mark.parametrize("format", FORMATS)
def test_nothing_is_written_unasked(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    manifest = MANIFEST | {"features": {"export": {"enabled": True, "output_dir": "out"}}}
    assert "saved" not in eventkit.export(manifest, INTERESTS, format=format)
    assert below(tmp_path) == set()


@pytest.mark.parametrize("format", FORMATS)
def test_file_and_directory_outputs(format: str, tmp_path: Path) -> None:
    in_directory = eventkit.export(MANIFEST, INTERESTS, format=format, output=tmp_path)
    names = {"markdown": "md", "card": "card.json"}
    extension = names.get(format, format.replace("-", "."))
    assert in_directory["saved"] == str(tmp_path / f"itinerary_ai_t1.{extension}")
    as_file = eventkit.export(MANIFEST, INTERESTS, format=format, output=tmp_path / "plan")
    assert as_file["saved"] == str(tmp_path / "plan")
    assert below(tmp_path) == {f"itinerary_ai_t1.{extension}", "plan"}


def test_relative_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert eventkit.export(MANIFEST, INTERESTS, output="plan.md")["saved"] == "plan.md"
    assert eventkit.export(MANIFEST, INTERESTS, output="new/")["saved"] == "new/itinerary_ai_t1.md"
    assert eventkit.export(MANIFEST, INTERESTS, output=".")["saved"] == "itinerary_ai_t1.md"


def test_written_bytes_are_the_itinerary(tmp_path: Path) -> None:
    manifest = MANIFEST | {"sessions": [{"title": "caf\u00e9 \u4f1a\u8b70 \ud800\r\nx"}]}
    result = eventkit.export(manifest, ["ai"], output=tmp_path)
    # Byte for byte, but for lone surrogates: the original fails on those with an empty file.
    assert Path(result["saved"]).read_bytes().decode("utf-8") == result["markdown"].replace(
        "\ud800", "\ufffd"
    )


def test_replacing_keeps_permissions_and_leaves_no_other_file(tmp_path: Path) -> None:
    target = tmp_path / "plan.md"
    target.write_text("older")
    target.chmod(0o600)
    eventkit.export(MANIFEST, INTERESTS, output=target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert target.read_text().startswith("# Event Itinerary")
    assert below(tmp_path) == {"plan.md"}


def test_readers_see_whole_files_only(tmp_path: Path) -> None:
    """Two writers of different itineraries; every read gives one or the other."""
    target = tmp_path / "plan.md"
    whole = {eventkit.export(MANIFEST, [i], output=target)["markdown"] for i in INTERESTS}
    writers = [
        threading.Thread(
            target=lambda i=i: [eventkit.export(MANIFEST, [i], output=target) for _ in range(40)]
        )
        for i in INTERESTS
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert target.read_text() in whole
    for writer in writers:
        writer.join()
    assert below(tmp_path) == {"plan.md"}


def test_failed_write_keeps_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "plan.md"
    target.write_text("older")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        eventkit.export(MANIFEST, INTERESTS, output=target)
    assert caught.value.filename == str(target)
    assert target.read_text() == "older"
    assert below(tmp_path) == {"plan.md"}


def test_missing_directory_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        eventkit.export(MANIFEST, INTERESTS, output=tmp_path / "none" / "plan.md")
    assert caught.value.filename == str(tmp_path / "none")


# --- and never elsewhere

NASTY = [
    "..",
    "../pwn",
    "../../../../pwn",
    "x/../../pwn",
    "./../pwn",
    "....//pwn",
    "..\\pwn",
    "..\\..\\pwn",
    "/pwn",
    "//pwn",
    "~/pwn",
    "$HOME/pwn",
    "pwn\n.md",
    "pwn\r\nSet-Cookie: a",
    "pwn\x00.md",
    "\x00",
    "\x1b[31mpwn",
    "..%2fpwn",
    "%2e%2e/pwn",
    "\uff0e\uff0e/pwn",
    "..\u2215pwn",
    "link/pwn",
    "dir/../link/pwn",
    "C:\\pwn",
    "file:///pwn",
    "|pwn",
    "-rf",
    "pwn" * 200,
    ".",
    "",
    " ",
    "\ud800pwn",
    "\udc80pwn",
    "dir/",
    "dir/link/pwn",
]
DECORATIONS = [
    "{}",
    "{}/",
    "{}.md",
    "dir/{}",
    "./{}",
    "link/{}",
    "{}/../{}",
    "a/{}",
    "{}//x",
    "/{}",
]
PAYLOADS = [shape.format(*(nasty,) * 2) for nasty, shape in itertools.product(NASTY, DECORATIONS)]
PAYLOADS += [f"{a}/{b}" for a, b in itertools.product(NASTY[:15], NASTY[:10])]


@pytest.fixture
def fenced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """A directory to write in, with links that lead out of it; and all that is around it."""
    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # slow, and no part of the question
    inside = tmp_path / "around" / "inside"
    (inside / "dir").mkdir(parents=True)
    (tmp_path / "around" / "target").mkdir()
    (inside / "link").symlink_to(tmp_path / "around" / "target")
    (inside / "dir" / "link").symlink_to(tmp_path / "around" / "target")
    (inside / "itinerary_all.md").symlink_to(tmp_path / "around" / "target" / "all.md")
    return tmp_path, inside


def outside(around: Path, inside: Path) -> set[str]:
    return {name for name in below(around) if not (around / name).is_relative_to(inside)}


def test_there_are_enough_payloads() -> None:
    assert len(set(PAYLOADS)) >= 480


def test_payloads_in_output_write_nothing_outside(
    fenced: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    around, inside = fenced
    monkeypatch.chdir(inside)
    before = outside(around, inside)
    for payload in PAYLOADS:
        # Appended as a service would: the directory is the service's, the rest is not.
        for write in (
            lambda p=payload: eventkit.export(MANIFEST, INTERESTS, output=f"{inside}/{p}"),
            lambda p=payload: save_beneath(inside, p, "itinerary.md", "text"),
        ):
            try:
                write()
            except (ExportError, OSError):
                continue
    assert outside(around, inside) == before
    assert not Path("/pwn").exists()


def test_payloads_in_interests_write_nothing_outside(fenced: tuple[Path, Path]) -> None:
    around, inside = fenced
    before = outside(around, inside)
    for payload in PAYLOADS:
        saved = Path(eventkit.export(MANIFEST, [payload, "ai", payload], output=inside)["saved"])
        assert saved.parent == inside
        assert re.fullmatch(r"itinerary_[a-z0-9_-]{1,80}\.md", saved.name)
        assert saved.is_file()
        assert not saved.is_symlink()
    assert outside(around, inside) == before


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../x.md", "must not hold '..'"),
        ("a/../../x.md", "must not hold '..'"),
        ("/etc/x.md", "must be a name inside"),
        ("x\n.md", "control characters"),
        ("link/x.md", "is a link"),
        ("dir/link/x.md", "is a link"),
    ],
)
def test_refusals_name_the_value(fenced: tuple[Path, Path], name: str, reason: str) -> None:
    _around, inside = fenced
    with pytest.raises(ExportError, match=re.escape(reason)) as caught:
        save_beneath(inside, name, "itinerary.md", "text")
    assert caught.value.argument == "output"
    assert caught.value.value in (name, "link")


def test_a_link_as_directory_is_refused(fenced: tuple[Path, Path]) -> None:
    _around, inside = fenced
    for output in (inside / "link", f"{inside}/link/", inside / "link" / "x.md"):
        with pytest.raises(ExportError, match="is a link"):
            eventkit.export(MANIFEST, INTERESTS, output=output)


def test_a_link_as_file_is_replaced_not_followed(fenced: tuple[Path, Path]) -> None:
    around, inside = fenced
    saved = Path(eventkit.export(MANIFEST, [], output=inside)["saved"])
    assert saved.name == "itinerary_all.md"
    assert not saved.is_symlink()
    assert not (around / "around" / "target" / "all.md").exists()


def test_the_original_names_stay_for_plain_interests() -> None:
    assert file_name(["ai", "agents", "web", "more"]) == "itinerary_ai_agents_web.md"


def test_names_without_plain_letters_differ() -> None:
    names = {file_name([interest]) for interest in ("会議", "音楽", "\ud800", "🎲")}
    assert len(names) == 4


def test_export_errors_survive_pickling() -> None:
    import pickle

    error = ExportError("output", "../x", "must not hold '..'")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.value) == (str(error), "../x")


def test_date_may_be_a_date() -> None:
    manifest = MANIFEST | {"sessions": [{"title": "T", "start": "09:00"}]}
    day = date(2026, 5, 4)
    assert "DTSTART:20260504T090000" in eventkit.export(manifest, [], format="ics", date=day)["ics"]
