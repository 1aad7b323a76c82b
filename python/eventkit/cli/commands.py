"""The commands ``recommend``, ``explain`` and ``export``."""

from __future__ import annotations

import argparse
from typing import Any

from eventkit.cli import calendar, views
from eventkit.cli.answer import Answer
from eventkit.cli.interests import interests_of, save_interests
from eventkit.cli.programme import Programme, read
from eventkit.errors import GraphServiceError
from eventkit.exports import (
    Document,
    build_document,
    default_top,
    format_of,
    save,
    save_beneath,
)

__all__ = ["explain", "export", "recommend"]

NOT_FOUND, BAD_INPUT = 1, 2
OUTPUT_DIRECTORY = "exports"


def recommend(arguments: argparse.Namespace) -> Answer:
    """Recommend sessions."""
    programme = read(arguments.manifest)
    interests, remarks = interests_of(arguments, programme)
    if not interests:
        return _no_interests(remarks)
    manifest = programme.manifest
    top = arguments.top or default_top(manifest)

    def compute() -> Any:
        if arguments.source == "graph":
            return calendar.recommended(arguments, manifest, interests, top)
        return programme.recommend(manifest, interests, top, understand=arguments.understand)

    try:
        result = programme.computed(compute)
    except GraphServiceError as error:
        return calendar.refused(error)
    saved, unsaved = save_interests(arguments, programme, interests)
    result |= saved
    remarks += unsaved
    return Answer(result, lambda: views.recommendation(result, interests), remarks=remarks)


def explain(arguments: argparse.Namespace) -> Answer:
    """Explain the score of one session. As in the original, this needs no interests."""
    programme = read(arguments.manifest)
    interests, remarks = interests_of(arguments, programme)
    if arguments.source == "graph":
        try:
            manifest = calendar.with_calendar(arguments, programme.manifest)
        except GraphServiceError as error:
            return calendar.refused(error)
        programme = Programme(programme.file, manifest)
    title = arguments.session
    result: Any = programme.computed(
        lambda: programme.explain(title, interests, understand=arguments.understand)
    )
    if "error" in result:
        return Answer.failed(result, NOT_FOUND, [*remarks, f"session not found: {title!r}"])
    saved, unsaved = save_interests(arguments, programme, interests)
    result |= saved
    remarks += unsaved
    return Answer(result, lambda: views.explanation(result), remarks=remarks)


def export(arguments: argparse.Namespace) -> Answer:
    """Write recommended sessions as an itinerary."""
    kind = arguments.format or format_of(arguments.output)
    programme = read(arguments.manifest)
    interests, remarks = interests_of(arguments, programme)
    if not interests:
        return _no_interests(remarks)
    if arguments.source == "graph":
        try:
            manifest = calendar.with_calendar(arguments, programme.manifest, dated=True)
        except GraphServiceError as error:
            return calendar.refused(error)
        programme = Programme(programme.file, manifest)
    document = programme.computed(lambda: _document(arguments, kind, programme, interests))
    result = _written(arguments, programme.manifest, document)
    saved, unsaved = save_interests(arguments, programme, interests)
    result |= saved
    remarks += [*unsaved, *_remarks(document, dated=arguments.date is not None)]
    return Answer(result, lambda: views.itinerary(result, document.text), remarks=remarks)


def _setting(manifest: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return an object within the manifest; an empty one if it is missing or of another type."""
    for name in names:
        member = manifest.get(name)
        manifest = member if isinstance(member, dict) else {}
    return manifest


def _document(
    arguments: argparse.Namespace, kind: str, programme: Programme, interests: list[str]
) -> Document:
    return build_document(
        programme.manifest,
        interests,
        arguments.top or None,
        format=kind,
        escape=arguments.escape,
        day=arguments.date,
        recommend=programme.recommend,
    )


def _written(arguments: argparse.Namespace, manifest: dict[str, Any], document: Document) -> Any:
    """Save the document as the manifest and ``--output`` say, and return the result."""
    settings = _setting(manifest, "features", "export")
    if settings.get("enabled"):
        directory = str(settings.get("output_dir") or OUTPUT_DIRECTORY)
        saved = save_beneath(directory, arguments.output, document.name, document.text)
        return {"saved": saved, "sessionCount": document.result["sessionCount"]}
    if arguments.output is not None:
        saved = save(arguments.output, document.name, document.text)
        return {**document.result, "saved": saved}
    return document.result


def _remarks(document: Document, *, dated: bool) -> list[str]:
    remarks = []
    if document.undated and not dated:
        titles = ", ".join(document.undated)
        remarks.append(f"put on today's date, having clock times only (see --date): {titles}")
    skipped = document.result.get("skipped")
    if skipped:
        remarks.append(f"not in the calendar, because they have no start: {', '.join(skipped)}")
    return remarks


def _no_interests(remarks: list[str]) -> Answer:
    usual = "no interests: give --interest, --interests, or --profile-load"
    result = {"error": "no interests provided"}
    return Answer.failed(result, BAD_INPUT, remarks or [usual], indent=None)
