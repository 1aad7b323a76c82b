"""Commands about manifests themselves: ``schema`` and ``validate``."""

from __future__ import annotations

import argparse
import json
from typing import Any

from eventkit.cli.answer import Answer
from eventkit.manifest import default_manifest_path, load_manifest
from eventkit.schema import load_schema
from eventkit.schema import validate as problems_of

__all__ = ["read", "schema", "validate"]

HAS_PROBLEMS = 1


def read(path: str | None) -> tuple[str, dict[str, Any]]:
    """Read a manifest, and say which file it was."""
    file = str(default_manifest_path()) if path is None else path
    return file, load_manifest(file)


def schema(_arguments: argparse.Namespace) -> Answer:
    """Print the manifest's JSON Schema."""
    document = load_schema()
    return Answer(document, lambda: json.dumps(document, indent=2).split("\n"))


def validate(arguments: argparse.Namespace) -> Answer:
    """Check a manifest against the schema."""
    file, manifest = read(arguments.file or arguments.manifest)
    problems = problems_of(manifest)
    described = [{"path": problem.path, "problem": str(problem)} for problem in problems]
    result = {"file": file, "valid": not problems, "problems": described}
    if not problems:
        return Answer(result, lambda: [f"{file}: a valid manifest"])
    remark = f"{file}: {len(problems)} {'problems' if len(problems) > 1 else 'problem'}"
    return Answer(result, lambda: [str(problem) for problem in problems], HAS_PROBLEMS, [remark])
