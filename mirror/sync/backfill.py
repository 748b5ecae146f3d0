"""Enqueueing everything: the start of a backfill, and what a new, empty store needs.

Safe beside live traffic: rows are marked dirty in small transactions, and none of these waits for
a person's transaction while it holds what that person may need next.
"""

from __future__ import annotations

from typing import Any

from django.db import OperationalError, connection, transaction
from django.template.defaultfilters import pluralize

from mirror.batching import batched
from mirror.capture import MARK_DIRTY
from mirror.documents.registry import documents
from mirror.documents.rows import ID, rows_with_ids, stream
from mirror.models import LedgerEntry, StoreFill
from mirror.models.key_states import IN_USE, LANDED, REUPLOADED, UPLOAD_MAY_LAND
from mirror.stores.clients import Stores
from mirror.stores.provision import missing, provision

CHUNK = 1000  # rows enqueued in one transaction

# In plain SQL: Django takes ten times as long to make up an entry as PostgreSQL to insert it.
_ADD = """
    INSERT INTO mirror_ledgerentry (model, object_id, backfill)
    SELECT %s, id, true FROM unnest(%s::text[]) AS new(id) ON CONFLICT DO NOTHING
"""

_MARK_DIRTY = f"""
    UPDATE mirror_ledgerentry AS e SET
        {MARK_DIRTY},
        backfill = e.backfill OR e.revision <= e.mirrored_revision,
        object_keys = CASE WHEN %(force_upload)s THEN (
            SELECT coalesce(jsonb_object_agg(key, CASE state
                WHEN %(in_use)s THEN %(landed)s WHEN %(reuploaded)s
                    THEN to_json(clock_timestamp() + %(may_land)s) #>> '{{}}'
                ELSE state END), '{{}}')
            FROM jsonb_each_text(e.object_keys) AS keys(key, state)
        ) ELSE object_keys END
    WHERE id = ANY(%(ids)s)
"""  # noqa: S608 - a constant only


def provision_and_enqueue(stores: Stores) -> list[str]:
    """Provision both stores, and enqueue every row for one that is new, and so is empty.

    What a new store needs is noted before it is created: however this is interrupted, the next run
    goes on. Returns a sentence for each thing that was done.
    """
    for store, name in missing(stores):
        StoreFill.objects.begin(store, name)
    done = provision(stores)
    if StoreFill.objects.outstanding().exists():
        count = enqueue_all(force_upload=True)
        StoreFill.objects.finish()
        rows = pluralize(count, "row is,rows are")
        done.append(f"{count} {rows} enqueued for the new store; mirror_sync mirrors them.")
    return done


def enqueue_all(*, force_upload: bool = False) -> int:
    """Enqueue every row of every registered model; return how many.

    A row that only the ledger knows is left alone. It may have been deleted while nothing was
    captured, or lost: then its item is all that is left of it. A check calls that item an orphan,
    and a person decides. With ``force_upload`` S3 objects are uploaded again, as for an empty
    bucket.
    """
    count = 0
    for document in documents():
        rows = rows_with_ids(document.mirror_options.model).order_by("pk")
        for ids in batched(stream(rows.values_list(ID, flat=True)), CHUNK):
            _enqueue(document.mirror_options.label, ids, force_upload=force_upload)
            count += len(ids)
    return count


def _enqueue(label: str, ids: list[str], *, force_upload: bool) -> None:
    """Enqueue some rows: all at once those that nobody holds, then the others one by one."""
    of_model = LedgerEntry.objects.filter(model=label)
    known = set(of_model.filter(object_id__in=ids).values_list("object_id", flat=True))
    _add(label, sorted(set(ids) - known))
    entries = of_model.filter(object_id__in=known)
    with transaction.atomic():
        free = list(entries.select_for_update(skip_locked=True).values_list("pk", flat=True))
        _mark_dirty(free, force_upload=force_upload)
    for busy in entries.exclude(pk__in=free).values_list("pk", flat=True):
        _mark_dirty([busy], force_upload=force_upload)


def _add(label: str, ids: list[str]) -> None:
    """Insert entries: all at once, or one by one if that would wait for another transaction.

    An entry that is there by now is one that a writer has made just now, and so is owed.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            cursor.execute(_ADD, [label, ids])
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError:
        with connection.cursor() as cursor:
            for object_id in ids:
                cursor.execute(_ADD, [label, [object_id]])


def _mark_dirty(ids: list[int], *, force_upload: bool) -> None:
    """Mark existing entries dirty, by primary key. Mirrors ``KeyState.superseded`` in SQL."""
    values: dict[str, Any] = {
        "ids": ids,
        "force_upload": force_upload,
        "in_use": str(IN_USE),
        "reuploaded": str(REUPLOADED),
        "landed": str(LANDED),
        "may_land": UPLOAD_MAY_LAND,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_MARK_DIRTY, values)
