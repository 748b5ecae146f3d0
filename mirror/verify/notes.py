"""What the shares of a check leave in PostgreSQL for the machine that ends last.

That is the fingerprints of the items that a share has seen, those that its rows should have, and
its findings. The fingerprints are divided into buckets, so that those of one fit in memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple
from threading import Lock
from typing import Any

from mirror.batching import batched
from mirror.documents.document import Document
from mirror.documents.items import Item, fingerprint
from mirror.models import CheckNote, SharedCheck
from mirror.verify.findings import Finding
from mirror.verify.report import Part
from mirror.verify.seen import Note, Seen

SEEN, WANTED, FOUND = "seen", "wanted", "found"  # the kinds
HELD = 100_000  # fingerprints in the memory of a process
FINDINGS_OF_A_NOTE = 1000


class NotesOfShare:
    """Takes the notes of one share."""

    def __init__(self, check: SharedCheck, token: str) -> None:
        self.check, self._token = check, token

    @contextmanager
    def noting(self, _: int) -> Iterator[Note]:
        """Return a function for several threads that notes items."""
        with self._held(SEEN) as held:
            yield lambda items: held.add((found, found) for found in map(fingerprint, items))

    @contextmanager
    def looking_up(self) -> Iterator[Seen]:
        """Return a function for several threads that notes what is to be looked up."""
        with self._held(WANTED) as held:

            def note(document: type[Document], items: Mapping[str, Item]) -> None:
                label = document.mirror_options.label
                prints = {object_id: fingerprint(item) for object_id, item in items.items()}
                held.add((wanted, (wanted, label, name)) for name, wanted in prints.items())

            yield note

    @contextmanager
    def _held(self, kind: str) -> Iterator[Held]:
        held = Held(self, kind)
        yield held
        held.write()

    def leave_findings(self, findings: Iterable[Finding]) -> None:
        """Leave what this share has found."""
        for some in batched(findings, FINDINGS_OF_A_NOTE):
            self.leave(FOUND, {0: list(map(astuple, some))})

    def leave(self, kind: str, values: Mapping[int, list[Any]]) -> None:
        """Leave values, by bucket."""
        CheckNote.objects.leave(self.check, self._token, kind, values)


class Held:
    """Notes of one kind that are yet to be written. For use by several threads."""

    def __init__(self, notes: NotesOfShare, kind: str) -> None:
        self._notes, self._kind = notes, kind
        self._values: dict[int, list[Any]] = {}  # by bucket
        self._count = 0
        self._one_at_a_time = Lock()

    def add(self, values: Iterable[tuple[str, Any]]) -> None:
        """Note values, each given after the fingerprint that it is about."""
        with self._one_at_a_time:
            for about, value in values:
                bucket = zlib.crc32(about.encode()) % self._notes.check.buckets
                self._values.setdefault(bucket, []).append(value)
                self._count += 1
            if self._count >= HELD:
                self.write()

    def write(self) -> None:
        """Write what is held."""
        self._notes.leave(self._kind, self._values)
        self._values, self._count = {}, 0


def findings_of(check: SharedCheck) -> Iterator[Finding]:
    """Yield what the shares have found."""
    return map(Finding.of, CheckNote.objects.read(check, FOUND, 0))


def unseen(check: SharedCheck, bucket: int, part: Part) -> Iterator[tuple[str, str]]:
    """Yield the rows of a bucket whose items nobody has seen; count the others as in sync."""
    seen = set(CheckNote.objects.read(check, SEEN, bucket))
    for wanted, label, object_id in CheckNote.objects.read(check, WANTED, bucket):
        if wanted in seen:
            part.in_sync += 1
        else:
            yield label, object_id
