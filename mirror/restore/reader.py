"""Reads an object back from the mirror, as the domain sees it: the item, and what is kept in S3.

Driven by the document, as writing is: each attribute gives its field a value, long texts that
moved to S3 come back by themselves, and ``Document.unpack`` opens the other bodies. What DynamoDB
does not keep comes back as far as it does: times in milliseconds, an empty text that may be null
as null.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models

from mirror.documents.document import Document, field_attributes
from mirror.documents.items import Item, ItemKey, key_of, revision_of
from mirror.documents.rows import blank, fields, to_field

UNREADABLE = "unreadable"
LOST = "not in S3"
ALTERED = "altered in S3"
FOREIGN = "refers to another object's content"
MISPLACED = "stands under another key than it should"


# What reading a value that somebody tampered with can raise.
NOT_A_VALUE = (ValueError, TypeError, KeyError, AttributeError, ValidationError)
HASHED = re.compile(r"/\d+-([0-9a-f]{64})\.\w+$")  # the end of a key that the mirror gave


Fetch = Callable[[str], bytes | None]


class Trouble(Exception):
    """Why a content cannot be used."""


class Reference(NamedTuple):
    """An attribute that says where in S3 a content is kept; ``text``: the field, of a long text."""

    attribute: str
    key: str
    text: str = ""


@dataclass(frozen=True)
class Reading:
    """An object as the mirror alone has it.

    ``values`` are by field, a foreign key's with ``_id``; ``troubles`` say by attribute what could
    not be read.
    """

    document: type[Document]
    key: ItemKey
    object_id: str
    revision: int
    references: tuple[Reference, ...]
    values: dict[str, Any] = field(repr=False)
    troubles: dict[str, str]

    def instance(self) -> models.Model:
        """Return the row that these values make, not saved."""
        model = self.document.mirror_options.model
        return model(**{f.attname: self.values.get(f.attname, blank(f)) for f in fields(model)})

    def differs_from(self, row: models.Model) -> list[str]:
        """Return the names of the fields whose value would come back otherwise than ``row`` has it.

        Times are equal if they are equal in milliseconds.
        """
        back = self.instance()
        return [
            f.name
            for f in fields(type(row))
            if not same(getattr(row, f.attname), getattr(back, f.attname))
        ]


def read(document: type[Document], item: Item, fetch: Fetch) -> Reading:
    """Return the object that ``item`` stands for; ``fetch`` gets a content from S3 by its key."""
    model = document.mirror_options.model
    values: dict[str, Any] = {}
    troubles: dict[str, str] = {}
    attributes = document.get_attributes()
    for name, attribute in field_attributes(document).items():
        if attribute in item:
            try:
                given = attributes[name].get_value(item[attribute])
                values[name] = to_field(model, name, attributes[name].deserialize(given))
            except NOT_A_VALUE:
                troubles[attribute] = UNREADABLE
    object_id = str(item.get("id", {}).get("S", ""))
    references = tuple(_references(document, item))
    for reference in references:
        try:
            values |= _unpack(document, reference, _fetch(reference.key, object_id, fetch))
        except Trouble as trouble:
            troubles[reference.attribute] = str(trouble)
        except NOT_A_VALUE:
            troubles[reference.attribute] = UNREADABLE
    key = key_of(item)
    reading = Reading(document, key, object_id, revision_of(item), references, values, troubles)
    if not troubles and _place(reading) != key:
        troubles["pk"] = MISPLACED
    return reading


def _references(document: type[Document], item: Item) -> Iterator[Reference]:
    """Yield where the contents of ``item`` are kept."""
    names = field_attributes(document)
    options = document.mirror_options
    texts = {f"{names[name]}StorageKey": name for name in options.long_texts}
    for attribute, value in item.items():
        key = value.get("S", "")
        top = key.partition("/")[0] if isinstance(key, str) else ""
        if attribute in texts:
            yield Reference(attribute, key, texts[attribute])
        elif attribute not in names.values() and top in options.body_folders:
            yield Reference(attribute, key)


def _fetch(key: str, object_id: str, fetch: Fetch) -> bytes:
    """Return a content. Its key names the object and, where the mirror wrote it, the SHA-256."""
    if key.split("/")[1:2] != [object_id]:
        raise Trouble(FOREIGN)
    content = fetch(key)
    if content is None:
        raise Trouble(LOST)
    named = HASHED.search(key)
    if named and hashlib.sha256(content).hexdigest() != named[1]:
        raise Trouble(ALTERED)
    return content


def _unpack(document: type[Document], reference: Reference, content: bytes) -> dict[str, Any]:
    model = document.mirror_options.model
    if reference.text:
        given: dict[str, Any] = {reference.text: content.decode()}
    else:
        given = document.unpack(reference.attribute, content)
    return {name: to_field(model, name, value) for name, value in given.items()}


def _place(reading: Reading) -> ItemKey | None:
    """Return the primary key under which the object should stand."""
    try:
        keys = reading.document.keys(reading.instance())
        return ItemKey(keys["pk"].lower(), keys["sk"].lower())
    except NOT_A_VALUE:
        return None


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field are equal as far as the mirror keeps them."""
    if one in (None, "") and other in (None, ""):
        return True
    if isinstance(one, datetime) and isinstance(other, datetime):
        return _milliseconds(one) == _milliseconds(other)
    return _same_json(one, other)


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def _same_json(one: Any, other: Any) -> bool:
    """Compare as JSON does: ``1`` and ``1.0`` are equal, ``1`` and ``true`` are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same_json(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same_json, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
