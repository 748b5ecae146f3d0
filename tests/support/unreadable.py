"""A row with a value that Python cannot hold."""

from __future__ import annotations

from django.db import connection
from django.db.models.functions import Now

from mirror.models import LedgerEntry
from sessions_app.models import Session


def make_unreadable(session: Session, played_on: str = "infinity") -> None:
    """Write what ends any reading of this row. It is parked, as the worker leaves it in the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sessions_app_session SET played_on = %s WHERE id = %s", [played_on, session.pk]
        )
    LedgerEntry.objects.pending().filter(object_id=session.pk).update(
        parked_at=Now(), error_class="DataError", error_code="played_on"
    )
