"""Owing everything: the start of a backfill, and what a new, empty store needs.

Safe beside live traffic: rows are marked in small transactions, and none waits for a person's
transaction while it holds what that person may need next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import OperationalError, connection, models, transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils import timezone

from mirror.batching import parts
from mirror.documents.registry import documents
from mirror.models import IN_USE, IN_USE_AGAIN, LANDED, UPLOAD_MAY_LAND, LedgerEntry

CHUNK = 1000  # objects marked in one transaction

_MARK = """
    UPDATE mirror_ledgerentry AS e SET
        revision = revision + 1,
        owed_since = CASE WHEN revision > mirrored_revision THEN owed_since ELSE now() END,
        attempts = 0, next_attempt_at = now(), parked_at = NULL, error_class = '', error_code = '',
        object_keys = CASE WHEN %(distrust)s THEN (
            SELECT coalesce(jsonb_object_agg(key, CASE state
                WHEN %(in_use)s THEN %(landed)s WHEN %(in_use_again)s THEN %(may_land)s
                ELSE state END), '{}')
            FROM jsonb_each_text(e.object_keys) AS keys(key, state)
        ) ELSE object_keys END
    WHERE id = ANY(%(ids)s)
"""


def owe_everything(*, distrust: bool = False) -> int:
    """Owe every row of every registered model, and every row that is gone but was mirrored.

    Returns how many. With ``distrust`` objects are uploaded anew, as to an empty bucket.
    """
    count = 0
    for document in documents():
        for ids in parts(_ids(document.mirror_options.model), CHUNK):
            _owe(document.mirror_options.label, ids, distrust=distrust)
            count += len(ids)
    return count


def _ids(model: type[models.Model]) -> Iterator[str]:
    """Yield the ids of all rows, then of all objects that only the ledger knows."""
    rows = model._base_manager.order_by("pk")
    yield from rows.values_list(Cast("pk", TextField()), flat=True).iterator(chunk_size=CHUNK)
    alive = model._base_manager.annotate(text=Cast("pk", TextField())).values("text")
    gone = LedgerEntry.objects.filter(model=model._meta.label_lower).exclude(object_id__in=alive)
    written = gone.exclude(item_keys=[], object_keys={})
    yield from written.values_list("object_id", flat=True).iterator(chunk_size=CHUNK)


def _owe(label: str, ids: list[str], *, distrust: bool) -> None:
    """Mark some objects: all at once those that nobody is working on, then the others singly."""
    entries = LedgerEntry.objects.filter(model=label, object_id__in=ids)
    known = set(entries.values_list("object_id", flat=True))
    _add([LedgerEntry(model=label, object_id=new) for new in sorted(set(ids) - known)])
    with transaction.atomic():
        free = list(entries.select_for_update(skip_locked=True).values_list("pk", flat=True))
        _mark(free, distrust=distrust)
    for busy in entries.exclude(pk__in=free).values_list("pk", flat=True):
        _mark([busy], distrust=distrust)


def _add(new: list[LedgerEntry]) -> None:
    """Insert entries: all at once, or singly where that would wait for somebody's transaction."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            (before,) = cursor.fetchone()
            cursor.execute("SET LOCAL lock_timeout = '100ms'")
            LedgerEntry.objects.bulk_create(new, ignore_conflicts=True)
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
    except OperationalError:
        for entry in new:
            LedgerEntry.objects.bulk_create([entry], ignore_conflicts=True)


def _mark(ids: Iterable[int], *, distrust: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _MARK,
            {
                "ids": list(ids),
                "distrust": distrust,
                "in_use": IN_USE,
                "in_use_again": IN_USE_AGAIN,
                "landed": LANDED,
                "may_land": (timezone.now() + UPLOAD_MAY_LAND).isoformat(),
            },
        )
