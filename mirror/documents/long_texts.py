"""When an item grows too large: its long texts move to S3, the largest first."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models

from mirror.documents.bodies import Body
from mirror.documents.document import Document, field_attributes
from mirror.documents.ids import encode_id
from mirror.documents.items import REVISION, Item
from mirror.documents.sizes import OFFLOAD_BYTES, item_size

LONGEST_REVISION = 10**19 - 1


def offload_long_texts(
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
        if full_size(item, bodies) <= OFFLOAD_BYTES:
            return
        bodies.append(
            Body(
                attribute=f"{name}StorageKey",
                folder=f"{options.texts_folder}/{encode_id(str(instance.pk))}/{name}",
                suffix=".txt",
                content=item.pop(name)["S"].encode(),
            )
        )


def full_size(item: Item, bodies: Sequence[Body]) -> int:
    """Return the size of ``item`` with its revision and its references at their longest.

    What moves to S3 must not depend on how often the row was saved.
    """
    references: Item = {
        body.attribute: {"S": body.fingerprint.key(LONGEST_REVISION)} for body in bodies
    }
    return item_size(item | references | {REVISION: {"N": str(LONGEST_REVISION)}})
