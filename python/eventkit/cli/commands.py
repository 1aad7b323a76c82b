"""The commands ``recommend``, ``explain`` and ``export``."""

from __future__ import annotations

import argparse
from typing import Any

from eventkit.cli import calendar, views
from eventkit.cli.answer import Answer
from eventkit.cli.interests import interests_of, no_interests, save_interests
from eventkit.cli.programme import Programme, programme_of
from eventkit.cli.terminal import is_table, understands
from eventkit.exports import (
    Document,
    build_document,
    default_top,
    format_of,
    save,
    save_beneath,
)

__all__ = ["explain", "export", "recommend"]

NOT_FOUND = 1
OUTPUT_DIRECTORY = "exports"


def recommend(arguments: argparse.Namespace) -> Answer:
    """Recommend sessions.

    By default a table has what the interests mean, balanced among them. JSON is the original's.
    """
    programme = programme_of(arguments)
    interests, remarks = interests_of(arguments, programme)
    if not interests:
        return no_interests(remarks)
    manifest = programme.manifest
    top = arguments.top or default_top(manifest)
    from_graph = arguments.source == "graph"
    as_table = is_table(arguments) and not from_graph
    understand = understands(arguments)
    # Without the flag, a table is balanced.
    default = "interests" if as_table else None
    balance = {"interests": "interests", "none": None, None: default}
    sharing: dict[str, Any] = {
        "balance": balance[arguments.balance],
        "spread": arguments.spread or None,
    }

    def compute() -> Any:
        if any(sharing.values()):
            chosen = programme
            if from_graph:
                with_events = calendar.with_calendar(arguments, manifest)
                chosen = Programme(programme.file, with_events)
            sharing["understand"] = understand
            return chosen.compiled().recommend(interests, top, **sharing)
        if from_graph:
            return calendar.recommended(arguments, manifest, interests, top)
        found: Any = programme.recommend(manifest, interests, top, understand=understand)
        if as_table and not understand:
            found["unmatched"] = programme.compiled().unmatched(interests)
        return found

    result = programme.computed(compute)
    saved, unsaved = save_interests(arguments, programme, interests)
    result |= saved
    remarks += unsaved
    return Answer(result, lambda: views.recommendation(result, interests), remarks=remarks)


def explain(arguments: argparse.Namespace) -> Answer:
    """Explain the score of one session. As in the original, this needs no interests."""
    programme = programme_of(arguments)
    interests, remarks = interests_of(arguments, programme)
    if arguments.source == "graph":
        manifest = calendar.with_calendar(arguments, programme.manifest)
        programme = Programme(programme.file, manifest)
    title = arguments.session
    understand = understands(arguments)
    result: Any = programme.computed(
        lambda: programme.explain(title, interests, understand=understand)
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
    programme = programme_of(arguments)
    interests, remarks = interests_of(arguments, programme)
    if not interests and not arguments.all:
        return no_interests(remarks)
    if arguments.source == "graph":
        manifest = calendar.with_calendar(arguments, programme.manifest, dated=True)
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
        recommend=programme.everything if arguments.all else programme.recommend,
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
