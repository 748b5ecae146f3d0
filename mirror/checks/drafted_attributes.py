"""The attributes of a drafted document, and the names that they have in the item."""

from __future__ import annotations

import re
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
        lines.append(line(f, kind, names[f.attname]) + comment)
    for f in model._meta.many_to_many:
        lines += (
            f"# Decide: {f.name} is many-to-many. Leave it out, or give it a through model with",
            "# capture_changes() and a document.",
        )
    return lines, [name for name in long if name in names]


def _left_out(f: Field) -> tuple[str, str]:
    """Return the comment for a field that has no attribute."""
    if f.attname in KEYS | METHODS:
        return (
            f"# Decide: documents have something else called {f.attname}. Leave it out, or rename",
            "# the field; db_column keeps the name of its column.",
        )
    return (
        f"# Decide: {f.attname} is a {type(stored(f)).__name__}. Leave it out, or:",
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
