"""Rendering: from a row to the item and the bodies that the stores shall hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from django.db import models

from mirror.documents.attributes import NativeAttribute
from mirror.documents.bodies import Body
from mirror.documents.document import Document, field_attributes
from mirror.documents.ids import encode_id
from mirror.documents.items import REVISION, Item, ItemKey
from mirror.documents.long_texts import full_size, offload_long_texts
from mirror.documents.sizes import MAX_ITEM_BYTES
from mirror.errors import Unmirrorable


@dataclass(frozen=True)
class Rendered:
    """A row as the stores shall hold it; ``attributes`` lacks what an attempt adds to it."""

    key: ItemKey
    attributes: Item = field(repr=False)
    bodies: Sequence[Body]

    def item(self, revision: int, references: Mapping[str, str]) -> Item:
        """Return the whole item; ``references`` gives the S3 key for the attribute of each body."""
        item = self.attributes | {REVISION: {"N": str(revision)}}
        return item | {attribute: {"S": key} for attribute, key in references.items()}


def render(document: type[Document], instance: models.Model) -> Rendered:
    """Return ``instance`` as the stores shall hold it.

    Raises ``Unmirrorable`` if DynamoDB cannot hold it.
    """
    options = document.mirror_options
    values = {name: getattr(instance, name) for name in field_attributes(document)}
    present = {name: value for name, value in values.items() if value not in (None, "")}
    keys = {name: options.written(key) for name, key in _keys(document, instance).items()}
    require_own_key(keys, str(instance.pk))
    item: Item = {
        # A native attribute brings its type with it.
        name: value.get(NativeAttribute.attr_type, value)
        for name, value in _serialized(document, keys | present).items()
    }
    item |= options.marks
    bodies = list(document.bodies(instance))
    offload_long_texts(document, instance, item, bodies)
    if full_size(item, bodies) > MAX_ITEM_BYTES:
        raise Unmirrorable("ItemTooLarge")
    return Rendered(ItemKey(keys["pk"], keys["sk"]), item, bodies)


def _keys(document: type[Document], instance: models.Model) -> Mapping[str, str]:
    """Return what ``keys`` returns, if it is what it should be."""
    keys: Any = document.keys(instance)
    if not isinstance(keys, Mapping):
        raise Unmirrorable("NoKeys")
    for name in ("pk", "sk", *keys):
        if not isinstance(keys.get(name), str):
            raise Unmirrorable("NoKeys", name)
    return keys


def _serialized(document: type[Document], values: Mapping[str, Any]) -> Item:
    """Return the item of these values by attribute; ``Unmirrorable`` names the one at fault."""
    try:
        # PynamoDB's own attributes refuse nulls by default.
        return document(**cast("Any", values)).serialize(null_check=False)
    except Unmirrorable as error:
        if len(values) == 1:
            raise Unmirrorable(error.code, *values) from None
        for name, value in values.items():
            _serialized(document, {name: value})
        raise


def require_own_key(keys: Mapping[str, str], object_id: str) -> None:
    """Refuse keys that another row may have, too: one's tombstone would kill the other's item."""
    if not object_id:
        raise Unmirrorable("EmptyPrimaryKey")
    if encode_id(object_id) not in {keys[name].rpartition("#")[2] for name in ("pk", "sk")}:
        raise Unmirrorable("KeyWithoutPrimaryKey")
