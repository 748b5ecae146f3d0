"""Taking a long series in parts."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def parts(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of up to ``size`` values, as Python 3.12's ``itertools.batched`` does."""
    iterator = iter(values)
    while part := list(islice(iterator, size)):
        yield part
