"""The structure of the code: which package may import which (the contracts in pyproject.toml)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import PROJECT

BARE = {"migrations", "commands", "templatetags"}  # named by Django, which says what is inside
PACKAGES = sorted(
    path.parent.relative_to(PROJECT)
    for path in (PROJECT / "mirror").rglob("__init__.py")
    if path.parent.name not in BARE
)


def test_imports_go_one_way() -> None:
    # A process of its own: the linter configures logging for the whole of it.
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_each_package_of_the_mirror_says_what_is_inside(package: Path) -> None:
    source = (PROJECT / package / "__init__.py").read_text()
    assert ast.get_docstring(ast.parse(source))


def test_the_mirror_tells_nobody_to_set_what_only_this_project_reads() -> None:
    ours = re.compile(r"\b(MIRROR_(ENABLED|DISPATCH)|DATABASE_URL|AWS_S3_BUCKET_NAME)\b")
    named = [
        f"{path.relative_to(PROJECT)}: {found[0]}"
        for path in (PROJECT / "mirror").rglob("*.*")
        if path.suffix in {".py", ".html", ".md"}
        for found in ours.finditer(path.read_text())
    ]
    assert named == []


def test_the_runbook_is_for_everybody_who_has_the_package() -> None:
    ours = re.compile(r"tabletop|campaign|session|transcript|systemctl|/srv/|docs/|SENTRY_DSN")
    assert ours.findall((PROJECT / "mirror" / "runbook.md").read_text()) == []
