"""The restore: rows in the mirror compared with PostgreSQL, and inserted if they are missing there.

Memory does not grow with the number of rows. One scan reads the table: each item is compared with
its row as it comes. What is not equal is noted by its key, and examined afterwards, starting with
the models that others refer to: read again, consistently, before it counts.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from graphlib import TopologicalSorter

from mirror.documents.document import Document
from mirror.documents.registry import documents
from mirror.restore.counts import RestoreCounts
from mirror.restore.inventory import open_inventory
from mirror.restore.portions import THREADS
from mirror.restore.walk import Walk
from mirror.stores.clients import Stores

Progress = Callable[[int], object]


def restore(
    stores: Stores,
    *,
    apply: bool,
    begin: Progress = int,
    progress: Progress = int,
) -> list[RestoreCounts]:
    """Compare all that the mirror holds with PostgreSQL; with ``apply`` insert what is missing.

    ``progress`` is called with the number of items done since its last call: first with those
    that are compared, then, after ``begin`` was called with their number, with those that are not
    equal and are examined. Raises ``StoreError`` if a store cannot be read. After an interruption,
    run it again: what was restored before is found equal.
    """
    with (
        open_inventory() as inventory,
        ThreadPoolExecutor(THREADS, thread_name_prefix="mirror-read") as threads,
    ):
        walks = [
            Walk(document, stores, inventory, threads, apply=apply)
            for document in documents_in_order()
        ]
        for page in stores.items.scan():
            for walk in walks:
                options = walk.document.mirror_options
                walk.compare(
                    [item for item in page if options.has(item) and "S" in item.get("id", {})]
                )
            progress(len(page))
        if unequal := inventory.count_unequal():
            begin(unequal)
        for walk in walks:
            walk.examine(progress)
        return [walk.tally for walk in walks]


def documents_in_order() -> list[type[Document]]:
    """Return the documents, each after those whose models its own model refers to."""
    by_model = {document.mirror_options.model: document for document in documents()}
    graph = {
        document: {
            by_model[f.related_model]
            for f in model._meta.concrete_fields
            if f.related_model in by_model and f.related_model is not model
        }
        for model, document in by_model.items()
    }
    return list(TopologicalSorter(graph).static_order())
