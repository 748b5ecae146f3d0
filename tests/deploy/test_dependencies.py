"""Each direct dependency is explained, and a release's bill of materials names what is locked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

GUIDE = (PROJECT / "docs" / "dependencies.md").read_text()
ELSEWHERE = "Some tests install more"
NAME = r"[A-Za-z0-9][\w.-]*"


def rows(text: str) -> list[tuple[str, str, str]]:
    """Return package, reason and licence of each row."""
    return re.findall(r"^\| `([^`]+)`[^|]* \| (.*) \| (.*) \|$", text, re.MULTILINE)


def named(section: str, end: str = "\n## ") -> list[str]:
    """Return the packages that a section explains."""
    text = GUIDE.partition(f"\n## {section}\n")[2].partition(end)[0]
    return [name for name, _, _ in rows(text)]


def required(path: str) -> list[str]:
    return re.findall(rf"^({NAME})", (PROJECT / path).read_text(), re.MULTILINE)


def test_what_the_site_needs_has_a_row_and_nothing_else_has() -> None:
    mirror = tomllib.loads((PROJECT / "mirror" / "pyproject.toml").read_text())["project"]
    lines = [*mirror["dependencies"], *mirror["optional-dependencies"]["metrics"]]
    needed = {line[: re.match(NAME, line).end()] for line in lines}  # type: ignore[union-attr]
    assert sorted(named("To run the site")) == sorted(needed | set(required("requirements.in")))


def test_what_developing_needs_has_a_row_and_nothing_else_has() -> None:
    section = named("To develop and test it", f"\n{ELSEWHERE}")
    assert sorted(section) == sorted(required("requirements-dev.in"))


def test_what_tests_install_apart_has_a_row() -> None:
    text = GUIDE.partition(ELSEWHERE)[2].partition("\n## ")[0]
    packages = set(required("tests/support/ministack-requirements.in"))
    for path in PROJECT.glob("tests/**/package.json"):
        if "node_modules" not in path.parts:
            package = json.loads(path.read_text())
            packages |= {*package.get("dependencies", {}), *package.get("devDependencies", {})}
    simulator = "amplify-dynamodb-simulator"
    assert simulator in (PROJECT / "tests" / "faults" / "emulators.py").read_text()
    assert {name for name, _, _ in rows(text)} == {*packages, simulator}


def test_each_row_gives_a_reason_and_a_licence_and_no_version() -> None:
    found = rows(GUIDE)
    assert len(found) > 45
    for name, reason, licence in found:
        assert reason
        assert licence
        assert not re.search(r"==|\d+\.\d+\.\d+", name + reason)


@pytest.fixture
def locked() -> dict[str, str]:
    """The versions of requirements.txt."""
    text = (PROJECT / "requirements.txt").read_text()
    return dict(re.findall(rf"^({NAME})==(\S+)", text, re.MULTILINE))


@pytest.fixture
def installed(tmp_path: Path, locked: dict[str, str]) -> Path:
    """An environment with what is known of the locked packages, as `make sbom` installs them."""
    venv.create(tmp_path / "venv", symlinks=True)
    (packages,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    for name in locked:
        known = Path(distribution(name)._path)  # type: ignore[attr-defined]
        (packages / known.name).symlink_to(known)
    return tmp_path / "venv" / "bin" / "python"


def test_a_bill_of_materials_names_what_is_locked_with_licences(
    installed: Path, locked: dict[str, str], tmp_path: Path
) -> None:
    """The tool itself checks what it writes against the schema."""
    makefile = (PROJECT / "Makefile").read_text()
    (options,) = re.findall(r"^SBOM := (.*)$", makefile, re.MULTILINE)
    file = tmp_path / "sbom.json"
    tool = Path(sys.prefix) / "bin" / "cyclonedx-py"
    subprocess.run(
        [tool, "environment", *options.split(), "--output-file", file, installed],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        timeout=100,
    )
    bill = json.loads(file.read_text())
    assert bill["bomFormat"] == "CycloneDX"
    parts = {part["purl"]: part for part in bill["components"]}
    assert parts.keys() == {f"pkg:pypi/{name}@{version}" for name, version in locked.items()}
    assert all(part["licenses"] for part in parts.values())
