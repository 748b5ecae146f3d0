"""An environment for one row of the matrix: an interpreter, the wheel, and what the tests need."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.paths import PROJECT

# What the tests need beside the site.
TESTS = (
    "build",
    "fasteners",
    "hatchling",
    "hypothesis",
    "moto[dynamodb,s3,server]",
    "packaging",
    "pillow",
    "pip",
    "psutil",
    "pytest",
    "pytest-django",
    "pytest-timeout",
    "pytest-xdist",
)


class NotToBeHad(Exception):
    """There is no such interpreter on this machine."""


def interpreter(version: str) -> str:
    """Return a Python of this version, such as ``3.12``: one on the path, or one of pyenv's."""
    pyenv = Path.home().glob(f".pyenv/versions/{version}.*/bin/python")
    for candidate in (f"python{version}", *map(str, pyenv)):
        try:
            # pyenv puts commands on the path that only say where to find the real ones.
            subprocess.run([candidate, "-c", ""], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    raise NotToBeHad(f"no Python {version} here")


def install(folder: Path, wheel: Path, python: str, django: str, *, oldest: bool) -> Path:
    """Install the wheel and the tests' packages into ``folder``; return the interpreter.

    All are the newest that go together, but for Django and, if ``oldest``, what the wheel needs.
    What is there already stays: the next row may only need another Django.
    """
    subprocess.run([interpreter(python), "-m", "venv", "--without-pip", folder], check=True)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(_lowest()) if oldest else "")
    own = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(own), "install", "--quiet"]
    wanted = (f"{wheel}[metrics]", f"django~={django}.0", *_site(), *TESTS)
    subprocess.run([*pip, "--constraint", str(constraints), *wanted], check=True)
    return own


def _site() -> Iterator[str]:
    """Yield what the site needs: the tests mirror its models. Its Django is the row's."""
    lines = (PROJECT / "requirements.in").read_text().splitlines()
    for line in (line.partition("#")[0].strip() for line in lines):
        if line and Requirement(line).name != "django":
            yield line


def _lowest() -> Iterator[str]:
    """Yield the lower bounds of the package's ranges, as constraints."""
    project = tomllib.loads((PROJECT / "mirror" / "pyproject.toml").read_text())["project"]
    ranges: Iterable[str] = (
        *project["dependencies"],
        *project["optional-dependencies"]["metrics"],
    )
    for requirement in map(Requirement, ranges):
        for bound in requirement.specifier:
            if bound.operator == ">=":
                yield f"{requirement.name}=={bound.version}"
