"""What the scan of the table has seen, in temporary files: it may not fit in memory.

Only fingerprints are kept. One stands for the key, the revision and the whole content of an item,
so an item that should be there was seen if its fingerprint was.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir
from threading import Lock
from typing import Protocol

from mirror.documents.document import Document
from mirror.documents.items import Item, fingerprint

PREFIX = "mirror-check-"
YOUNG = 60.0  # seconds: a folder that is younger may be about to be locked

Seen = Callable[[type[Document], Mapping[str, Item]], Collection[str] | None]
"""Tells which of these items, given by the ids of their rows, are in the table, very same.

None if nobody can tell yet: they are noted, and looked up later.
"""

Note = Callable[[Iterable[Item]], object]
"""Notes that these items are in the table."""


class Notes(Protocol):
    """Where a scan notes what it sees, and a walk looks it up. For several processes."""

    def noting(self, process: int) -> AbstractContextManager[Note]: ...
    def looking_up(self) -> AbstractContextManager[Seen]: ...


@contextmanager
def notes_in_files() -> Iterator[Notes]:
    """Make notes in a folder that is removed at the end, by the next check if this one is killed.

    A lock, which ends with the last process that uses the folder, tells that it is in use.
    """
    for left in Path(gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # in use, or somebody else's
            if time.time() - left.stat().st_mtime > YOUNG:
                with _locked(left, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    rmtree(left)
    with TemporaryDirectory(prefix=PREFIX) as folder, _locked(Path(folder), fcntl.LOCK_SH):
        yield NotesInFiles(Path(folder))


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, kind)
        yield
    finally:
        os.close(opened)


class NotesInFiles:
    """Notes in a folder, a file for each process.

    Raises ``sqlite3.Error`` if a file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def noting(self, process: int) -> Iterator[Note]:
        """Return a function for several threads; at the end, what was noted can be looked up."""
        with closing(sqlite3.connect(self._folder / f"{process}", check_same_thread=False)) as file:
            file.execute("PRAGMA synchronous = off")  # nobody reads it after a crash
            file.execute("PRAGMA journal_mode = off")
            file.execute("CREATE TABLE seen (fingerprint)")
            one_at_a_time = Lock()

            def note(items: Iterable[Item]) -> None:
                fingerprints = [(fingerprint(item),) for item in items]
                with one_at_a_time:
                    file.executemany("INSERT INTO seen VALUES (?)", fingerprints)

            yield note
            # Sorted once, it is several times as fast as an index that grows in random order.
            file.execute("CREATE INDEX by_fingerprint ON seen (fingerprint)")
            file.commit()

    @contextmanager
    def looking_up(self) -> Iterator[Seen]:
        """Return a function for several threads that knows what all processes have noted."""
        files = [sqlite3.connect(path, check_same_thread=False) for path in self._folder.iterdir()]
        one_at_a_time = Lock()

        def known(_: type[Document], items: Mapping[str, Item]) -> set[str]:
            fingerprints = {object_id: fingerprint(item) for object_id, item in items.items()}
            wanted = json.dumps(list(fingerprints.values()))
            with one_at_a_time:
                found = {
                    found
                    for file in files
                    for (found,) in file.execute(
                        "SELECT fingerprint FROM seen WHERE fingerprint IN"
                        " (SELECT value FROM json_each(?))",
                        [wanted],
                    )
                }
            return {object_id for object_id, own in fingerprints.items() if own in found}

        try:
            yield known
        finally:
            for file in files:
                file.close()
