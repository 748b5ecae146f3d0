"""One object, compared in all three stores: what PostgreSQL holds is right, what differs is named.

Findings carry names, identifiers and keys, never the private text itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from mirror.documents import REVISION, Body, Document, Item, Rendered, render
from mirror.errors import Unmirrorable
from mirror.models import ItemKey, LedgerEntry
from mirror.sinks import Listed, Sinks, is_tombstone

MISSING = "missing"
STALE = "stale"
ORPHANED = "orphaned"
TRANSCRIPT_MISSING = "transcript_missing"
TRANSCRIPT_STALE = "transcript_stale"
TRANSCRIPT_ORPHANED = "transcript_orphaned"
KINDS = (MISSING, STALE, ORPHANED, TRANSCRIPT_MISSING, TRANSCRIPT_STALE, TRANSCRIPT_ORPHANED)
READINGS = 3  # an object that changes that often while it is read is on its way


@dataclass(frozen=True)
class Finding:
    """One difference. ``key`` is the item's primary key or the object's key."""

    kind: str
    model: str
    object_id: str
    key: ItemKey | str
    attributes: tuple[str, ...] = ()

    @property
    def key_text(self) -> str:
        """The key in one piece: an item's as ``pk sk``."""
        return self.key if isinstance(self.key, str) else " ".join(self.key)

    def as_dict(self) -> dict[str, Any]:
        """Return the finding for ``--json``."""
        return asdict(self) | {"key": self.key_text, "attributes": list(self.attributes)}


@dataclass(frozen=True)
class Verdict:
    """What examining one object came to."""

    findings: tuple[Finding, ...] = ()
    pending: bool = False


def examine(
    document: type[Document], object_id: str, sinks: Sinks, more_keys: Collection[ItemKey] = ()
) -> Verdict:
    """Compare one object with consistent reads, and call nothing drift that is on its way.

    ``more_keys`` are primary keys under which items of this object were seen.
    """
    label = document.mirror_options.label
    for _ in range(READINGS):
        before = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if before and before.state == "pending":
            return Verdict(pending=True)
        findings = tuple(_differences(document, object_id, before, sinks, more_keys))
        after = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if _version(before) == _version(after):
            return Verdict(findings)
    return Verdict(pending=True)


def _version(entry: LedgerEntry | None) -> tuple[int, int] | None:
    return (entry.revision, entry.mirrored_revision) if entry else None


def _differences(
    document: type[Document],
    object_id: str,
    entry: LedgerEntry | None,
    sinks: Sinks,
    more_keys: Collection[ItemKey],
) -> Iterator[Finding]:
    known = {ItemKey(*key) for key in entry.item_keys} if entry else set()
    listed = list(_listed(document, object_id, sinks))
    label = document.mirror_options.label
    try:
        instance = rows(document, [object_id]).first()
        rendered = render(document, instance) if instance else None
    except Unmirrorable:
        items = sinks.items.get_many(sorted(known), consistent=True)
        kind = STALE if any(not is_tombstone(item) for item in items.values()) else MISSING
        yield Finding(kind, label, object_id, next(iter(sorted(known)), ""))
        return
    keys = known | set(more_keys) | ({rendered.key} if rendered else set())
    items = sinks.items.get_many(sorted(keys), consistent=True)
    live = {key: item for key, item in items.items() if not is_tombstone(item)}
    if rendered:
        subject = Subject(label, object_id, rendered, entry)
        yield from compare(subject, live.pop(rendered.key, None), listed, sinks)
    else:
        yield from (Finding(TRANSCRIPT_ORPHANED, label, object_id, each.key) for each in listed)
    yield from (Finding(ORPHANED, label, object_id, key) for key in live)


def rows(document: type[Document], ids: Iterable[str]) -> models.QuerySet[Any]:
    """Return the rows with these primary keys; text that is no such key matches nothing."""
    model = document.mirror_options.model
    field = model._meta.pk
    values = []
    for text in ids:
        try:
            values.append(field.to_python(text))
        except ValidationError:
            continue
    return model._base_manager.filter(pk__in=values)


def folders(document: type[Document]) -> tuple[str, ...]:
    """Return the top folders in S3 that hold objects of this document."""
    options = document.mirror_options
    return (*options.body_folders, *((options.texts_folder,) if options.long_texts else ()))


def _listed(document: type[Document], object_id: str, sinks: Sinks) -> Iterator[Listed]:
    for folder in folders(document):
        yield from sinks.objects.list(f"{folder}/{object_id}/")


@dataclass(frozen=True)
class Subject:
    """One object as PostgreSQL holds it, and its account in the ledger."""

    label: str
    object_id: str
    rendered: Rendered
    entry: LedgerEntry | None


def compare(
    subject: Subject, item: Item | None, listed: Iterable[Listed], sinks: Sinks
) -> Iterator[Finding]:
    """Yield how the item and the objects differ from what PostgreSQL holds."""
    label, object_id, rendered = subject.label, subject.object_id, subject.rendered
    references = valid_references(rendered, item or {})
    if item is None:
        yield Finding(MISSING, label, object_id, rendered.key)
    else:
        wrong = differing_attributes(rendered, item, references, subject.entry)
        if wrong:
            yield Finding(STALE, label, object_id, rendered.key, tuple(wrong))
    objects = {each.key: each for each in listed}
    for body in rendered.bodies:
        key = references.get(body.attribute) or _kept_key(body, objects)
        attributes = (body.attribute,)
        if key is None or key not in objects:
            yield Finding(TRANSCRIPT_MISSING, label, object_id, key or "", attributes)
        elif not _same(body, objects.pop(key), sinks):
            yield Finding(TRANSCRIPT_STALE, label, object_id, key, attributes)
    yield from (Finding(TRANSCRIPT_ORPHANED, label, object_id, key) for key in objects)


def valid_references(rendered: Rendered, item: Item) -> dict[str, str]:
    """Return the references of ``item`` that name an object with the right content."""
    references = {}
    for body in rendered.bodies:
        key = item.get(body.attribute, {}).get("S", "")
        if body.is_kept_at(key):
            references[body.attribute] = key
    return references


def differing_attributes(
    rendered: Rendered, item: Item, references: Mapping[str, str], entry: LedgerEntry | None
) -> list[str]:
    """Return the names of the attributes that are missing, wrong, or too many in ``item``."""
    expected = rendered.item(entry.mirrored_revision if entry else 0, references)
    if entry is None:
        expected.pop(REVISION)
        item = {name: value for name, value in item.items() if name != REVISION}
    lost = {body.attribute for body in rendered.bodies} - references.keys()
    differ = {
        name
        for name in expected.keys() | item.keys()
        if normal(expected.get(name)) != normal(item.get(name))
    }
    return sorted(differ | lost)


def normal(value: Any) -> Any:
    """Return a value of DynamoDB's so that equal numbers are equal, however they are written."""
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return kind, Decimal(content)
        case "M":
            return kind, {name: normal(member) for name, member in content.items()}
        case "L":
            return kind, [normal(member) for member in content]
        case _:
            return kind, content


def _kept_key(body: Body, objects: Mapping[str, Listed]) -> str | None:
    """Return where ``body`` is kept although no item says so."""
    return next((key for key in sorted(objects) if body.is_kept_at(key)), None)


def _same(body: Body, listed: Listed, sinks: Sinks) -> bool:
    """Whether the object has the right content.

    The listing's ETag is the MD5 of an object that was put in one part, unless the bucket
    encrypts with KMS; where it is not, the object itself is read.
    """
    if listed.etag == hashlib.md5(body.content, usedforsecurity=False).hexdigest():
        return True
    return sinks.objects.get(listed.key) == body.content
