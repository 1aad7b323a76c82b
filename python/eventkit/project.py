"""Turns the dependencies of a software project into interests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from eventkit.errors import ManifestError

__all__ = ["project_interests"]

_LARGEST = 1 << 22
"""Bytes of a project file that are read, at most."""

# Names of packages that are everyday words: as interests they would find any abstract.
_EVERYDAY = frozenset(
    (
        *("attrs", "build", "click", "common", "config", "core", "crypto", "errors", "exp"),
        *(
            "image",
            "json",
            "log",
            "mod",
            "net",
            "python",
            "pytz",
            "requests",
            "rich",
            "setuptools",
            "six",
        ),
        *("sync", "sys", "term", "test", "testing", "text", "time", "tools", "types", "typing"),
        *("typing-extensions", "util", "utils", "wheel"),
    )
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ADDRESS = re.compile(r"[\w+.-]+:")
_EGG = re.compile(r"(?<=[#&]egg=)[A-Za-z0-9][A-Za-z0-9._-]*")
_GO_REQUIRE = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\d", re.MULTILINE)


def project_interests(directory: str | Path) -> list[str]:
    r"""Return the interests of a project: its languages, then its direct dependencies.

    The files that are read are ``pyproject.toml``, ``requirements*.txt``, ``package.json``,
    ``Cargo.toml``, ``go.mod`` and ``*.csproj``, in the directory itself. Names that are everyday
    words are left out.

    Raises:
        FileNotFoundError: The directory holds none of these files.
        ManifestError: One of them cannot be read; names it.
        OSError: The directory or a file cannot be read.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     file = Path(directory) / "requirements.txt"
        ...     _ = file.write_text("Django>=5 # the site\\nrequests\\n")
        ...     project_interests(directory)
        ['python', 'django']
    """
    directory = Path(directory)
    languages: list[str] = []
    names: list[str] = []
    found = False
    for pattern, language, read in _READERS:
        for file in sorted(directory.glob(pattern)):
            found = True
            languages.append(language)
            names += read(_text(file), file)
    if not found:
        expected = ", ".join(pattern for pattern, _language, _read in _READERS)
        raise FileNotFoundError(f"{directory} holds no project file: expected {expected}")
    wanted = [name.lower() for name in names]
    wanted = [name for name in wanted if name not in _EVERYDAY and len(name) > 1]
    return list(dict.fromkeys([*languages, *wanted]))


def _text(file: Path) -> str:
    with file.open("rb") as opened:
        data = opened.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise ManifestError(str(file), f"more than {_LARGEST} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ManifestError(str(file), f"not UTF-8: {error.reason}") from error


def _toml(text: str, file: Path) -> dict[str, Any]:
    try:
        import tomllib
    except ModuleNotFoundError:
        raise ManifestError(str(file), "TOML needs Python 3.11 or later") from None
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError(str(file), str(error)) from error


def _table(value: Any, *names: str) -> dict[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _requirements(lines: Iterable[Any]) -> list[str]:
    """Return the names of requirements such as ``django[x]>=5`` or ``git+https://…#egg=django``."""
    texts = (line.strip() for line in lines if isinstance(line, str))
    found = (_EGG.search(text) if _ADDRESS.match(text) else _NAME.match(text) for text in texts)
    return [match.group() for match in found if match]


def _pyproject(text: str, file: Path) -> list[str]:
    document = _toml(text, file)
    project = _table(document, "project")
    lists = [project.get("dependencies"), *_table(project, "optional-dependencies").values()]
    lists += _table(document, "dependency-groups").values()
    names = [name for one in lists if isinstance(one, list) for name in _requirements(one)]
    return names + list(_table(document, "tool", "poetry", "dependencies"))


def _requirements_file(text: str, _file: Path) -> list[str]:
    return _requirements(line for line in text.splitlines() if not line.lstrip().startswith("-"))


def _package_json(text: str, file: Path) -> list[str]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ManifestError(str(file), str(error)) from error
    names = [*_table(document, "dependencies"), *_table(document, "devDependencies")]
    # A scope is the project, what follows is a part of it: `@angular/core`.
    return [name[1:].split("/")[0] if name.startswith("@") else name for name in names]


def _cargo(text: str, file: Path) -> list[str]:
    document = _toml(text, file)
    tables = [_table(document, name) for name in ("dependencies", "dev-dependencies")]
    tables.append(_table(document, "workspace", "dependencies"))
    return [name for table in tables for name in table]


def _go_mod(text: str, _file: Path) -> list[str]:
    lines = [line for line in text.splitlines() if "// indirect" not in line]
    paths = _GO_REQUIRE.findall("\n".join(lines))
    # A last part such as `v2` is a version.
    return [re.sub(r"/v\d+$", "", path).rsplit("/", 1)[-1] for path in paths]


def _csproj(text: str, file: Path) -> list[str]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ManifestError(str(file), "a document type is not read")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ManifestError(str(file), str(error)) from error
    nodes = (node for node in root.iter() if node.tag.rpartition("}")[2] == "PackageReference")
    return [name for node in nodes if (name := node.get("Include"))]


_READERS: tuple[tuple[str, str, Callable[[str, Path], list[str]]], ...] = (
    ("pyproject.toml", "python", _pyproject),
    ("requirements*.txt", "python", _requirements_file),
    ("package.json", "javascript", _package_json),
    ("Cargo.toml", "rust", _cargo),
    ("go.mod", "go", _go_mod),
    ("*.csproj", ".net", _csproj),
)
