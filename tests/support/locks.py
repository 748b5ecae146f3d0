"""Row locks that another transaction holds."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from mirror.models import LedgerEntry


@contextmanager
def locked(entry: LedgerEntry) -> Iterator[threading.Event]:
    """Lock ``entry`` in another transaction, until the event is set or the block ends."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            LedgerEntry.objects.select_for_update().get(pk=entry.pk)
            held.set()
            release.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        yield release
    finally:
        release.set()
        thread.join()
