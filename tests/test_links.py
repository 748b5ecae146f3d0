"""Links between the documents lead to files and to headings that there are."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from mirror.verify.steps import anchor
from tests.support.paths import PROJECT

DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "mirror/*.md", "tests/*/*.md")
    for path in PROJECT.glob(pattern)
)
CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]*`", re.DOTALL | re.MULTILINE)


@cache
def anchors(path: Path) -> set[str]:
    text = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_each_link_has_a_target(document: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", document.read_text())):
        name, _, heading = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        known = link.startswith(("https://", "mailto:")) or (
            target.exists() and (not heading or heading in anchors(target))
        )
        if not known:
            dead.append(link)
    assert dead == []
