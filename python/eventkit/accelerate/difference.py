"""Names the first piece of an unknown function that is in none of the known ones."""

from __future__ import annotations

import _ast as ast
import os
from collections.abc import Sequence
from typing import Any

from eventkit.accelerate.fingerprint import parts, walk
from eventkit.accelerate.known import Form
from eventkit.accelerate.source import Source

__all__ = ["first_difference"]

_LONGEST = 80


def first_difference(source: Source, function: Any, forms: Sequence[Form]) -> str:
    """Say where a function differs from the known form that is nearest to it.

    Args:
        source: The file.
        function: The function's node.
        forms: The known forms of its name.

    Returns:
        One line: the file, the number of the line, and the text that is not in the known form.
    """
    file = os.path.basename(source.path)
    pieces = list(parts(function))
    forms = [form for form in forms if form.parts]
    if not forms:
        return f"{file}:{function.lineno}: {function.name} is not the original's"
    own = {each for each, _ in pieces}
    nearest = min(forms, key=lambda form: (len(own - form.parts), len(form.parts - own)))
    strange = {id(node) for each, node in pieces if each not in nearest.parts}
    for _, node in pieces:
        # The smallest piece that is not known: all that it is made of is.
        if id(node) in strange and not any(
            id(each) in strange for each in walk(node) if each is not node
        ):
            return f"{file}:{_shown(source, function, node)} is not in the original"
    return (
        f"{file}:{function.lineno}: the pieces of {function.name} are the original's, but some are"
        " missing, moved or repeated"
    )


def _shown(source: Source, function: Any, piece: Any) -> str:
    """Return the line of a piece, and the text of the largest short thing that it stands in."""
    around = [
        node
        for node in walk(function)
        if isinstance(node, (ast.stmt, ast.expr)) and any(each is piece for each in walk(node))
    ]
    shown = piece
    for node in reversed(around):
        if len(_text(source, node)) > _LONGEST:
            break
        shown = node
        if isinstance(node, ast.stmt):
            break
    return f"{shown.lineno}: `{_text(source, shown)}`"


def _text(source: Source, node: Any) -> str:
    """Return the source of an expression, or the head of a statement, as one line."""
    last, column = node.end_lineno, node.end_col_offset
    body = getattr(node, "body", None)
    if isinstance(node, ast.stmt) and isinstance(body, list) and body:
        last, column = body[0].lineno, body[0].col_offset
    lines = source.lines[node.lineno - 1 : last]
    if not lines:
        return ""
    # Columns count bytes of UTF-8.
    lines[-1] = lines[-1].encode()[:column].decode("utf-8", "replace")
    lines[0] = lines[0].encode()[node.col_offset :].decode("utf-8", "replace")
    return " ".join(" ".join(lines).split()).rstrip(": ")
