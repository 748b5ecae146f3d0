"""Taking a long series in batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of up to ``size`` values, as Python 3.12's ``itertools.batched`` does."""
    iterator = iter(values)
    while batch := list(islice(iterator, size)):
        yield batch
