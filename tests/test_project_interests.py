"""The dependencies of a project as interests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eventkit.errors import ManifestError
from eventkit.project import project_interests

FILES = [
    ("requirements.txt", "Django[x]>=5 # site\n-r other.txt\nrequests\n", ["python", "django"]),
    (
        "requirements.txt",
        "git+https://example.org/a#egg=flask\nhttps://example.org/b.whl\njinja2 @ file:///c\n",
        ["python", "flask", "jinja2"],
    ),
    (
        "package.json",
        '{"dependencies": {"react": "1"}, "devDependencies": {"@angular/core": "2"}}',
        ["javascript", "react", "angular"],
    ),
    (
        "go.mod",
        "module x\nrequire (\n\tgithub.com/gin-gonic/gin v1.9.1\n"
        "\tgithub.com/a/hidden v1.0.0 // indirect\n\tk8s.io/client-go/v2 v2.0.0\n)\n",
        ["go", "gin", "client-go"],
    ),
    (
        "App.csproj",
        '<Project><ItemGroup><PackageReference Include="Dapper" /></ItemGroup></Project>',
        [".net", "dapper"],
    ),
]
TOML = [
    (
        "pyproject.toml",
        '[project]\ndependencies = ["httpx>=1"]\n[dependency-groups]\ntest = ["pytest"]\n',
        ["python", "httpx", "pytest"],
    ),
    ("Cargo.toml", '[dependencies]\ntokio = "1"\nlog = "0.4"\n', ["rust", "tokio"]),
]


@pytest.mark.parametrize(("name", "text", "interests"), FILES)
def test_dependencies_become_interests(
    tmp_path: Path, name: str, text: str, interests: list[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert project_interests(tmp_path) == interests


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no tomllib")
@pytest.mark.parametrize(("name", "text", "interests"), TOML)
def test_dependencies_in_toml_become_interests(
    tmp_path: Path, name: str, text: str, interests: list[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert project_interests(tmp_path) == interests


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", "{"),
        ("App.csproj", "<Project>"),
        ("App.csproj", '<!DOCTYPE x [<!ENTITY a "b">]><Project/>'),
        ("pyproject.toml", "[project"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError, match=name):
        project_interests(tmp_path)


def test_a_directory_without_project_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="holds no project file"):
        project_interests(tmp_path)
