"""The structure of the code: which package may import which (the contracts in pyproject.toml)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.support.paths import PROJECT

BARE = {"migrations", "commands", "templatetags"}  # named by Django, which says what is inside
PACKAGES = sorted(
    path.parent.relative_to(PROJECT)
    for path in (PROJECT / "mirror").rglob("__init__.py")
    if path.parent.name not in BARE
)


def test_imports_go_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    code = lint_imports(config_filename=str(PROJECT / "pyproject.toml"), no_cache=True)
    assert code == EXIT_STATUS_SUCCESS, capsys.readouterr().out


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_each_package_of_the_mirror_says_what_is_inside(package: Path) -> None:
    source = (PROJECT / package / "__init__.py").read_text()
    assert ast.get_docstring(ast.parse(source))
