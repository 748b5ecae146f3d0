"""Add what is drafted to a ``documents.py`` that exists."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Collection, Iterable, Iterator


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


def extend(present: str, name: str, attributes: Collection[str], added: Collection[str]) -> str:
    """Return ``present`` with the lines ``added`` below the last attribute of the class ``name``.

    ``attributes`` are the names of those that it has. What the lines need is imported; nothing else
    is changed. Raises ``SyntaxError`` if ``present`` is no Python, and ``ValueError`` if it has no
    such class, with its body on lines of its own.
    """
    module = ast.parse(present)
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    lines = [*io.StringIO(present, newline="")]  # str.splitlines knows more ends than Python
    if name not in classes:
        raise ValueError(name)
    body = classes[name].body
    indent = lines[body[0].lineno - 1][: body[0].col_offset]
    if indent.strip():
        raise ValueError(name)
    last = [node for node in body if _assigned(node).intersection(attributes)] or body
    above = ast.Module(module.body[: module.body.index(classes[name])], [])
    kinds = sorted({*re.findall(r" = (\w+)\(", "\n".join(added))})
    needed = ast.parse(f"from mirror.documents import {', '.join(kinds)}")
    _insert(lines, last[-1].end_lineno or 0, [indent + line for line in added])
    _insert(lines, _end_of_imports(above), _missing(above, needed))
    return "".join(lines)


def _assigned(node: ast.stmt) -> set[str]:
    """Return the names that a statement gives values to."""
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _insert(lines: list[str], below: int, new: Iterable[str]) -> None:
    """Insert lines below one with this number, with the ends that the others have."""
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    if below and not lines[below - 1].endswith(("\r", "\n")):
        lines[below - 1] += end
    lines[below:below] = [line + end for line in new]


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
