"""A long list in a temporary file: what may not fit in memory."""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import Any

IN_MEMORY = 1024 * 1024  # bytes; what is longer goes to the disk
READ_AT_ONCE = 1000  # values


class Spool:
    """JSON values in the order in which they were added. It may be read while it grows.

    Raises ``OSError`` if the temporary file cannot be written.
    """

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by the next
        weakref.finalize(self, self._file.close)
        self._length = 0

    def add(self, value: Any) -> None:
        """Add a value at the end."""
        self._file.seek(0, 2)
        self._file.write(json.dumps(value).encode() + b"\n")
        self._length += 1

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        position = 0
        while True:
            self._file.seek(position)
            lines = [line for _ in range(READ_AT_ONCE) if (line := self._file.readline())]
            position = self._file.tell()
            if not lines:
                return
            yield from map(json.loads, lines)
