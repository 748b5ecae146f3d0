"""The guide lists every check by its number."""

import re

from tests.support.paths import PROJECT

NUMBER = re.compile(r"\b[EW]0\d\d\b")
ROW = re.compile(r"^\| `mirror\.(\w+)` \|", re.MULTILINE)


def test_the_guide_has_the_numbers_of_the_checks() -> None:
    rows = ROW.findall((PROJECT / "docs/adopting.md").read_text())
    sources = [path.read_text() for path in (PROJECT / "mirror/checks").glob("*.py")]
    assert rows == sorted(set(NUMBER.findall("".join(sources))), key=lambda number: number[1:])
