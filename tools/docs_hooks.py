"""Hooks of mkdocs: pages made from files of the root, and llms.txt beside the site."""

from __future__ import annotations

import re
import typing
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

import eventkit

ROOT = Path(__file__).parent.parent
COPIED = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
}

_summaries: dict[str, str] = {}
_order: list[Page] = []


def on_files(files: Files, config: Any) -> Files:
    """Add the pages whose text lies in the root of the repository."""
    for page, source in COPIED.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        # Links that lead into docs/ from the root lead to a neighbour from a page.
        text = text.replace("](docs/", "](")
        for other, name in COPIED.items():
            text = text.replace(f"]({name}", f"]({other}")
        files.append(File.generated(config, page, content=text))
    return files


def on_nav(nav: Navigation, config: Any, files: Files) -> Navigation:
    """Note the order of the pages for llms.txt."""
    _order[:] = nav.pages
    return nav


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Note a page's first sentence, and unlink the files that the site does not have."""
    body = re.sub(r"<!--.*?-->", "", markdown, flags=re.DOTALL)
    body = re.sub(r"^#.*$", "", body, flags=re.MULTILINE).strip()
    first = re.sub(r"\s+", " ", body.split("\n\n")[0])
    first = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", first)
    _summaries[page.url] = "" if first.startswith(":::") else re.split(r"(?<=\.) ", first)[0]
    if "/" in page.file.src_uri:
        return markdown.replace("<!-- typed dictionaries -->", _typed_dictionaries())
    return re.sub(r"\[([^]]+)\]\(\.\./[^)]+\)", r"\1", markdown)


def _typed_dictionaries() -> str:
    """Return a reference entry for each public type of a result."""
    names = [name for name in eventkit.__all__ if typing.is_typeddict(getattr(eventkit, name))]
    return "\n\n".join(f"::: eventkit.{name}" for name in names)


def on_post_build(config: Any) -> None:
    """Write llms.txt: what the project is, and one line for each page."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", "", "## Pages", ""]
    for page in _order:
        summary = _summaries[page.url].rstrip(":")
        lines.append(f"- [{page.title}]({page.url})" + (f": {summary}" if summary else ""))
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
