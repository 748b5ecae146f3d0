"""What the scan of the table has seen, in temporary files: it may not fit in memory.

Only fingerprints are kept. One stands for the key, the revision and the whole content of an item,
so an item that should be there was seen if its fingerprint was.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from threading import Lock

from mirror.documents.items import ItemKey


class SeenItems:
    """The fingerprints of the items that one process has seen. For use by several threads.

    Raises ``sqlite3.Error`` if the file cannot be written.
    """

    def __init__(self, folder: Path, number: int) -> None:
        self._database = sqlite3.connect(folder / f"{number}", check_same_thread=False)
        self._database.execute("PRAGMA synchronous = off")  # nobody reads it after a crash
        self._database.execute("PRAGMA journal_mode = off")
        self._database.execute("CREATE TABLE seen (fingerprint)")
        self._one_at_a_time = Lock()

    def add(self, fingerprints: Iterable[str]) -> None:
        """Note items."""
        with self._one_at_a_time:
            self._database.executemany(
                "INSERT INTO seen VALUES (?)", [(fingerprint,) for fingerprint in fingerprints]
            )

    def finish(self) -> None:
        """Let what was noted be looked up."""
        # Sorted once, it is several times as fast as an index that grows in random order.
        self._database.execute("CREATE INDEX by_fingerprint ON seen (fingerprint)")
        self._database.commit()
        self._database.close()


class SeenByAll:
    """The fingerprints of the items that all processes have seen. For use by several threads."""

    def __init__(self, folder: Path) -> None:
        self._databases = [
            sqlite3.connect(path, check_same_thread=False) for path in folder.iterdir()
        ]
        self._one_at_a_time = Lock()

    def knows(self, fingerprints: Collection[str], _: Collection[ItemKey] = ()) -> set[str]:
        """Return those of these fingerprints that were seen, whatever their keys."""
        wanted = json.dumps(list(fingerprints))
        with self._one_at_a_time:
            return {
                fingerprint
                for database in self._databases
                for (fingerprint,) in database.execute(
                    "SELECT fingerprint FROM seen WHERE fingerprint IN"
                    " (SELECT value FROM json_each(?))",
                    [wanted],
                )
            }

    def close(self) -> None:
        """Close the files."""
        for database in self._databases:
            database.close()
