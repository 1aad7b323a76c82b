"""Hooks of mkdocs: pages made from files of the root, and llms.txt beside the site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
COPIED = {
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
}

_pages: list[tuple[str, str, str]] = []


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


def on_page_markdown(markdown: str, page: Page, config: Any, files: Files) -> str:
    """Note the first sentence of a page for llms.txt."""
    body = re.sub(r"<!--.*?-->|^#.*$", "", markdown, flags=re.DOTALL | re.MULTILINE).strip()
    first = re.sub(r"\s+", " ", body.split("\n\n")[0])
    first = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", first)
    sentence = re.split(r"(?<=\.) ", first)[0]
    _pages.append((page.url, page.title or "", "" if sentence.startswith((":::", "|")) else sentence))
    return markdown


def on_nav(nav: Navigation, config: Any, files: Files) -> Navigation:
    """Begin a new list of pages."""
    _pages.clear()
    return nav


def on_post_build(config: Any) -> None:
    """Write llms.txt: what the project is, and one line for each page."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", "", "## Pages", ""]
    lines += [f"- [{title}]({url}): {text}".rstrip(": ") for url, title, text in _pages]
    Path(config.site_dir, "llms.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
