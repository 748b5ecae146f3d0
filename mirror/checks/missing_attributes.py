"""The fields of a mirrored model that its document forgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from django.apps import AppConfig
from django.contrib.postgres.search import SearchVectorField
from django.core.checks import CheckMessage, Warning, register  # noqa: A004
from django.db import models

from mirror.checks.attributes import KEYS, METHODS, attribute_hint
from mirror.checks.drafted_attributes import best, free, is_parents_key, line
from mirror.documents import registry
from mirror.documents.document import Document, field_attributes
from mirror.documents.field_values import has_default, stored
from mirror.documents.rows import forgotten_fields

Field: TypeAlias = "models.Field[Any, Any]"


@register("mirror")
def check_missing_attributes(
    app_configs: Sequence[AppConfig] | None, **_: Any
) -> list[CheckMessage]:
    """W031: a field without an attribute, of which ``register`` does not say so."""
    return [
        Warning(
            f"{document.__name__} has no attribute for the field {f.name}: it is not mirrored, and"
            " mirror_restore cannot bring it back.",
            hint=f"{_advice(document, f, drafted)} {_exception(f)}, write"
            f' without_attribute=["{f.attname}"] in register().',
            obj=document,
            id="mirror.W031",
        )
        for document in registry.documents()
        for f, drafted in missing_attributes(document).items()
    ]


def missing_attributes(document: type[Document]) -> dict[Field, str]:
    """Return the fields of which W031 warns, each with the line that mirror_document would draft.

    The line is empty if no attribute holds the field.
    """
    names = field_attributes(document).values()
    taken = {*names, *map(_storage_key, names), document.mirror_options.entity_attribute}
    lines = {}
    for f in _missing(document):
        kind = best(f)
        lines[f] = ""
        if kind:
            name = free(f, taken)
            taken |= {name, _storage_key(name)}
            lines[f] = line(f, kind, name)
    return lines


def _storage_key(name: str) -> str:
    return f"{name}StorageKey"


def _missing(document: type[Document]) -> Iterator[Field]:
    """Yield the fields that nothing else mirrors: no other document, and no computation."""
    own = document.mirror_options.model._meta.concrete_model
    for f in forgotten_fields(document):
        elsewhere = f.model is not own and f.model._meta.label_lower in registry.labels()
        if not (elsewhere or is_parents_key(f) or isinstance(f, SearchVectorField)):
            yield f


def _advice(document: type[Document], f: Field, drafted: str) -> str:
    if not drafted:
        return without_draft(f)
    command = f"manage.py mirror_document {document.mirror_options.model._meta.label} --write"
    return f"Write {drafted} in the document, as {command} does, and run mirror_sync --all."


def _exception(f: Field) -> str:
    """Say when a field needs no attribute: not if no row could come back without a value for it."""
    return "If bodies hold it, or it is to be left out" if has_default(f) else "If bodies hold it"


def without_draft(f: Field) -> str:
    """Say what to type for a field for which no attribute is drafted."""
    if f.attname in KEYS | METHODS:
        return (
            f"Rename the field, since documents have something else called {f.attname}; db_column"
            " keeps the name of its column."
        )
    return attribute_hint(f.attname, stored(f))
