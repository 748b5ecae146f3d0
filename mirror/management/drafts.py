"""The draft of a ``documents.py``: documents for models, with keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db import models

from mirror.checks.attributes import TEXTS
from mirror.checks.drafted_attributes import attributes, is_parents_key
from mirror.documents import registry
from mirror.documents.field_values import stored

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
    lines, texts = attributes(model)
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
        + _indented(lines)
        + "\n    @classmethod\n    def keys(cls, instance):\n"
        + KEYS_COMMENT
        + f"        return {{{_keys(model, entity.lower())}}}\n"
    )


def _keys(model: type[models.Model], prefix: str) -> str:
    own = f"{prefix}#{{{_value(model._meta.pk, 'pk')}}}"
    first = next(_owners(model), own)
    return f'"pk": f"{first}", "sk": f"{own}"'


def _owners(model: type[models.Model]) -> Iterator[str]:
    """Yield the key of each row that every row of ``model`` belongs to."""
    for f in model._meta.concrete_fields:
        if isinstance(f, models.ForeignKey) and not (f.null or is_parents_key(f)):
            yield f"{f.related_model._meta.model_name}#{{{_value(f, f.attname)}}}"


def _value(f: models.Field[Any, Any], name: str) -> str:
    value = f"instance.{name}"
    return f"encode_id({value})" if isinstance(stored(f), TEXTS) else value
