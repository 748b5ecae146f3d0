"""Search on the mirror: finds the rows of an owner whose texts contain all the words.

DynamoDB has no index of words. The owner's items are read by ``Query``, never by ``Scan``, and
DynamoDB filters them (``contains``: letter for letter, case-sensitive), so little is transferred.
A search costs as many read units as reading all items of the owner. A text that moved to S3 cannot
be filtered, so such items are always returned and their texts fetched and searched here.
``rows_matching`` asks PostgreSQL the same question and returns the same rows.

To fold case would take a lower-case copy of the searched texts in each item, and so up to twice the
write units of each put.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from mirror.documents.document import Document, field_attributes
from mirror.documents.items import Item
from mirror.documents.registry import documents
from mirror.documents.rows import all_rows
from mirror.stores.clients import Stores

MAX_FILTERED_WORDS = 10  # DynamoDB filters by no more: an expression has at most 4 KB


@dataclass(frozen=True)
class Hit:
    """A row that was found; ``title`` is its first searched text."""

    label: str
    object_id: str
    title: str = field(repr=False)


def search(
    owner_id: Any, text: str, stores: Stores, *, labels: Collection[str] | None = None
) -> Iterator[Hit]:
    """Yield the owner's rows in which every word of ``text`` occurs, page after page.

    ``labels`` are the models to search; if left out, all that declare ``search_fields``. Raises
    ``StoreError`` if a store cannot be read.
    """
    words = text.split()
    if not _storable(words):
        return
    for document in searchable(labels):
        seen = set()
        for page in stores.items.query(_query_arguments(document, owner_id, words)):
            for item in page:
                texts = _texts(document, item, stores)
                object_id = item.get("id", {}).get("S", "")
                if object_id not in seen and all(_occurs(word, texts) for word in words):
                    seen.add(object_id)
                    yield Hit(document.mirror_options.label, object_id, texts[0])


def rows_matching(document: type[Document], owner_id: Any, text: str) -> QuerySet[Any]:
    """Return the rows that ``search`` should find, from PostgreSQL."""
    words = text.split()
    rows = all_rows(document.mirror_options.model).filter(**{document.search_owner: owner_id})
    if not _storable(words):
        return rows.none()
    for word in words:
        in_any_field = Q()
        for name in document.search_fields:
            in_any_field |= Q(**{f"{name}__contains": word})
        rows = rows.filter(in_any_field)
    return rows


def searchable(labels: Collection[str] | None = None) -> list[type[Document]]:
    """Return the documents that can be searched."""
    return [
        document
        for document in documents()
        if document.search_fields and (labels is None or document.mirror_options.label in labels)
    ]


def _storable(words: Sequence[str]) -> bool:
    """Whether the stores could hold these words: none takes null characters or lone surrogates."""
    text = "".join(words)
    return "\0" not in text and text.encode(errors="ignore").decode() == text


def _query_arguments(
    document: type[Document], owner_id: Any, words: Sequence[str]
) -> dict[str, Any]:
    """Return the arguments of the ``Query``, with numbered placeholders for names and values."""
    prefix, options = document.owner_keys(owner_id), document.mirror_options
    attributes = field_attributes(document)
    keys = {"#pk": f"{prefix.index}pk", "#sk": f"{prefix.index}sk"}
    names = {"#e": options.entity_attribute, **keys}
    values = {
        ":entity": {"S": options.entity},
        ":pk": {"S": options.written(prefix.pk)},
        ":sk": {"S": options.written(prefix.sk)},
    }
    moved_to_s3 = []
    for number, name in enumerate(document.search_fields):
        names[f"#f{number}"] = attributes[name]
        if name in options.long_texts:
            names[f"#m{number}"] = f"{attributes[name]}StorageKey"
            moved_to_s3.append(f"attribute_exists(#m{number})")
    conditions = ["#e = :entity"]
    if not words:  # DynamoDB refuses names that the expressions do not use
        names = {key: name for key, name in names.items() if key in {"#e", "#pk", "#sk"}}
    for number, word in enumerate(words[:MAX_FILTERED_WORDS]):
        values[f":w{number}"] = {"S": word}
        fields = range(len(document.search_fields))
        in_any_field = [f"contains(#f{position}, :w{number})" for position in fields]
        conditions.append(f"({' OR '.join([*in_any_field, *moved_to_s3])})")
    index = {"IndexName": prefix.index} if prefix.index else {}
    return {
        **index,
        "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :sk)",
        "FilterExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _texts(document: type[Document], item: Item, stores: Stores) -> list[str]:
    """Return the searched texts of ``item``; those that moved to S3 are fetched."""
    attributes = field_attributes(document)
    texts = []
    for name in document.search_fields:
        text = str(item.get(attributes[name], {}).get("S", ""))
        key = item.get(f"{attributes[name]}StorageKey", {}).get("S", "")
        if key and not text and name in document.mirror_options.long_texts:
            text = (stores.objects.get(key) or b"").decode(errors="replace")
        texts.append(text)
    return texts


def _occurs(word: str, texts: Sequence[str]) -> bool:
    return any(word in text for text in texts)
