"""Add a drafted module to a ``documents.py`` that exists."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def join(present: str, drafted: str) -> str:
    """Return ``present`` with the drafted imports that it lacks, and the drafted classes.

    Raises ``SyntaxError`` if ``present`` is no Python, and ``ValueError`` with the name of a class
    that it defines already.
    """
    ours, theirs = ast.parse(present), ast.parse(drafted)
    taken = {node.name for node in ours.body if isinstance(node, ast.ClassDef)}
    for node in theirs.body:
        if isinstance(node, ast.ClassDef) and node.name in taken:
            raise ValueError(node.name)
    imports = "".join(f"{line}\n" for line in _missing(ours, theirs))
    classes = "\n".join(drafted.splitlines()[_end_of_imports(theirs) :]).strip()
    lines = [f"{line}\n" for line in present.splitlines()]
    lines.insert(_end_of_imports(ours), imports)
    return f"{''.join(lines).rstrip()}\n\n\n{classes}\n"


def _missing(ours: ast.Module, theirs: ast.Module) -> Iterator[str]:
    present = {imported for node in _imports(ours) for imported in _names(node)}
    for node in _imports(theirs):
        names = [name for name in node.names if (node.module, name.name) not in present]
        if names:
            yield ast.unparse(ast.ImportFrom(node.module, names, 0))


def _names(node: ast.ImportFrom) -> Iterator[tuple[str | None, str]]:
    return ((node.module, name.name) for name in node.names if name.asname is None)


def _imports(module: ast.Module) -> Iterator[ast.ImportFrom]:
    return (node for node in module.body if isinstance(node, ast.ImportFrom))


def _end_of_imports(module: ast.Module) -> int:
    """Return the number of the last line of the imports, or else of the docstring."""
    docstring = module.body[:1] if ast.get_docstring(module) is not None else []
    imports = [node for node in module.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return max((node.end_lineno or 0 for node in [*docstring, *imports]), default=0)
