"""The lock file of the development environment, and the bills of materials in the wheel."""

import json
import os
import re
import sys
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8").splitlines()
# For `make test-engines` and `make bench-scale`, in an environment of its own.
ENGINES = (ROOT / "requirements-engines.lock").read_text(encoding="utf-8").splitlines()
VENDORED = json.loads((ROOT / "tools/vendored.cdx.json").read_text(encoding="utf-8"))
INSTALLED = os.environ.get("EVENTKIT_TEST_INSTALLED") == "1"


def locked(lines=LOCK):
    """Return the locked version of each package on this Python."""
    requirements = [Requirement(line) for line in lines]
    here = [one for one in requirements if one.marker is None or one.marker.evaluate()]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in here}


def not_locked(requirements, versions):
    """Return the requirements that no locked version satisfies."""
    return [
        text
        for text in requirements
        for wanted in [Requirement(text)]
        if not wanted.specifier.contains(versions.get(canonicalize_name(wanted.name), "0.dev0"))
    ]


def test_each_line_pins_one_version_and_names_no_registry():
    pattern = re.compile(r"[a-z0-9.-]+==[A-Za-z0-9.+!]+( ; [a-z_]+ [^/]+)?")
    assert [line for line in [*LOCK, *ENGINES] if not pattern.fullmatch(line)] == []


def test_every_requirement_of_the_project_is_locked_to_a_version_that_satisfies_it():
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 has no TOML reader")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    engines = groups.pop("engines")
    extras = project["project"]["optional-dependencies"].values()
    wanted = [*project["build-system"]["requires"], *chain(*extras), *chain(*groups.values())]
    # Of what both environments have, each has its own version.
    missing = [
        *not_locked(wanted, {**locked(ENGINES), **locked()}),
        *not_locked(engines, locked(ENGINES)),
    ]
    assert missing == [], "run `make lock`"


@pytest.mark.skipif(not os.environ.get("CI"), reason="a developer's environment may be older")
def test_what_is_installed_is_what_is_locked():
    versions = locked()
    installed = {
        canonicalize_name(one.metadata["Name"]): one.version
        for one in metadata.distributions(path=[p for p in sys.path if "site-packages" in p])
    }
    # What creates the environment, and the package itself.
    own = {"pip", "setuptools", "wheel", "uv", "eventkit-recommender"}
    different = {
        name: (version, versions.get(name))
        for name, version in installed.items()
        if name not in own and versions.get(name) != version
    }
    assert different == {}, "installed, locked"


def test_the_vendored_scripts_are_those_of_their_bill_of_materials():
    sums = (ROOT / "python/eventkit/server/static/vendored/SHA256SUMS").read_text().splitlines()
    for part in VENDORED["components"]:
        file = f"{part['name'].removesuffix('.js')}-{part['version']}.min.js"
        assert f"{part['hashes'][0]['content']}  {file}" in sums
    assert len(VENDORED["components"]) == sum(line.endswith(".min.js") for line in sums)
    component = VENDORED["components"][0]
    (swiper,) = component["components"]
    assert f"Swiper {swiper['version']}" in (
        ROOT / f"python/eventkit/server/static/vendored/{component['name']}-{component['version']}"
        ".LICENSE.txt"
    ).read_text(encoding="utf-8")


@pytest.mark.skipif(not INSTALLED, reason="only a wheel holds them: make test-all")
def test_the_wheel_holds_its_bills_of_materials():
    files = metadata.files("eventkit-recommender")
    bills = {
        file.name: json.loads(file.read_text(encoding="utf-8"))
        for file in files
        if file.match("*.dist-info/sboms/*.json")
    }
    assert bills["vendored.cdx.json"] == VENDORED
    crates = bills["eventkit-recommender.cyclonedx.json"]
    assert crates["bomFormat"] == "CycloneDX"
    in_bill = {(part["name"], part["version"]) for part in crates["components"]}
    in_lock = set(
        re.findall(
            r'^name = "(.+)"\nversion = "(.+)"', (ROOT / "Cargo.lock").read_text(), re.MULTILINE
        )
    )
    assert {"pyo3", "rayon", "serde"} <= {name for name, _ in in_bill}
    assert in_bill - in_lock == set()
