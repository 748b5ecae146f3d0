"""The attributes of a drafted document, and the names that they have in the item."""

from __future__ import annotations

import re
from textwrap import wrap
from typing import Any, TypeAlias

from django.db import models

from mirror.checks.attributes import (
    KEYS,
    METHODS,
    OURS,
    RESERVED,
    TEXTS,
    attribute_hint,
    holds,
)
from mirror.documents import TextAttribute
from mirror.documents.field_values import stored
from mirror.documents.native import MAX_DIGITS

Field: TypeAlias = "models.Field[Any, Any]"


def attributes(model: type[models.Model]) -> tuple[list[str], list[str]]:
    """Return lines for the fields, and the names of those whose texts may be long."""
    fields = [f for f in model._meta.concrete_fields if f.primary_key or not is_parents_key(f)]
    long = [
        f.attname
        for f in fields
        if isinstance(f, models.TextField) and not f.primary_key and f.attname not in KEYS | METHODS
    ]
    key = model._meta.pk.attname
    names = {key: "id"}
    lines = [line(model._meta.pk, "TextAttribute", "id")]
    for f in fields:
        kind = best(f)
        if f.attname == key:
            continue
        if kind is None:
            lines += _left_out(f)
            continue
        taken = {*names.values(), *(f"{_camel(name)}StorageKey" for name in long)}
        names[f.attname] = free(f, taken)
        comment = "  # its name; the content is not mirrored" * isinstance(f, models.FileField)
        if re.search("password|secret|token", f.attname, re.IGNORECASE):
            comment = "  # Decide: a secret? Then name it in without_attribute instead"
        lines.append(line(f, kind, names[f.attname]) + comment)
    for f in model._meta.many_to_many:
        lines += wrap(_many_to_many(f), 96, initial_indent="# ", subsequent_indent="# ")
    return lines, [name for name in long if name in names]


def _many_to_many(f: Any) -> str:
    through = f.remote_field.through
    if not through._meta.auto_created:
        return f"{f.name} is mirrored by a document of its through model, {through._meta.label}."
    model = through_model(through)
    return f"Decide: {f.name} is many-to-many. Leave it out, or {model[0].lower()}{model[1:]}"


def through_model(table: type[models.Model]) -> str:
    """Say how the table of a many-to-many relation becomes a model that can be mirrored."""
    keys = [f.name for f in table._meta.concrete_fields if f.is_relation]
    return (
        f"Write a model of its table, with triggers = capture_changes() and db_table ="
        f' "{table._meta.db_table}", and with the foreign keys {" and ".join(keys)}. Name it in'
        " through=. In the migration, put CreateModel and AlterField into"
        " SeparateDatabaseAndState(state_operations=[…]): the table exists."
    )


def _left_out(f: Field) -> tuple[str, str]:
    """Return the comment for a field that has no attribute."""
    if f.attname in KEYS | METHODS:
        return (
            f"# Decide: documents have something else called {f.attname}. Leave it out, or rename",
            "# the field; db_column keeps the name of its column.",
        )
    kind = type(stored(f)).__name__
    return (
        f"# Decide: no attribute holds the {kind} {f.attname}. Leave it out, or:",
        f"# {attribute_hint(f.attname, stored(f))}",
    )


def is_parents_key(f: Field) -> bool:
    """Whether ``f`` is the primary key of a table, or refers to that of an inherited one."""
    return f.model._meta.pk is f or getattr(f.remote_field, "parent_link", False)


def line(f: Field, kind: str, name: str) -> str:
    """Return the line for a field with an attribute of this kind, of this name in the item."""
    argument = "" if name == f.attname else f'"{name}"'
    return f"{f.attname} = {kind}({argument})"


def best(f: Field) -> str | None:
    """Return the attribute that is made for the fewest kinds of fields; None if there is none."""
    if f.attname in KEYS | METHODS:
        return None
    field = stored(f)
    too_long = isinstance(field, models.DecimalField) and (field.max_digits or 0) > MAX_DIGITS
    if f.is_relation or isinstance(field, TEXTS) or too_long:
        return TextAttribute.__name__
    able = [kind for kind in OURS if holds(kind, field)]
    return min(able, key=lambda kind: len(OURS[kind])).__name__ if able else None


def free(f: Field, taken: set[str]) -> str:
    """Return a name in the item that neither the mirror nor another attribute has."""
    own = f.model._meta.model_name
    candidates = (_camel(f.attname), f.attname, _camel(f"{own}_{f.attname}"), f"{own}_{f.attname}")
    return next(name for name in candidates if name not in taken | RESERVED)


def _camel(name: str) -> str:
    return re.sub(r"(?<=[^_])_([^_])", lambda match: match[1].upper(), name)
