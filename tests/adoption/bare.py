"""A virtual environment with the wheel and what it declares to need, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import venv
from collections.abc import Collection, Iterable, Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

from tests.support.paths import PROJECT


def build(folder: Path) -> Path:
    """Build sdist and wheel into ``folder`` as `make dist` does; return the wheel."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), "mirror"]
    subprocess.run(command, cwd=PROJECT, capture_output=True, check=True, timeout=100)
    return next(folder.glob("*.whl"))


def install(wheel: Path, folder: Path, *others: str) -> Path:
    """Make the environment in ``folder`` and return its Python.

    What the wheel needs is linked from the environment of the tests: no index is asked. ``others``
    are requirements beside the wheel.
    """
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, timeout=100)
    packages = next(folder.glob("lib/*/site-packages"))
    installed = Distribution.at(next(packages.glob("*.dist-info")))
    for name in _needs([*(installed.requires or ()), *others]):
        for file in distribution(name).files or ():
            top = file.parts[0]
            if top not in {"..", "__pycache__"} and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    return python


def _needs(requirements: Iterable[str], extras: Collection[str] = ()) -> Iterator[str]:
    """Yield the distributions that these requirements bring, directly and indirectly."""
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield requirement.name
            yield from _needs(distribution(requirement.name).requires or (), requirement.extras)
