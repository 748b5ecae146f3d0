"""Reads a row back from the mirror: from its item, and from the objects that the item refers to.

Driven by the document, as writing is: each attribute gives a field its value, long texts that
moved to S3 come back by themselves, and ``Document.unpack`` opens the other bodies. DynamoDB does
not keep everything: times of a ``TimeAttribute`` come back in milliseconds, and an empty text in a
nullable field comes back as null.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models

from mirror.documents.document import Document, field_attributes
from mirror.documents.field_values import (
    blank,
    default,
    has_default,
    may_be_blank,
    to_field,
)
from mirror.documents.ids import encode_id
from mirror.documents.items import Item, ItemKey, key_of, revision_of
from mirror.documents.rows import fields
from mirror.exact_json import as_decimal

# The problems of an attribute.
UNREADABLE = "unreadable"
NOT_IN_S3 = "not in S3"
ALTERED = "altered in S3"
OF_ANOTHER_ROW = "refers to the content of another row"
WRONG_KEY = "the item is under the wrong key"
NO_ID = "not the primary key of a row as PostgreSQL writes it"

# What reading a value that somebody tampered with can raise.
NOT_A_VALUE = (
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
    ArithmeticError,  # a duration that is too long
    ValidationError,
)
NUMBERS = (int, float, Decimal)
HASHED = re.compile(r"/\d+-([0-9a-f]{64})\.\w+$")  # the end of an S3 key that the mirror gave

Field: TypeAlias = "models.Field[Any, Any]"
Fetch = Callable[[str], bytes | None]


class UnusableContent(Exception):
    """A content in S3 is missing, or not the one that the item means."""


class Reference(NamedTuple):
    """An attribute that holds the S3 key of a content; for a long text, ``text`` is its field."""

    attribute: str
    key: str
    text: str = ""


@dataclass(frozen=True)
class Reading:
    """A row as the mirror alone has it.

    ``values`` are by field, those of foreign keys with ``_id``. ``problems`` say by attribute why
    something could not be read. ``size`` is that of the contents in S3, in bytes.
    """

    document: type[Document]
    item: Item = field(repr=False)
    object_id: str
    references: tuple[Reference, ...]
    values: dict[str, Any] = field(repr=False)
    problems: dict[str, str]
    size: int = 0

    @property
    def key(self) -> ItemKey:
        """The primary key of the item."""
        return key_of(self.item)

    @property
    def revision(self) -> int:
        """The revision of the item."""
        return revision_of(self.item)

    def instance(self) -> models.Model:
        """Return an instance with these values, not saved."""
        model, mirrored = self.document.mirror_options.model, field_attributes(self.document)
        values = {f.attname: blank(f, mirrored=f.attname in mirrored) for f in fields(model)}
        values |= {name: value for name, value in self.values.items() if name in values}
        _join_parents(model, values)
        return model(**values)

    def new_row(self) -> models.Model:
        """Return the row to insert: ``instance``, but what is not mirrored is as in any new row."""
        row = self.instance()
        blanks = {f: getattr(row, f.attname) for f in self.unread}
        for f in blanks:
            setattr(row, f.attname, default(f, row))
        held = _held_in_bodies(self.document, row) if blanks else ()
        for f, value in blanks.items():
            if f.attname in held:  # the item would refer to that body
                setattr(row, f.attname, value)
        return row

    @property
    def unread(self) -> list[Field]:
        """The fields that no attribute and no body of the item holds."""
        return [f for f in without_attribute(self.document) if f.attname not in self.values]

    @property
    def lacked(self) -> list[Field]:
        """The fields whose attribute the item lacks, although they are neither null nor empty.

        It was written before the document had that attribute, or somebody removed it.
        """
        mirrored = field_attributes(self.document).keys() - self.values.keys()
        model = self.document.mirror_options.model
        return [f for f in fields(model) if f.attname in mirrored and not may_be_blank(f)]

    @property
    def lacking(self) -> list[Field]:
        """The fields for which neither the mirror nor a new row has a value: no row can come back.

        The fields of an inherited table are passed over: it may have the row.
        """
        own = self.document.mirror_options.model._meta.concrete_model
        return [f for f in self.unread if f.model is own and not has_default(f)]

    def differing_fields(self, row: models.Model) -> list[str]:
        """Return the names of the fields whose values differ from those of ``row``.

        Times are equal if they are so when they are cut as the mirror cuts them. What is not
        mirrored on purpose is not compared, unless no row can come back without it.
        """
        own, kept = self.instance(), partial(_kept, self.document)
        differing = [f for f in fields(type(row)) if not equal_values(kept(f, row), kept(f, own))]
        if any(self._is_on_purpose(f) for f in differing):
            left_out = self._left_out(row)
            differing = [f for f in differing if f not in left_out]
        return [f.name for f in differing]

    def _left_out(self, row: models.Model) -> set[Field]:
        """Return what is not mirrored on purpose: no body holds it, of the item or of ``row``."""
        held = _held_in_bodies(self.document, row)
        left_out = {f for f in self.unread if self._is_on_purpose(f) and f.attname not in held}
        return left_out.difference(self.lacking)

    def _is_on_purpose(self, f: Field) -> bool:
        """Whether the field may stay out of the stores: named so, or computed from others."""
        options = self.document.mirror_options
        return f.attname in options.without_attribute or isinstance(f, SearchVectorField)


def read(document: type[Document], item: Item, fetch: Fetch) -> Reading:
    """Return the row that ``item`` was made from; ``fetch`` gets a content from S3 by its key.

    Raises ``StoreError`` if S3 cannot be read.
    """
    model = document.mirror_options.model
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    attributes = document.get_attributes()
    for name, attribute in field_attributes(document).items():
        if attribute in item:
            try:
                raw = attributes[name].get_value(item[attribute])
                values[name] = to_field(model, name, attributes[name].deserialize(raw))
            except NOT_A_VALUE:
                problems[attribute] = UNREADABLE
    object_id = str(item.get("id", {}).get("S", ""))
    if not names_a_row(document, object_id):
        problems["id"] = NO_ID
    references = tuple(_references(document, item))
    size = 0
    for reference in references:
        try:
            content = _fetch(reference.key, object_id, fetch)
            size += len(content)
            values |= _unpack(document, reference, content)
        except UnusableContent as error:
            problems[reference.attribute] = str(error)
        except NOT_A_VALUE:
            problems[reference.attribute] = UNREADABLE
    reading = Reading(document, item, object_id, references, values, problems, size)
    if not problems and _expected_key(reading) != reading.key:
        problems["pk"] = WRONG_KEY
    return reading


def without_attribute(document: type[Document]) -> list[Field]:
    """Return the fields that the items do not hold: bodies may."""
    known = field_attributes(document)
    return [
        f
        for f in fields(document.mirror_options.model)
        if not (f.attname in known or f.primary_key or _is_parent_link(f))
    ]


def names_a_row(document: type[Document], object_id: str) -> bool:
    """Whether a row can have ``object_id`` as its primary key, spelled as the ledger spells it.

    Another spelling of a UUID would find the row, but have another entry in the ledger.
    """
    try:
        value = document.mirror_options.model._meta.pk.to_python(object_id)
    except ValidationError:
        return False
    return str(value) == object_id and "\0" not in object_id  # PostgreSQL takes no NUL


def _is_parent_link(f: Field) -> bool:
    return getattr(f.remote_field, "parent_link", False)


def _held_in_bodies(document: type[Document], row: models.Model) -> set[str]:
    """Return the fields that the bodies of ``row`` bring back."""
    try:
        return {
            name
            for body in document.bodies(row)
            for name in document.unpack(body.attribute, body.content)
        }
    except Exception:  # noqa: BLE001 - whatever a defect in a document raises: all is compared then
        return {*document.mirror_options.without_attribute}


def _join_parents(model: type[models.Model], values: dict[str, Any]) -> None:
    """Give a row that inherits other tables, and its rows there, the one primary key they share."""
    links = [
        (link.attname, parent._meta.pk.attname)
        for parent, link in model._meta.parents.items()
        if link is not None
    ]
    for link, pk in [*links, *reversed(links)]:  # whichever of them is known
        known = values[pk] if values[link] is None else values[link]
        values[link] = values[pk] = known


def _references(document: type[Document], item: Item) -> Iterator[Reference]:
    """Yield the attributes of ``item`` that hold the S3 key of a content."""
    names = field_attributes(document)
    options = document.mirror_options
    texts = {f"{names[name]}StorageKey": name for name in options.long_texts}
    for attribute, value in item.items():
        key = value.get("S", "")
        folder = key.partition("/")[0] if isinstance(key, str) else ""
        if attribute in texts:
            yield Reference(attribute, key, texts[attribute])
        elif attribute not in names.values() and folder in options.body_folders:
            yield Reference(attribute, key)


def _fetch(key: str, object_id: str, fetch: Fetch) -> bytes:
    """Return a content whose key names this row and, if the mirror gave the key, its SHA-256.

    Raises ``UnusableContent``.
    """
    if key.split("/")[1:2] != [encode_id(object_id)]:
        raise UnusableContent(OF_ANOTHER_ROW)
    content = fetch(key)
    if content is None:
        raise UnusableContent(NOT_IN_S3)
    hashed = HASHED.search(key)
    if hashed and hashlib.sha256(content).hexdigest() != hashed[1]:
        raise UnusableContent(ALTERED)
    return content


def _unpack(document: type[Document], reference: Reference, content: bytes) -> dict[str, Any]:
    """Return the field values in a content."""
    model = document.mirror_options.model
    if reference.text:
        raw: dict[str, Any] = {reference.text: content.decode()}
    else:
        raw = document.unpack(reference.attribute, content)
    return {name: to_field(model, name, value) for name, value in raw.items()}


def _expected_key(reading: Reading) -> ItemKey | None:
    """Return the primary key that the item of this row should have."""
    try:
        keys = reading.document.keys(reading.instance())
        written = reading.document.mirror_options.written
        return ItemKey(written(keys["pk"]), written(keys["sk"]))
    except NOT_A_VALUE:
        return None


def _kept(document: type[Document], f: Field, row: models.Model) -> Any:
    """Return a row's value, but a time as its attribute keeps it.

    Of a time in a body, milliseconds are compared: many encoders of JSON keep no more.
    """
    value = getattr(row, f.attname)
    if not isinstance(value, datetime):
        return value
    attribute = document.get_attributes().get(f.attname)
    if attribute is None:
        return value.replace(microsecond=value.microsecond // 1000 * 1000)
    return to_field(f.model, f.name, attribute.deserialize(attribute.serialize(value)))


def equal_values(one: Any, other: Any) -> bool:
    """Whether two values of a field are equal as far as the mirror keeps them."""
    if one in (None, "") and other in (None, ""):
        return True
    return _equal_json(one, other)


def _equal_json(one: Any, other: Any) -> bool:
    """Compare as JSON does: ``1`` and ``1.0`` are equal, ``1`` and ``true`` are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal_json(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal_json, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, NUMBERS) and isinstance(other, NUMBERS):
        return repr(one) == repr(other) or as_decimal(one) == as_decimal(other)  # NaN is itself
    return bool(one == other)
