"""Work that a test does on a second thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

from tests.faults.proxy import MAX_WAIT


@contextmanager
def running_in_thread(work: Callable[[], object]) -> Iterator[None]:
    """Run ``work`` on a thread beside the block, and wait for it at the end of the block.

    Raises what ``work`` raised, unless the block itself has raised something.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again when the block ends
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join(MAX_WAIT)
        assert not thread.is_alive()
    if errors:
        raise errors[0]
