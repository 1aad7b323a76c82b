"""The interests of a command: from its arguments, or from a saved profile."""

from __future__ import annotations

import argparse
from pathlib import Path

from eventkit.cli.answer import Answer
from eventkit.cli.parser import did_you_mean
from eventkit.cli.programme import Programme
from eventkit.functions import normalize_interests
from eventkit.profiles import load_profile, profile_file, profile_names, save_profile

__all__ = ["interests_of", "no_interests", "no_profile_file", "profile_path", "save_interests"]

MOST_NAMES = 10
BAD_INPUT = 2


def interests_of(
    arguments: argparse.Namespace, programme: Programme
) -> tuple[list[str], list[str]]:
    """Return the interests that a command asks for. A saved profile comes before its arguments.

    Returns:
        The interests in lower case, and remarks that say why a profile was not used.
    """
    given = normalize_interests(arguments.interests)
    given += [interest.lower() for interest in arguments.interest]
    project = getattr(arguments, "from_project", None)
    if project is not None:
        from eventkit.project import project_interests  # imports an XML parser

        given += [name for name in project_interests(project) if name not in given]
    if arguments.profile_load is None:
        return given, []
    file = profile_path(arguments, programme)
    if file is None:
        return given, [f"no profile {arguments.profile_load!r}: {no_profile_file(programme)}"]
    saved = load_profile(file, arguments.profile_load)
    return (saved, []) if saved else (given, [_why_not_loaded(file, arguments.profile_load)])


def no_interests(remarks: list[str]) -> Answer:
    """Return the answer of a command that was given no interests."""
    usual = "no interests: give --interest, --interests, or --profile-load"
    result = {"error": "no interests provided"}
    return Answer.failed(result, BAD_INPUT, remarks or [usual], indent=None)


def profile_path(arguments: argparse.Namespace, programme: Programme) -> Path | None:
    """Return the profile file: the argument's, or the manifest's. ``None`` if neither names one."""
    if arguments.profile_file is not None:
        return Path(arguments.profile_file)
    return profile_file(programme.manifest)


def save_interests(
    arguments: argparse.Namespace, programme: Programme, interests: list[str]
) -> tuple[dict[str, str], list[str]]:
    """Save the interests if the command asks for it.

    Returns:
        What to add to the result, and remarks that say why nothing was saved.
    """
    key = arguments.profile_save
    if key is None:
        return {}, []
    file = profile_path(arguments, programme)
    if file is None:
        return {}, [f"profile {key!r} was not saved: {no_profile_file(programme)}"]
    save_profile(file, key, interests)
    return {"profileSaved": key}, []


def no_profile_file(programme: Programme) -> str:
    """Return the reason why there are no profiles, for a message."""
    return f"{programme.file} has no profile.storage_file; add it, or give --profile-file"


def _why_not_loaded(file: Path, key: str) -> str:
    if not file.exists():
        return f"no profile {key!r}: {file} does not exist"
    names = profile_names(file)
    if key in names:
        return f"profile {key!r} in {file} has no interests"
    if not names:
        return f"no profile {key!r} in {file}, which has no profiles"
    meant = did_you_mean(key, names)
    if meant:
        return f"no profile {key!r} in {file}{meant}"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"no profile {key!r} in {file}, which has: {', '.join(names[:MOST_NAMES])}{more}"
