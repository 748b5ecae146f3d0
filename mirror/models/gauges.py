"""Gauges: how much is owed, for those who watch the site. Each is read by an index, up to a bound.

A ``backlog`` counts exactly, and so reads all that is owed. What is asked every few seconds, for as
long as the site runs, must not: it looks at ``MOST`` parked entries, and of each model at the next
``MOST`` that wait, those of a backfill apart.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models.expressions import RawSQL

from mirror.documents.registry import labels
from mirror.models.due import DUE_AT, OWED, UNFINISHED
from mirror.models.ledger import LedgerEntry

MOST = 50_000


class Owed(NamedTuple):
    """What one model owes: on its way, given up, and for how long the oldest has been waiting."""

    pending: int
    parked: int
    longest_wait: timedelta


def owed_by_model() -> dict[str, Owed]:
    """Return what each registered model owes."""
    of_model = LedgerEntry.objects.filter(
        model=RawSQL("known.label", []), backfill=RawSQL("kind.is_backfill", [])
    )
    pending = (
        of_model.filter(UNFINISHED, OWED)
        .alias(due_at=DUE_AT)
        .filter(due_at__isnull=False)  # not parked, as the index has it
        .order_by("due_at", "id")
        .values("owed_since")[:MOST]
    )
    parked = LedgerEntry.objects.parked().order_by("parked_at", "id").values("model")[:MOST]
    pending_sql, pending_params = pending.query.sql_with_params()
    parked_sql, parked_params = parked.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT known.label, waiting.count, coalesce(parked.count, 0), waiting.longest
            FROM unnest(%s::text[]) AS known(label)
            CROSS JOIN LATERAL (
                SELECT count(*), coalesce(
                    max(statement_timestamp() - candidate.owed_since), interval '0'
                ) AS longest
                FROM unnest(ARRAY[false, true]) AS kind(is_backfill)
                CROSS JOIN LATERAL ({pending_sql}) AS candidate
            ) AS waiting
            LEFT JOIN (
                SELECT model, count(*) FROM ({parked_sql}) AS candidate GROUP BY model
            ) AS parked ON parked.model = known.label
            """,  # noqa: S608 - the SQL put in is Django's own, with placeholders
            [sorted(labels()), *pending_params, *parked_params],
        )
        return {label: Owed(*figures) for label, *figures in cursor.fetchall()}
