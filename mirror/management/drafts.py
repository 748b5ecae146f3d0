"""The draft of a ``documents.py``: each field with the attribute that suits it, and keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from django.db import models

from mirror.checks.attributes import (
    HOLDS,
    KEYS,
    METHODS,
    RESERVED,
    TEXTS,
    attribute_hint,
    holds,
    stored,
)
from mirror.documents import (
    NativeAttribute,
    TextAttribute,
    TimeAttribute,
    WholeNumberAttribute,
    registry,
)

Field: TypeAlias = "models.Field[Any, Any]"

KINDS = (WholeNumberAttribute, TimeAttribute, NativeAttribute, TextAttribute)
MAX_DIGITS = 38  # of a number in DynamoDB

KEYS_COMMENT = """\
        # Decide: rows of one pk are read together, in the order of sk. The last part of one of the
        # two stays the primary key. Keys may be changed later: the old item becomes a tombstone.
"""


def draft(chosen: Sequence[type[models.Model]]) -> str:
    """Return a module with a document for each of these models, which are of one app."""
    entities = _entities(chosen)
    documents = "".join(f"\n\n{_document(model, entities[model])}" for model in chosen)
    used = {"Document", "register", *re.findall(r"\b(\w+Attribute|encode_id)\(", documents)}
    imports = {model.__module__: set[str]() for model in chosen} | {"mirror.documents": used}
    for model in chosen:
        imports[model.__module__].add(model.__name__)
    lines = "".join(
        f"from {module} import {_names(imports[module])}\n" for module in sorted(imports)
    )
    return f'"""What the rows look like in DynamoDB and S3."""\n\n{lines}{documents}'


def _names(names: set[str]) -> str:
    ordered = sorted(names, key=lambda name: (name[0].islower(), name))
    if len(ordered) < 4:  # noqa: PLR2004 - what fits in a line
        return ", ".join(ordered)
    return f"(\n{_indented(f'{name},' for name in ordered)})"


def _indented(lines: Iterable[str]) -> str:
    return "".join(f"    {line}\n" for line in lines)


def _entities(chosen: Sequence[type[models.Model]]) -> dict[type[models.Model], str]:
    """Return the entity of each model: its name, but that of the app as well if that is taken."""
    taken = {
        document.mirror_options.entity
        for document in registry.documents()
        if document.mirror_options.model not in chosen
    }
    entities = {}
    for model in chosen:
        name = model.__name__
        entity = name[0].lower() + name[1:]
        entities[model] = f"{model._meta.app_label}-{entity}" if entity in taken else entity
    return entities


def _document(model: type[models.Model], entity: str) -> str:
    attributes, texts = _attributes(model)
    options = [model.__name__, f'entity="{entity}"']
    if texts:
        listed = ", ".join(f'"{name}"' for name in texts)
        options.append(f"long_texts=[{listed}]")
        if not isinstance(model._meta.pk, models.UUIDField):  # another model's may be equal
            options.append(f'texts_folder="{entity.lower()}-texts"')
    return (
        f"@register(\n{_indented(f'{option},' for option in options)})\n"
        f"class {model.__name__}Document(Document):\n"
        f'    """A row of {model._meta.label}."""\n\n'
        + _indented(attributes)
        + "\n    @classmethod\n    def keys(cls, instance):\n"
        + KEYS_COMMENT
        + f"        return {{{_keys(model, entity.lower())}}}\n"
    )


def _attributes(model: type[models.Model]) -> tuple[list[str], list[str]]:
    """Return a line for each field, and the fields whose texts may be long."""
    fields = [f for f in model._meta.concrete_fields if f.primary_key or not _is_parents_key(f)]
    long = [
        f.attname
        for f in fields
        if isinstance(f, models.TextField) and not f.primary_key and f.attname not in KEYS | METHODS
    ]
    key = model._meta.pk.attname
    names = {key: "id"}
    lines = [_line(model._meta.pk, "TextAttribute", "id")]
    for f in fields:
        kind = _best(f)
        if f.attname == key:
            continue
        if kind is None or f.attname in KEYS | METHODS:
            lines += _left_out(f)
            continue
        taken = {*names.values(), *(f"{_camel(name)}StorageKey" for name in long)}
        names[f.attname] = _free(f, taken)
        lines.append(_line(f, kind, names[f.attname]))
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


def _is_parents_key(f: Field) -> bool:
    return f.model._meta.pk is f or getattr(f.remote_field, "parent_link", False)


def _line(f: Field, kind: str, name: str) -> str:
    argument = "" if name == f.attname else f'"{name}"'
    comment = "  # its name; the content is not mirrored" if isinstance(f, models.FileField) else ""
    return f"{f.attname} = {kind}({argument}){comment}"


def _best(f: Field) -> str | None:
    """Return the attribute that is made for the fewest kinds of fields; None if there is none."""
    field = stored(f)
    too_long = isinstance(field, models.DecimalField) and (field.max_digits or 0) > MAX_DIGITS
    if f.is_relation or isinstance(field, TEXTS) or too_long:
        return TextAttribute.__name__
    able = [kind for kind in KINDS if holds(kind, field)]
    return min(able, key=lambda kind: len(HOLDS[kind])).__name__ if able else None


def _free(f: Field, taken: set[str]) -> str:
    """Return a name in the item that neither the mirror nor another attribute has."""
    own = f.model._meta.model_name
    candidates = (_camel(f.attname), f.attname, _camel(f"{own}_{f.attname}"), f"{own}_{f.attname}")
    return next(name for name in candidates if name not in taken | RESERVED)


def _camel(name: str) -> str:
    return re.sub(r"(?<=[^_])_([^_])", lambda match: match[1].upper(), name)


def _keys(model: type[models.Model], prefix: str) -> str:
    own = f"{prefix}#{{{_value(model._meta.pk, 'pk')}}}"
    first = next(_owners(model), own)
    return f'"pk": f"{first}", "sk": f"{own}"'


def _owners(model: type[models.Model]) -> Iterator[str]:
    """Yield the key of each row that every row of ``model`` belongs to."""
    for f in model._meta.concrete_fields:
        if isinstance(f, models.ForeignKey) and not (f.null or _is_parents_key(f)):
            yield f"{f.related_model._meta.model_name}#{{{_value(f, f.attname)}}}"


def _value(f: Field, name: str) -> str:
    value = f"instance.{name}"
    return f"encode_id({value})" if isinstance(stored(f), TEXTS) else value
