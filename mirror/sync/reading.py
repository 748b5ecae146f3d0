"""Reading the rows of claimed entries: what cannot be read stands in for its row, or its model."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from django.db import ProgrammingError, models

from mirror.documents.document import Document
from mirror.documents.registry import document_for
from mirror.documents.rows import sizes
from mirror.documents.unreadable import read_rows, unreadable
from mirror.errors import SchemaMismatch
from mirror.models import LedgerEntry
from mirror.models.due import ORPHAN_MODEL

logger = logging.getLogger("mirror")

_unreadable: set[str] = set()  # the models whose tables are not what the code expects


def read(entries: Sequence[LedgerEntry]) -> dict[tuple[str, str], models.Model | Exception]:
    """Return the rows of these entries as PostgreSQL holds them now, by model and id.

    What reading a row raises stands in its place.
    """
    present: dict[tuple[str, str], models.Model | Exception] = {}
    for label, of_model in _ids_by_model(entries).items():
        # The ledger knows a row by one spelling of its id: another spelling is another row.
        try:
            found = _read_rows(document_for(label), of_model)
        except ProgrammingError as error:
            _report_schema(label, error)
            found = {name: SchemaMismatch() for name in of_model}
        else:
            _report_schema(label, None)
        present |= {(label, name): row for name, row in found.items() if name in of_model}
    return present


def stored_sizes(
    entries: Sequence[LedgerEntry],
    measure: Callable[[type[Document], Iterable[str]], dict[str, int]] = sizes,
) -> dict[tuple[str, str], int]:
    """Return how many bytes the rows of these entries take in PostgreSQL, by model and id.

    Another ``measure`` counts otherwise. Of a model whose table is not what the code expects, it
    says nothing.
    """
    found: dict[tuple[str, str], int] = {}
    for label, ids in _ids_by_model(entries).items():
        with suppress(ProgrammingError):  # noted when the rows are read
            found |= {
                (label, name): size for name, size in measure(document_for(label), ids).items()
            }
    return found


def _ids_by_model(entries: Sequence[LedgerEntry]) -> dict[str, list[str]]:
    ids: defaultdict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.model != ORPHAN_MODEL:
            ids[entry.model].append(entry.object_id)
    return ids


def _read_rows(document: type[Document], ids: Sequence[str]) -> dict[str, models.Model | Exception]:
    return {
        object_id: unreadable(document, object_id, row) if isinstance(row, Exception) else row
        for object_id, row in read_rows(document, ids).items()
    }


def _report_schema(label: str, error: ProgrammingError | None) -> None:
    """Log once that a model cannot be read, and once that it can be again."""
    if error and label not in _unreadable:
        _unreadable.add(label)
        logger.error(
            "Rows of %s cannot be read (%s) and stay pending: the table is not what the code "
            "expects. Run the migrations, and restart what runs older code.",
            label,
            type(error.__cause__ or error).__name__,
        )
    elif not error and label in _unreadable:
        _unreadable.discard(label)
        logger.warning("Rows of %s can be read again.", label)
