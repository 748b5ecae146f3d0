"""Inserts rows that PostgreSQL has lost, as the mirror has them. Never overwrites a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import DataError, IntegrityError, connection, models, transaction
from django.db.models.expressions import DatabaseDefault
from django.db.models.functions import Cast

from mirror import exact_json
from mirror.documents.document import field_attributes
from mirror.documents.items import ItemKey
from mirror.documents.registry import labels
from mirror.documents.rows import all_rows, json_fields
from mirror.models import LedgerEntry, Mark
from mirror.pause import paused
from mirror.restore.inventory import Inventory
from mirror.restore.reader import Reading

# Which number comes next, unless it is beyond that of the last row already.
_ADVANCE = """
    SELECT setval(name, highest)
    FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name, max({1}) AS highest FROM {0}) s
    WHERE highest > coalesce(pg_sequence_last_value(name), 0)
"""
REFUSALS = (IntegrityError, DataError, ValueError)


def insert(readings: Sequence[Reading], inventory: Inventory, *, apply: bool) -> dict[ItemKey, str]:
    """Insert rows of one model and enqueue them; return which were not, and why.

    Without ``apply`` only look whether the rows that they refer to exist. If PostgreSQL refuses
    the rows together, each half of them is tried by itself, down to the row that it refuses.
    """
    if not readings:
        return {}
    try:
        with transaction.atomic():
            problems = (
                _missing_references(readings, inventory)
                | _other_parents(readings)
                | _missing_values(readings)
            )
            accepted = [reading for reading in readings if reading.key not in problems]
            if apply and accepted:
                _insert(accepted)
    except REFUSALS as error:
        if len(readings) == 1:
            return {readings[0].key: _reason(error)}
        half = len(readings) // 2
        first = insert(readings[:half], inventory, apply=apply)
        return first | insert(readings[half:], inventory, apply=apply)
    label = readings[0].document.mirror_options.label
    inventory.note_restored(label, [reading.object_id for reading in accepted])
    return problems


def _reason(error: Exception) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    place = getattr(diagnosis, "constraint_name", None) or getattr(diagnosis, "column_name", None)
    return f"{type(error).__name__} {place or ''}".strip()


def _missing_values(readings: Sequence[Reading]) -> dict[ItemKey, str]:
    """Return by item key which row has no value for a field that takes no null."""
    lacking = {r.key: ", ".join(f.name for f in r.lacking) for r in readings}
    return {key: f"no attribute and no default: {names}" for key, names in lacking.items() if names}


def _missing_references(readings: Sequence[Reading], inventory: Inventory) -> dict[ItemKey, str]:
    """Return by item key which row refers to one that will not exist: the first one named."""
    model = readings[0].document.mirror_options.model
    existing = {
        f: _existing(f, {reading.values.get(f.attname) for reading in readings}, inventory)
        for f in model._meta.concrete_fields
        if isinstance(f, models.ForeignKey) and not f.remote_field.parent_link
    }
    problems: dict[ItemKey, str] = {}
    coming: set[str] = set()  # a row may refer to itself, or to one of the same table before it
    for reading in readings:
        coming.add(reading.object_id)
        for f, targets in existing.items():
            value = reading.values.get(f.attname)
            own = f.related_model is model and f.target_field.primary_key and str(value) in coming
            if value is not None and value not in targets and not own:
                label = f.related_model._meta.label_lower
                problems[reading.key] = f"{f.name}: {label} {value} is missing"
                coming.discard(reading.object_id)
                break
    return problems


def _existing(
    f: models.ForeignKey[Any, Any], values: Collection[Any], inventory: Inventory
) -> set[Any]:
    """Return those of ``values`` that ``f`` may have: their rows exist, or will."""
    wanted = {value for value in values if value is not None}
    model, target = f.related_model, f.target_field
    if not wanted:
        return wanted
    rows = all_rows(model).filter(**{f"{target.attname}__in": wanted})
    existing = set(rows.values_list(target.attname, flat=True))
    label = model._meta.label_lower
    if label in labels() and target.primary_key:
        back = inventory.coming_back(label, [str(value) for value in wanted - existing])
        existing |= {value for value in wanted if str(value) in back}
    return existing


def _other_parents(readings: Sequence[Reading]) -> dict[ItemKey, str]:
    """Return by item key which row would get another's values from a parent's table.

    A model may inherit another table, and PostgreSQL may still have the row there. It stays as it
    is; so if it has other values than the item, the row would not come back as it was.
    """
    document = readings[0].document
    mirrored = field_attributes(document).keys()
    problems: dict[ItemKey, str] = {}
    for parent in _parents(document.mirror_options.model):
        ids = {reading.key: _pk(parent, reading.instance()) for reading in readings}
        present = all_rows(parent).in_bulk(list(ids.values()))
        for reading in readings:
            row = present.get(ids[reading.key])
            differing = [
                f.name
                for name in (reading.differing_fields(row) if row is not None else ())
                for f in [parent._meta.get_field(name)]
                if getattr(f, "attname", name) in mirrored | reading.values.keys()
            ]
            if differing:
                named = ", ".join(differing)
                problems[reading.key] = f"its {parent._meta.label_lower} differs: {named}"
    return problems


def _parents(model: type[models.Model]) -> list[type[models.Model]]:
    """Return the models whose tables ``model`` inherits, each after its own parents."""
    return list(reversed(model._meta.get_parent_list()))


def _pk(table: type[models.Model], row: models.Model) -> Any:
    """Return the primary key of ``row`` in a table that it may have inherited."""
    return getattr(row, table._meta.pk.attname)


def _insert(readings: Sequence[Reading]) -> None:
    """Insert the rows with one statement a table, and enqueue them.

    Triggers mark the rows dirty as they do for any insert, but the revisions start at one. So they
    are raised above those of the items, which would otherwise refuse the next write.
    """
    rows = [_with_exact_json(reading.new_row()) for reading in readings]
    model = type(rows[0])
    for table in _parents(model):
        present = all_rows(table).in_bulk([_pk(table, row) for row in rows])
        _insert_into(table, [row for row in rows if _pk(table, row) not in present])
    _insert_into(model, rows)
    LedgerEntry.objects.mark_all_dirty(
        readings[0].document.mirror_options.label,
        [
            Mark(
                reading.object_id,
                overwriting=[reading.item],
                item_keys=[reading.key],
                object_keys=[reference.key for reference in reading.references],
            )
            for reading in readings
        ],
    )


def _insert_into(table: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert rows into their own table, or into one that they inherit.

    Raw, as loaddata does it: fields such as ``auto_now`` keep the value that is given. Nothing but
    an insert: a row that somebody has inserted meanwhile is an ``IntegrityError``.
    """
    if rows and table._meta.order_with_respect_to:
        with paused():
            for row in rows:  # each is numbered after those before it
                row.save_base(raw=True, force_insert=True)
    elif rows:
        fields = [f for f in table._meta.local_concrete_fields if not f.generated]
        queries: Any = all_rows(table)
        queries._insert(rows, fields=fields, raw=True)  # noqa: SLF001 - there is no public way


def _with_exact_json(row: models.Model) -> models.Model:
    """Return ``row`` with its JSON as expressions: the field's own encoder may shorten numbers."""
    for f in json_fields(type(row)):
        if f.generated:
            continue
        value = getattr(row, f.attname)
        if isinstance(value, DatabaseDefault):
            continue
        if value is not None or not f.null:
            text = models.Value(exact_json.dump(value), models.TextField())
            setattr(row, f.attname, Cast(text, models.JSONField()))
    return row


def advance_sequences(model: type[models.Model]) -> None:
    """Let the sequences of ``model`` continue after the numbers of the rows that came back.

    None goes back: a number that a deleted row had is not given again.
    """
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for table in (model, *_parents(model)):
            for f in table._meta.local_fields:
                if isinstance(f, models.AutoField):
                    name, column = quote(table._meta.db_table), f.column or ""
                    cursor.execute(_ADVANCE.format(name, quote(column)), [name, column])
