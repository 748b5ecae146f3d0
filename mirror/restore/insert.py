"""Inserts a row that PostgreSQL has lost, as the mirror has it. Never overwrites a row."""

from __future__ import annotations

from django.core.management.color import no_style
from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models.functions import Cast

from mirror import exact_json
from mirror.documents.registry import labels
from mirror.documents.rows import all_rows, json_fields
from mirror.models import LedgerEntry
from mirror.pause import paused
from mirror.restore.inventory import Inventory
from mirror.restore.reader import Reading


def missing_reference(reading: Reading, inventory: Inventory) -> str:
    """Return a text about a row that this one refers to and that will not exist; empty if none."""
    for f in reading.document.mirror_options.model._meta.concrete_fields:
        value = reading.values.get(f.attname)
        if not isinstance(f, models.ForeignKey) or value is None:
            continue
        model, target = f.related_model, f.target_field
        if all_rows(model).filter(**{target.attname: value}).exists():
            continue
        label = model._meta.label_lower
        if label in labels() and target.primary_key and inventory.comes_back(label, str(value)):
            continue
        return f"{f.name}: {label} {value} is missing"
    return ""


def insert(reading: Reading) -> str:
    """Insert the row and enqueue it; return why PostgreSQL refused it, or an empty text.

    The trigger marks the row dirty as it does for any insert, but its revision starts at one. So
    the revision is raised above that of the item, which would otherwise refuse the next write.
    """
    try:
        with transaction.atomic(), paused():
            # Raw, as loaddata does it: fields such as auto_now keep the value that is given.
            _with_exact_json(reading.instance()).save_base(raw=True, force_insert=True)
            LedgerEntry.objects.mark_dirty(
                reading.document.mirror_options.label,
                reading.object_id,
                overwriting=[reading.item],
                item_keys=[reading.key],
                object_keys=[reference.key for reference in reading.references],
            )
    except (IntegrityError, DataError, ValueError) as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        constraint = getattr(diagnosis, "constraint_name", None)
        return f"{type(error).__name__} {constraint or ''}".strip()
    return ""


def _with_exact_json(row: models.Model) -> models.Model:
    """Return ``row`` with its JSON as expressions: the field's own encoder may shorten numbers."""
    for f in json_fields(type(row)):
        if f.generated:
            continue
        value = getattr(row, f.attname)
        if value is not None or not f.null:
            text = models.Value(exact_json.dump(value), models.TextField())
            setattr(row, f.attname, Cast(text, models.JSONField()))
    return row


def advance_sequences(model: type[models.Model]) -> None:
    """Let the sequences of ``model`` continue after the numbers of the rows that came back."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
