"""The commands ``plan``, ``why-not`` and ``alternatives``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from eventkit.catalog import Catalog
from eventkit.cli import calendar, question_views
from eventkit.cli.answer import Answer
from eventkit.cli.interests import interests_of, no_interests, save_interests
from eventkit.cli.programme import Programme, programme_of
from eventkit.cli.table import Table
from eventkit.cli.terminal import understands
from eventkit.dates import parse_moment
from eventkit.errors import EventKitError
from eventkit.exports import default_top

__all__ = ["alternatives", "plan", "why_not"]

NOT_FOUND, BAD_INPUT = 1, 2


def plan(arguments: argparse.Namespace) -> Answer:
    """Plan sessions that do not overlap."""

    def compute(catalog: Catalog, interests: list[str], _top: int) -> Any:
        return catalog.plan(
            interests,
            arguments.top or None,
            gap=arguments.gap,
            must=arguments.must,
            avoid=arguments.avoid,
            busy=[_busy(text) for text in arguments.busy],
            date=arguments.date,
            zone=arguments.zone,
            understand=understands(arguments),
        )

    return _answer(arguments, compute, question_views.plan, dated=True)


def why_not(arguments: argparse.Namespace) -> Answer:
    """Say why a session is not recommended, and what would bring it in."""

    def compute(catalog: Catalog, interests: list[str], top: int) -> Any:
        understand = understands(arguments)
        return catalog.why_not(arguments.session, interests, top, understand=understand)

    return _answer(arguments, compute, question_views.why_not)


def alternatives(arguments: argparse.Namespace) -> Answer:
    """Recommend what else runs at the time of a session."""

    def compute(catalog: Catalog, interests: list[str], top: int) -> Any:
        understand = understands(arguments)
        return catalog.alternatives(arguments.session, interests, top, understand=understand)

    return _answer(arguments, compute, question_views.alternatives)


def _answer(
    arguments: argparse.Namespace,
    compute: Callable[[Catalog, list[str], int], Any],
    view: Callable[[Any, list[str]], list[str | Table]],
    *,
    dated: bool = False,
) -> Answer:
    """Read interests and sessions, and answer by a function of them."""
    programme = programme_of(arguments)
    interests, remarks = interests_of(arguments, programme)
    if not interests:
        return no_interests(remarks)
    if arguments.source == "graph":
        manifest = calendar.with_calendar(arguments, programme.manifest, dated=dated)
        programme = Programme(programme.file, manifest)
    catalog = programme.computed(programme.compiled)
    top = arguments.top or default_top(programme.manifest)
    try:
        result = compute(catalog, interests, top)
    except (EventKitError, OSError):
        raise
    except (ValueError, KeyError) as error:
        message = str(error.args[0])
        status = NOT_FOUND if isinstance(error, KeyError) else BAD_INPUT
        return Answer.failed({"error": message}, status, [*remarks, message])
    if "error" in result:
        remark = f"{result['error']}: {result['title']!r}"
        return Answer.failed(result, NOT_FOUND, [*remarks, remark])
    saved, unsaved = save_interests(arguments, programme, interests)
    result |= saved
    return Answer(result, lambda: view(result, interests), remarks=[*remarks, *unsaved])


def _busy(text: str) -> str | tuple[str, str]:
    """Return the times of a value of ``--busy``: START/END, or the name of an .ics file."""
    start, separator, end = text.partition("/")
    is_pair = separator and parse_moment(start) and parse_moment(end)
    return (start, end) if is_pair else text
