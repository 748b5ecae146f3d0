"""What a row looks like in DynamoDB and S3: the base class for every ``documents.py``.

The item format is ElectroDB's (keys in lower case, ``__edb_e__`` and ``__edb_v__``, nothing null
or empty), so that services which read the table through that library find what they expect.
ElectroDB ignores ``mirrorRevision``. ``register`` can leave out the lower case and the two marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db import models
from pynamodb.models import Model

from mirror.documents.attributes import TextAttribute
from mirror.documents.bodies import Body
from mirror.documents.items import ENTITY, VERSION, Item, KeyPrefix


@dataclass(frozen=True)
class Options:
    """What ``register`` says about a document."""

    model: type[models.Model]
    entity: str
    version: str = "1"
    long_texts: Sequence[str] = ()
    texts_folder: str = "texts"
    body_folders: Sequence[str] = ()
    lower_case: bool = True
    entity_attribute: str = ENTITY
    without_attribute: Sequence[str] = ()

    @property
    def label(self) -> str:
        """The Django model's label, the ledger's name for it."""
        return self.model._meta.label_lower

    @property
    def marks(self) -> Item:
        """The attributes by which an item says whose it is."""
        marks: Item = {self.entity_attribute: {"S": self.entity}}
        return marks | ({VERSION: {"S": self.version}} if self.entity_attribute == ENTITY else {})

    def has(self, item: Item) -> bool:
        """Whether ``item`` says that it is one of this document's."""
        return item.get(self.entity_attribute, {}).get("S") == self.entity

    def written(self, key: str) -> str:
        """Return a key, or the beginning of one, as items have it."""
        return key.lower() if self.lower_case else key


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

    An attribute has the name of the model's field (a foreign key with ``_id``); its argument is
    the name in the item, if that differs.
    """

    mirror_options: ClassVar[Options]
    search_fields: ClassVar[Sequence[str]] = ()  # the texts that mirror.search searches
    search_owner: ClassVar[str] = "owner_id"  # the field that names the owner

    class Meta:
        table_name = "see settings.MIRROR"

    pk = TextAttribute(hash_key=True, null=False)
    sk = TextAttribute(range_key=True, null=False)
    gsi1pk = TextAttribute()
    gsi1sk = TextAttribute()

    @classmethod
    def keys(cls, instance: Any) -> dict[str, str]:
        """Return ``pk`` and ``sk``, and ``gsi1pk`` and ``gsi1sk`` for a row in the index.

        The last part of ``pk`` or of ``sk``, after the last ``#``, must be the row's primary key
        (a text as ``encode_id`` writes it): no other row may ever have the same keys.
        """
        raise TypeError(f"{cls.__name__} must define keys().")

    @classmethod
    def bodies(cls, instance: Any) -> Sequence[Body]:
        """Return the bodies of ``instance``: the contents that are always kept in S3."""
        return ()

    @classmethod
    def owner_keys(cls, owner_id: Any) -> KeyPrefix:
        """Return where the items of an owner lie. Needed for ``search_fields``."""
        raise TypeError(f"{cls.__name__} must define owner_keys().")

    @classmethod
    def unpack(cls, attribute: str, content: bytes) -> dict[str, Any]:
        """Return the field values that the body of ``attribute`` holds: the inverse of ``bodies``.

        Long texts that moved to S3 come back by themselves.
        """
        return {}


def field_attributes(document: type[Document]) -> dict[str, str]:
    """Return the name in the item of each model field that the document mirrors."""
    keys = Document.get_attributes()
    return {
        name: attribute.attr_name
        for name, attribute in document.get_attributes().items()
        if name not in keys
    }
