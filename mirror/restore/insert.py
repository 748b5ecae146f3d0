"""Puts a row that PostgreSQL has lost back, as the mirror has it. Never over an existing one."""

from __future__ import annotations

from django.core.management.color import no_style
from django.db import DataError, IntegrityError, connection, models, transaction

from mirror.documents.registry import labels
from mirror.models import LedgerEntry
from mirror.pause import paused
from mirror.restore.inventory import Inventory
from mirror.restore.reader import Reading


def missing_reference(reading: Reading, inventory: Inventory) -> str:
    """Say which row that this one refers to is neither there nor coming back; empty if none is."""
    for f in reading.document.mirror_options.model._meta.concrete_fields:
        value = reading.values.get(f.attname)
        if not isinstance(f, models.ForeignKey) or value is None:
            continue
        model, target = f.related_model, f.target_field
        if model._base_manager.filter(**{target.attname: value}).exists():
            continue
        label = model._meta.label_lower
        if label in labels() and target.primary_key and inventory.comes_back(label, str(value)):
            continue
        return f"{f.name}: {label} {value} is missing"
    return ""


def insert(reading: Reading) -> str:
    """Insert the row and owe it to the mirror; say why where PostgreSQL refuses it.

    The trigger marks the ledger, as for any insert, but counts from one: the mark lifts the
    revision above that of the item, which the next write would not get past otherwise.
    """
    try:
        with transaction.atomic(), paused():
            # Raw, as loaddata does it: times that are set by themselves keep their value.
            reading.instance().save_base(raw=True, force_insert=True)
            LedgerEntry.objects.mark_dirty(
                reading.document.mirror_options.label,
                reading.object_id,
                min_revision=reading.revision + 1,
                item_keys=[reading.key],
                object_keys=[reference.key for reference in reading.references],
            )
    except (IntegrityError, DataError, ValueError) as error:
        diagnosis = getattr(error.__cause__, "diag", None)
        constraint = getattr(diagnosis, "constraint_name", None)
        return f"{type(error).__name__} {constraint or ''}".strip()
    return ""


def follow_with_sequences(model: type[models.Model]) -> None:
    """Let numbers that PostgreSQL gives go on after those that came back."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
            cursor.execute(statement)
