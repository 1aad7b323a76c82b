"""The commands ``schema`` and ``validate``."""

from __future__ import annotations

import argparse
import json
from typing import Any

from eventkit.catalog import Catalog, first_bytes, is_compiled
from eventkit.cli.answer import Answer
from eventkit.cli.sources import holds_feed, open_source
from eventkit.files import read_regular
from eventkit.manifest import default_manifest_path, parse_document, parse_manifest
from eventkit.schema import Problem, load_schema, validate_sessions
from eventkit.schema import validate as validate_manifest

__all__ = ["schema", "validate"]

HAS_PROBLEMS = 1


def schema(_arguments: argparse.Namespace) -> Answer:
    """Print the manifest's JSON Schema."""
    document = load_schema()
    return Answer(document, lambda: json.dumps(document, indent=2).split("\n"))


def validate(arguments: argparse.Namespace) -> Answer:
    """Check a manifest, a file of external sessions, or a compiled catalogue."""
    file = str(arguments.file or arguments.manifest or default_manifest_path())
    kind, problems = _problems(file)
    described = [{"path": problem.path, "problem": str(problem)} for problem in problems]
    result = {"file": file, "valid": not problems, "problems": described}
    if not problems:
        return Answer(result, lambda: [f"{file}: {kind}"])
    remark = f"{file}: {len(problems)} {'problems' if len(problems) > 1 else 'problem'}"
    return Answer(result, lambda: [str(problem) for problem in problems], HAS_PROBLEMS, [remark])


def _problems(file: str) -> tuple[str, list[Problem]]:
    if is_compiled(first_bytes(file)):
        catalog = Catalog.open(file, verify=True)
        sessions: list[Any] = list(catalog)
        return "a valid compiled catalogue", validate_manifest(
            catalog.fields | {"sessions": sessions}
        )
    data = read_regular(file)
    if holds_feed(file):
        opened: Any = open_source(file)
        return "a feed that can be read", validate_manifest(opened)
    document = parse_document(data, file)
    if isinstance(document, list):
        return "valid external sessions", validate_sessions(document)
    return "a valid manifest", validate_manifest(parse_manifest(data, file))
