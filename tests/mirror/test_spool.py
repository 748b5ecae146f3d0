"""The long list in a temporary file."""

from __future__ import annotations

import pytest

from mirror import spool
from mirror.spool import Spool


@pytest.mark.parametrize("in_memory", [1, 1024 * 1024])
def test_values_come_back_in_their_order_also_while_more_are_added(
    monkeypatch: pytest.MonkeyPatch, in_memory: int
) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY", in_memory)
    monkeypatch.setattr(spool, "READ_AT_ONCE", 2)
    values = Spool()
    assert list(values) == []
    for value in ["a\nb", ["🐉", 1, None], "\ud800"]:
        values.add(value)
    first = iter(values)
    assert next(first) == "a\nb"
    values.add("later")
    assert list(values) == ["a\nb", ["🐉", 1, None], "\ud800", "later"]
    assert list(first) == [["🐉", 1, None], "\ud800", "later"]
    assert len(values) == 4
