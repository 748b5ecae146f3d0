"""The attributes of documents: whether each names a field and can hold its values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, TypeAlias

from django.apps import AppConfig
from django.contrib.postgres.fields import ArrayField, HStoreField, RangeField
from django.core.checks import CheckMessage, Error, register
from django.db import models
from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)

from mirror.documents import (
    ExactTimeAttribute,
    NativeAttribute,
    TextAttribute,
    TimeAttribute,
    WholeNumberAttribute,
    registry,
)
from mirror.documents.document import Document, field_attributes
from mirror.documents.field_values import stored
from mirror.documents.items import ENTITY, EXPIRES, REVISION, VERSION
from mirror.documents.rows import forgotten_fields

Field: TypeAlias = "models.Field[Any, Any]"

KEYS = frozenset(Document.get_attributes())
RESERVED = KEYS | {ENTITY, VERSION, REVISION, EXPIRES}
# What a document is asked for. An attribute of that name would hide it.
METHODS = (
    {"mirror_options", "serialize", "get_attributes", "attribute_values"}
    | {name for name in dir(Document) if name.startswith("_") or name in vars(Document)}
) - KEYS

TEXTS = (models.CharField, models.TextField)
SIMPLE = (
    *TEXTS,
    models.BooleanField,
    models.DecimalField,
    models.FloatField,
    models.IntegerField,
)
NATIVE = (*SIMPLE, models.BinaryField, models.DurationField, RangeField)
MEMBERS = (  # of arrays
    *NATIVE,
    models.DateField,
    models.GenericIPAddressField,
    models.TimeField,
    models.UUIDField,
)
# Which fields each attribute writes to the item and reads back unchanged. An attribute class of the
# adopter's own is trusted.
OURS: dict[type[Attribute[Any]], tuple[type[Any], ...]] = {
    NativeAttribute: (models.JSONField, HStoreField, *NATIVE),
    ExactTimeAttribute: (models.DateTimeField,),  # first, as what is drafted comes back as it is
    TimeAttribute: (models.DateTimeField,),
    TextAttribute: (
        *SIMPLE,
        models.DateField,
        models.DurationField,
        models.FileField,
        models.FilePathField,
        models.GenericIPAddressField,
        models.TimeField,
        models.UUIDField,
    ),
    WholeNumberAttribute: (models.IntegerField,),
}
HOLDS = OURS | {
    BinaryAttribute: (models.BinaryField,),
    BooleanAttribute: (models.BooleanField,),
    NumberAttribute: (models.FloatField, models.IntegerField),
    UnicodeAttribute: TEXTS,
    UTCDateTimeAttribute: (models.DateTimeField,),
}
# Their text is the same in PostgreSQL, where the triggers make it, and in Python.
PRIMARY_KEYS = (*TEXTS, models.IntegerField, models.UUIDField)


@register("mirror")
def check_attributes(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """E006 to E011 and E013: attributes and fields that cannot be mirrored, by name."""
    return [
        Error(f"{document.__name__}: {text}", hint=hint, obj=document, id=f"mirror.{number}")
        for document in registry.documents()
        for number, text, hint in _problems(document)
    ]


Problem = tuple[str, str, str]  # the number, what is wrong, and what to type


def _problems(document: type[Document]) -> Iterator[Problem]:
    model = document.mirror_options.model
    yield from _entity_problems(document)
    for name, attribute in document.get_attributes().items():
        if attribute is not Document.get_attributes().get(name):
            yield from _name_problems(name, attribute) or _field_problems(document, name, attribute)
    columns = {f.attname for f in model._meta.concrete_fields}
    for name in document.mirror_options.without_attribute:
        if name not in columns:
            yield _no_column(document, name)
    yield from _primary_key_problems(document)
    yield from _duplicates(document)
    yield from _unknown_texts(document)


def wrong_names(document: type[Document]) -> list[str]:
    """Return what E006 says of the document, with what to type."""
    return [f"{text} {hint}" for number, text, hint in _problems(document) if number == "E006"]


def _entity_problems(document: type[Document]) -> Iterator[Problem]:
    """E009: an entity under a name that the mirror needs for something else."""
    name = document.mirror_options.entity_attribute
    if name in {*RESERVED - {ENTITY}, "id", ""}:
        text = f"entity_attribute cannot be {name!r}: the item has something else of that name."
        yield "E009", text, "Register it with another entity_attribute, or with none."


def _name_problems(name: str, attribute: Attribute[Any]) -> list[Problem]:
    """E009: a name that the mirror needs for itself."""
    if name in KEYS | METHODS:
        text = f"no attribute can be called {name}: documents have something else of that name."
        return [("E009", text, "Rename the field; db_column keeps the name of its column.")]
    # Another document would take items with its own mark for its own.
    marks = {document.mirror_options.entity_attribute for document in registry.documents()}
    if attribute.attr_name in RESERVED | marks - {"id"}:
        text = f"{name} is called {attribute.attr_name} in the item, which the mirror itself needs."
        hint = f'Write {name} = {type(attribute).__name__}("another name").'
        return [("E009", text, hint)]
    return []


def _field_problems(
    document: type[Document], name: str, attribute: Attribute[Any]
) -> list[Problem]:
    """E006: an attribute that names no field. E007: one that cannot hold its field."""
    columns = {f.attname: f for f in document.mirror_options.model._meta.concrete_fields}
    if name not in columns:
        return [_no_column(document, name, attribute)]
    field, kind = stored(columns[name]), type(attribute)
    if kind not in HOLDS or holds(kind, field):
        return []
    text = f"{kind.__name__} cannot hold the {type(field).__name__} {name}."
    return [("E007", text, attribute_hint(name, field))]


def _no_column(
    document: type[Document], name: str, attribute: Attribute[Any] | None = None
) -> Problem:
    """Say that an attribute, or else a name in ``without_attribute``, names no field."""
    model = document.mirror_options.model
    where = "" if attribute else "without_attribute: "
    text = f"{where}{name} is no column of {model._meta.label}."
    relations = {f.name: f for f in model._meta.get_fields() if f.is_relation}
    if name in relations:
        return "E006", text, _relation_hint(name, relations[name])
    close = get_close_matches(name, [f.attname for f in model._meta.concrete_fields], n=1)
    meant = f"Did you mean {close[0]}? " if close else ""
    hint = f"{meant}An attribute has the name of a field. Rename it or remove it."
    if attribute:
        forgotten = [f.attname for f in forgotten_fields(document)]
        new = next(iter(close or forgotten * (len(forgotten) == 1)), "its_new_name")
        kept = f'{new} = {type(attribute).__name__}("{attribute.attr_name}")'
        hint += f" If the field was renamed, write {kept}: its name in the items stays."
    return "E006", text, hint


def _relation_hint(name: str, relation: Any) -> str:
    if isinstance(relation, models.ForeignKey):
        return f"Write {relation.attname} instead of {name}."
    if isinstance(relation, models.ManyToManyField):
        return f"Remove it, give {name} a through model with capture_changes(), and register that."
    return f"Remove it, and register the model that {name} leads to."


def attribute_hint(name: str, field: Field) -> str:
    """Say what to type for a field that an attribute cannot hold."""
    able = [f"{kind.__name__}()" for kind in OURS if holds(kind, field)]
    if able:
        return f"Write {name} = {' or '.join(able)}."
    return (
        f"Write a subclass of TextAttribute that defines serialize() and deserialize() for {name}."
    )


def holds(kind: type[Attribute[Any]], field: Field) -> bool:
    """Whether attributes of this kind write the stored ``field`` and read it back unchanged."""
    if kind is NativeAttribute and isinstance(field, ArrayField):
        while isinstance(field, ArrayField):
            field = field.base_field
        return isinstance(field, MEMBERS)
    return isinstance(field, HOLDS[kind])


def _primary_key_problems(document: type[Document]) -> Iterator[Problem]:
    """E008: the item's id is not the primary key. E011: a key that is not one plain column."""
    model = document.mirror_options.model
    key = model._meta.pk
    if key not in model._meta.concrete_fields:
        hint = "Give the model one column as its primary key, and the others a UniqueConstraint."
        yield "E011", f"the primary key of {model._meta.label} is composite.", hint
        return
    kind = stored(key)
    if not isinstance(kind, PRIMARY_KEYS) or hasattr(kind, "from_db_value"):
        text = f"the primary key of {model._meta.label}, {type(kind).__name__}, cannot be mirrored."
        yield "E011", text, "Make it an integer, a UUID or a text."
    names = {key.attname}
    while isinstance(key, models.OneToOneField) and key.remote_field.parent_link:
        key = key.target_field
        names.add(key.attname)
    attribute = {item: name for name, item in field_attributes(document).items()}.get("id")
    if attribute not in names or type(document.get_attributes()[attribute]) is not TextAttribute:
        own = key.attname
        argument = "" if own == "id" else '"id"'
        text = f"the item's id is not the primary key of {model._meta.label}."
        yield "E008", text, f"Write {own} = TextAttribute({argument})."


def _duplicates(document: type[Document]) -> Iterator[Problem]:
    """E010: two attributes of one name in the item."""
    names = field_attributes(document)
    taken = {
        f"{names[text]}StorageKey": f"the S3 key of {text}"
        for text in document.mirror_options.long_texts
        if text in names
    }
    for name, item in names.items():
        if item in taken:
            kind = type(document.get_attributes()[name]).__name__
            text = f"{taken[item]} and {name} are both called {item} in the item."
            yield "E010", text, f'Write {name} = {kind}("another name").'
        taken[item] = name


def _unknown_texts(document: type[Document]) -> Iterator[Problem]:
    """E013: a text to move or to search that is no text of the document."""
    attributes = document.get_attributes()
    options = {
        "long_texts": document.mirror_options.long_texts,
        "search_fields": document.search_fields,
    }
    for option, texts in options.items():
        for name in texts:
            if not isinstance(attributes.get(name), TextAttribute):
                hint = f"Write {name} = TextAttribute() in the document, or correct {option}."
                yield "E013", f"{option} names {name}, which is no text of the document.", hint
