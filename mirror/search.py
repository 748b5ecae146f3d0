"""Search on the mirror: an owner's objects whose texts have all the words.

DynamoDB has no index of words. The owner's objects are read by ``Query``, never by ``Scan``, and
filtered there (``contains``: letter for letter, capitals matter), so that little comes over the
wire; the answer costs what the owner's objects cost to read. ``rows_matching`` is the same question
to PostgreSQL, with the same answer. A text that moved to S3 cannot be filtered: such objects are
fetched and looked into, so that nothing is missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, QuerySet

from mirror.documents.document import Document, field_attributes
from mirror.documents.items import ENTITY, Item
from mirror.documents.registry import documents
from mirror.stores.clients import Stores

FILTERED = 10  # words that DynamoDB filters by; an expression has at most 4 KB


@dataclass(frozen=True)
class Hit:
    """An object that was found; ``title`` is its first searched text."""

    label: str
    object_id: str
    title: str = field(repr=False)


def search(
    owner_id: Any, text: str, stores: Stores, *, labels: Collection[str] | None = None
) -> Iterator[Hit]:
    """Yield the owner's objects in which every word of ``text`` occurs, page after page.

    ``labels`` are the models to look for; all that declare ``search_fields`` if left out. Raises
    ``StoreError`` where a store cannot be read.
    """
    words = text.split()
    if not _possible(words):
        return
    for document in searchable(labels):
        seen = set()
        for page in stores.items.query(_question(document, owner_id, words)):
            for item in page:
                texts = _texts(document, item, stores)
                object_id = item.get("id", {}).get("S", "")
                if object_id not in seen and all(_occurs(word, texts) for word in words):
                    seen.add(object_id)
                    yield Hit(document.mirror_options.label, object_id, texts[0])


def rows_matching(document: type[Document], owner_id: Any, text: str) -> QuerySet[Any]:
    """Return the rows that ``search`` finds, asked of PostgreSQL."""
    words = text.split()
    rows = document.mirror_options.model._base_manager.filter(**{document.search_owner: owner_id})
    if not _possible(words):
        return rows.none()
    for word in words:
        anywhere = Q()
        for name in document.search_fields:
            anywhere |= Q(**{f"{name}__contains": word})
        rows = rows.filter(anywhere)
    return rows


def searchable(labels: Collection[str] | None = None) -> list[type[Document]]:
    """Return the documents that can be searched."""
    return [
        document
        for document in documents()
        if document.search_fields and (labels is None or document.mirror_options.label in labels)
    ]


def _possible(words: Sequence[str]) -> bool:
    """Whether any store can hold these words: neither takes null characters or half surrogates."""
    text = "".join(words)
    return "\0" not in text and text.encode(errors="ignore").decode() == text


def _question(document: type[Document], owner_id: Any, words: Sequence[str]) -> dict[str, Any]:
    """Return the arguments of the ``Query``."""
    place = document.owner_keys(owner_id)
    attributes = field_attributes(document)
    names = {"#e": ENTITY, "#pk": f"{place.index}pk", "#sk": f"{place.index}sk"}
    values = {
        ":entity": {"S": document.mirror_options.entity},
        ":pk": {"S": place.pk.lower()},
        ":sk": {"S": place.sk.lower()},
    }
    moved = []
    for number, name in enumerate(document.search_fields):
        names[f"#f{number}"] = attributes[name]
        if name in document.mirror_options.long_texts:
            names[f"#m{number}"] = f"{attributes[name]}StorageKey"
            moved.append(f"attribute_exists(#m{number})")
    conditions = ["#e = :entity"]
    if not words:
        names = {name: to for name, to in names.items() if name in {"#e", "#pk", "#sk"}}
    for number, word in enumerate(words[:FILTERED]):
        values[f":w{number}"] = {"S": word}
        fields = range(len(document.search_fields))
        anywhere = [f"contains(#f{place}, :w{number})" for place in fields]
        conditions.append(f"({' OR '.join([*anywhere, *moved])})")
    index = {"IndexName": place.index} if place.index else {}
    return {
        **index,
        "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :sk)",
        "FilterExpression": " AND ".join(conditions),
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": values,
    }


def _texts(document: type[Document], item: Item, stores: Stores) -> list[str]:
    """Return the searched texts of ``item``, from S3 where they moved there."""
    attributes = field_attributes(document)
    texts = []
    for name in document.search_fields:
        text = str(item.get(attributes[name], {}).get("S", ""))
        moved = item.get(f"{attributes[name]}StorageKey", {}).get("S", "")
        if moved and not text and name in document.mirror_options.long_texts:
            text = (stores.objects.get(moved) or b"").decode(errors="replace")
        texts.append(text)
    return texts


def _occurs(word: str, texts: Sequence[str]) -> bool:
    return any(word in text for text in texts)
