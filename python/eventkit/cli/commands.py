"""The commands ``recommend``, ``explain`` and ``export``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eventkit import functions
from eventkit.cli import calendar, views
from eventkit.cli.answer import Answer
from eventkit.cli.manifests import read
from eventkit.errors import EventKitError, GraphServiceError
from eventkit.exports import Document, Recommend, build_document, default_top, save, save_beneath
from eventkit.profiles import load_profile, save_profile
from eventkit.schema import validate

__all__ = [
    "PROFILE_FILE",
    "computed",
    "explain",
    "export",
    "profile_file",
    "recommend",
    "recommender",
]

NOT_FOUND, BAD_INPUT = 1, 2
PROFILE_FILE = ".event_profiles.json"
OUTPUT_DIRECTORY = "exports"
_ENDINGS = {".ics": "ics", ".html": "html", ".htm": "html", ".json": "json"}


class BadManifestError(EventKitError):
    """A manifest that is JSON, but nothing that sessions can be ranked with."""


def recommend(arguments: argparse.Namespace) -> Answer:
    """Recommend sessions."""
    file, manifest, interests = _input(arguments)
    if not interests:
        return _no_interests()
    top = arguments.top or default_top(manifest)

    def compute() -> dict[str, Any]:
        if arguments.source == "graph":
            return calendar.recommended(arguments, manifest, interests, top)
        return recommender(file)(manifest, interests, top)

    try:
        result = computed(file, manifest, compute)
    except GraphServiceError as error:
        return calendar.refused(error)
    _save_profile(arguments, manifest, interests, result)
    return Answer(result, lambda: views.recommendation(result, interests))


def explain(arguments: argparse.Namespace) -> Answer:
    """Explain the score of one session."""
    file, manifest, interests = _input(arguments)
    if not interests:
        return _no_interests()
    if arguments.source == "graph":
        try:
            manifest = calendar.with_calendar(arguments, manifest)
        except GraphServiceError as error:
            return calendar.refused(error)
    title, beside = arguments.session, [Path(file).parent]
    result = computed(
        file, manifest, lambda: functions.explain_with(manifest, title, interests, beside)
    )
    if "error" in result:
        remark = f"session not found: {title!r}"
        return Answer.failed(result, NOT_FOUND, remark)
    _save_profile(arguments, manifest, interests, result)
    return Answer(result, lambda: views.explanation(result))


def export(arguments: argparse.Namespace) -> Answer:
    """Write recommended sessions as an itinerary."""
    file, manifest, interests = _input(arguments)
    if not interests:
        return _no_interests()
    if arguments.source == "graph":
        try:
            manifest = calendar.with_calendar(arguments, manifest, dated=True)
        except GraphServiceError as error:
            return calendar.refused(error)
    document = computed(file, manifest, lambda: _document(arguments, file, manifest, interests))
    result = _written(arguments, manifest, document)
    _save_profile(arguments, manifest, interests, result)
    remarks = _remarks(document, dated=arguments.date is not None)
    return Answer(result, lambda: views.itinerary(result, document.text), remarks=remarks)


def _input(arguments: argparse.Namespace) -> tuple[str, dict[str, Any], list[str]]:
    file, manifest = read(arguments.manifest)
    interests = functions.normalize_interests(arguments.interests)
    if arguments.profile_load is not None:
        profile = load_profile(profile_file(arguments, manifest), arguments.profile_load)
        interests = profile or interests
    return file, manifest, interests


def profile_file(arguments: argparse.Namespace, manifest: dict[str, Any]) -> Path:
    """The file of saved interests: the argument's, the manifest's, or the usual one."""
    if arguments.profile_file is not None:
        return Path(arguments.profile_file)
    return Path(str(_setting(manifest, "profile").get("file") or PROFILE_FILE)).expanduser()


def _setting(manifest: dict[str, Any], *names: str) -> dict[str, Any]:
    """An object within the manifest; an empty one where it is missing or no object."""
    for name in names:
        member = manifest.get(name)
        manifest = member if isinstance(member, dict) else {}
    return manifest


def _save_profile(
    arguments: argparse.Namespace,
    manifest: dict[str, Any],
    interests: list[str],
    result: dict[str, Any],
) -> None:
    if arguments.profile_save is not None:
        save_profile(profile_file(arguments, manifest), arguments.profile_save, interests)
        result["profileSaved"] = arguments.profile_save


def computed(file: str, manifest: dict[str, Any], compute: Callable[[], Any]) -> Any:
    """Compute, and blame a failure on the manifest: the arguments are strings and an int."""
    try:
        return compute()
    except (EventKitError, OSError):
        raise
    except Exception as error:
        problems = validate(manifest)
        if not problems:
            raise BadManifestError(f"{file}: {type(error).__name__}: {error}") from error
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise BadManifestError(f"{file}: {problems[0]}{more}") from error


def recommender(file: str) -> Recommend:
    """`recommend` for a manifest whose external sessions may lie beside it."""
    beside = [Path(file).parent]
    return lambda manifest, interests, top: functions.recommend_with(
        manifest, interests, top, beside
    )


def _document(
    arguments: argparse.Namespace, file: str, manifest: Any, interests: list[str]
) -> Document:
    return build_document(
        manifest,
        interests,
        arguments.top or None,
        format=arguments.format or _format_of(arguments.output),
        escape=arguments.escape,
        day=arguments.date,
        recommend=recommender(file),
    )


def _format_of(output: str | None) -> str:
    """The format that the ending of ``--output`` asks for."""
    return _ENDINGS.get(Path(output or "").suffix.lower(), "markdown")


def _written(
    arguments: argparse.Namespace, manifest: dict[str, Any], document: Document
) -> dict[str, Any]:
    """Save the document as the manifest and ``--output`` say, and give the answer for it."""
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
        remarks.append(f"not in the calendar, for want of a start: {', '.join(skipped)}")
    return remarks


def _no_interests() -> Answer:
    remark = "no interests: give --interests, or --profile-load with a profile that has some"
    return Answer.failed({"error": "no interests provided"}, BAD_INPUT, remark, indent=None)
