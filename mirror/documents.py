"""What an object looks like in DynamoDB and S3: the base of every ``documents.py``.

The item format is ElectroDB's (keys in lower case, ``__edb_e__`` and ``__edb_v__``, nothing null
or empty), so that services which read the table through that library find what they expect.
ElectroDB ignores ``mirrorRevision``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar, cast

from django.db import models
from pynamodb.models import Model

from mirror.attributes import NativeAttribute, TextAttribute
from mirror.errors import Unmirrorable
from mirror.models import ItemKey
from mirror.sizes import MAX_ITEM_BYTES, OFFLOAD_BYTES, Value, item_size

Item = dict[str, Value]
REVISION = "mirrorRevision"
EXPIRES = "expiresAt"
ENTITY = "__edb_e__"
VERSION = "__edb_v__"
LONGEST_REVISION = 10**19 - 1


@dataclass(frozen=True)
class Fingerprint:
    """What a content in S3 must be, without the content itself.

    Its key is ``<folder>/<revision>-<sha256, hex><suffix>``; the item holds it as ``attribute``.
    """

    attribute: str
    folder: str
    suffix: str
    sha256: str
    md5: str  # what S3 lists as ETag

    def key(self, revision: int) -> str:
        """Return the S3 key of this content when it is first uploaded under ``revision``."""
        return f"{self.folder}/{revision}-{self.sha256}{self.suffix}"

    def is_kept_at(self, key: str) -> bool:
        """Whether ``key`` is one of this content, uploaded under whatever revision."""
        folder, _, name = key.rpartition("/")
        revision, _, rest = name.partition("-")
        return folder == self.folder and revision.isdigit() and rest == self.sha256 + self.suffix


@dataclass(frozen=True)
class Body:
    """A content that is kept in S3; the item holds its key as ``attribute``."""

    attribute: str
    folder: str
    suffix: str
    content: bytes = field(repr=False)

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The content's hashes and the form of its key."""
        return Fingerprint(
            self.attribute,
            self.folder,
            self.suffix,
            hashlib.sha256(self.content).hexdigest(),
            hashlib.md5(self.content, usedforsecurity=False).hexdigest(),
        )


@dataclass(frozen=True)
class Rendered:
    """An object as it shall stand in the stores: the item and the contents kept in S3."""

    key: ItemKey
    attributes: Item = field(repr=False)
    bodies: Sequence[Body]

    def item(self, revision: int, references: Mapping[str, str]) -> Item:
        """Return the whole item; ``references`` gives the S3 key for each body's attribute."""
        item = self.attributes | {REVISION: {"N": str(revision)}}
        return item | {attribute: {"S": key} for attribute, key in references.items()}


@dataclass(frozen=True)
class Options:
    """What ``register`` says about a document."""

    model: type[models.Model]
    entity: str
    version: str = "1"
    long_texts: Sequence[str] = ()
    texts_folder: str = "texts"
    body_folders: Sequence[str] = ()

    @property
    def label(self) -> str:
        """The Django model's label, the ledger's name for it."""
        return self.model._meta.label_lower


class Document(Model):
    """How one Django model is mirrored. Subclass it in an app's ``documents.py``.

    For example::

        @register(Song, entity="song", long_texts=["lyrics"])
        class SongDocument(Document):
            id = TextAttribute()
            title = TextAttribute()
            album_id = TextAttribute("albumId")
            lyrics = TextAttribute()

            @classmethod
            def keys(cls, instance):
                return {"pk": f"album#{instance.album_id}", "sk": f"song#{instance.pk}"}

    An attribute is named as the model's field (a foreign key with ``_id``); its argument is the
    name in the item, where that differs.
    """

    mirror_options: ClassVar[Options]
    search_fields: ClassVar[Sequence[str]] = ()  # texts that mirror.search looks into
    search_owner: ClassVar[str] = "owner_id"  # the field that says whose an object is

    class Meta:
        table_name = "see settings.MIRROR"

    pk = TextAttribute(hash_key=True, null=False)
    sk = TextAttribute(range_key=True, null=False)
    gsi1pk = TextAttribute()
    gsi1sk = TextAttribute()

    @classmethod
    def keys(cls, instance: Any) -> dict[str, str]:
        """Return ``pk`` and ``sk``, and ``gsi1pk`` and ``gsi1sk`` where there are any."""
        raise TypeError(f"{cls.__name__} must define keys().")

    @classmethod
    def bodies(cls, instance: Any) -> Sequence[Body]:
        """Return the contents of ``instance`` that are always kept in S3."""
        return ()

    @classmethod
    def owner_keys(cls, owner_id: Any) -> dict[str, str]:
        """Return the key under which an owner's objects lie: all of ``pk``, the start of ``sk``.

        Or of ``gsi1pk`` and ``gsi1sk``. Needed for ``search_fields``.
        """
        raise TypeError(f"{cls.__name__} must define owner_keys().")

    @classmethod
    def unpack(cls, attribute: str, content: bytes) -> dict[str, Any]:
        """Return the field values that the body of ``attribute`` holds: ``bodies`` undone.

        Long texts that moved to S3 come back by themselves.
        """
        return {}


def field_attributes(document: type[Document]) -> dict[str, str]:
    """Return model field -> name in the item, for each attribute that comes from a field."""
    keys = Document.get_attributes()
    return {
        name: attribute.attr_name
        for name, attribute in document.get_attributes().items()
        if name not in keys
    }


def render(document: type[Document], instance: models.Model) -> Rendered:
    """Return ``instance`` as it shall stand in the stores.

    Raises ``Unmirrorable`` where DynamoDB cannot hold it.
    """
    options = document.mirror_options
    values = {name: getattr(instance, name) for name in field_attributes(document)}
    present = {name: value for name, value in values.items() if value not in (None, "")}
    keys = {name: key.lower() for name, key in document.keys(instance).items()}
    item: Item = {
        # An attribute of DynamoDB's own types brings its type with it.
        name: value.get(NativeAttribute.attr_type, value)
        for name, value in document(**cast("Any", keys | present)).serialize().items()
    }
    item |= {ENTITY: {"S": options.entity}, VERSION: {"S": options.version}}
    bodies = list(document.bodies(instance))
    _offload_long_texts(document, instance, item, bodies)
    if _full_size(item, bodies) > MAX_ITEM_BYTES:
        raise Unmirrorable("ItemTooLarge")
    return Rendered(ItemKey(keys["pk"], keys["sk"]), item, bodies)


def _offload_long_texts(
    document: type[Document], instance: models.Model, item: Item, bodies: list[Body]
) -> None:
    """Move the largest texts from ``item`` to ``bodies`` until it is small enough."""
    options = document.mirror_options
    names = field_attributes(document)
    sizes = {
        names[text]: item_size({"": item[names[text]]})
        for text in options.long_texts
        if names[text] in item
    }
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        if _full_size(item, bodies) <= OFFLOAD_BYTES:
            return
        bodies.append(
            Body(
                attribute=f"{name}StorageKey",
                folder=f"{options.texts_folder}/{instance.pk}/{name}",
                suffix=".txt",
                content=item.pop(name)["S"].encode(),
            )
        )


def _full_size(item: Item, bodies: Sequence[Body]) -> int:
    """Return the size of ``item`` with its revision and its references at their longest.

    What moves to S3 must not depend on how often the object was saved.
    """
    references: Item = {
        body.attribute: {"S": body.fingerprint.key(LONGEST_REVISION)} for body in bodies
    }
    return item_size(item | references | {REVISION: {"N": str(LONGEST_REVISION)}})
