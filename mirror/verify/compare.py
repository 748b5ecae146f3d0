"""One object, compared in all three stores: what PostgreSQL holds is right, what differs is named.

Findings carry names, identifiers and keys, never the private text itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import DataError

from mirror.documents.bodies import Fingerprint
from mirror.documents.document import Document
from mirror.documents.items import REVISION, Item, ItemKey, is_tombstone
from mirror.documents.render import Rendered, render
from mirror.documents.rows import folders, rows
from mirror.models import LedgerEntry
from mirror.stores.clients import Stores
from mirror.stores.s3 import Listed
from mirror.verify.findings import (
    MISSING,
    OBJECT_MISSING,
    OBJECT_ORPHANED,
    OBJECT_STALE,
    ORPHANED,
    STALE,
    Finding,
)

# What a row raises that cannot be mirrored: Unmirrorable, and what no Python value can hold (a
# timestamp of infinity, a number of thousands of digits), put there by raw SQL.
UNREADABLE = (ValueError, DataError)
READINGS = 3  # an object that changes that often while it is read is on its way


@dataclass(frozen=True)
class Verdict:
    """What examining one object came to."""

    findings: tuple[Finding, ...] = ()
    pending: bool = False


@dataclass(frozen=True)
class Expected:
    """One object as PostgreSQL holds it, without the contents that are kept in S3."""

    label: str
    object_id: str
    key: ItemKey
    attributes: Item = field(repr=False)
    fingerprints: tuple[Fingerprint, ...]

    @classmethod
    def of(cls, label: str, object_id: str, rendered: Rendered) -> Expected:
        """Return what is expected of an object, its contents forgotten."""
        fingerprints = tuple(body.fingerprint for body in rendered.bodies)
        return cls(label, object_id, rendered.key, rendered.attributes, fingerprints)


def examine(
    document: type[Document],
    object_id: str,
    stores: Stores,
    *,
    more_keys: Collection[ItemKey] = (),
    deep: bool = False,
) -> Verdict:
    """Compare one object with consistent reads, and call nothing drift that is on its way.

    ``more_keys`` are primary keys under which items of this object were seen. ``deep`` reads
    objects even where S3 lists the right checksum.
    """
    label = document.mirror_options.label
    for _ in range(READINGS):
        before = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if before and before.state == "pending":
            return Verdict(pending=True)
        known = {ItemKey(*key) for key in before.item_keys} if before else set()
        findings = tuple(
            _differences(document, object_id, before, {*known, *more_keys}, stores, deep=deep)
        )
        after = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if (before and before.version) == (after and after.version):
            return Verdict(findings)
    return Verdict(pending=True)


def _differences(
    document: type[Document],
    object_id: str,
    entry: LedgerEntry | None,
    keys: set[ItemKey],
    stores: Stores,
    *,
    deep: bool,
) -> Iterator[Finding]:
    label = document.mirror_options.label
    listed = [
        each
        for folder in folders(document)
        for each in stores.objects.list(f"{folder}/{object_id}/")
    ]
    try:
        instance = rows(document, [object_id]).first()
        rendered = render(document, instance) if instance else None
    except UNREADABLE:
        items = stores.items.get_many(sorted(keys), consistent=True)
        kind = STALE if any(not is_tombstone(item) for item in items.values()) else MISSING
        yield Finding(kind, label, object_id, next(iter(sorted(keys)), ""))
        return
    if rendered:
        keys = keys | {rendered.key}
    items = stores.items.get_many(sorted(keys), consistent=True)
    live = {key: item for key, item in items.items() if not is_tombstone(item)}
    if rendered:
        expected = Expected.of(label, object_id, rendered)
        item = live.pop(rendered.key, None)
        yield from compare(expected, entry, item, listed, stores, deep=deep)
    else:
        yield from (Finding(OBJECT_ORPHANED, label, object_id, each.key) for each in listed)
    yield from (Finding(ORPHANED, label, object_id, key) for key in live)


def compare(
    expected: Expected,
    entry: LedgerEntry | None,
    item: Item | None,
    listed: Iterable[Listed],
    stores: Stores,
    *,
    deep: bool = False,
) -> Iterator[Finding]:
    """Yield how the item and the objects differ from what PostgreSQL holds."""
    label, object_id = expected.label, expected.object_id
    references = valid_references(expected, item or {})
    if item is None:
        yield Finding(MISSING, label, object_id, expected.key)
    else:
        wrong = differing_attributes(expected, item, references, entry)
        if wrong:
            yield Finding(STALE, label, object_id, expected.key, tuple(wrong))
    objects = {each.key: each for each in listed}
    for content in expected.fingerprints:
        # Where no item says so, the content may be kept all the same.
        kept = next((key for key in sorted(objects) if content.is_kept_at(key)), "")
        key = references.get(content.attribute, kept)
        attributes = (content.attribute,)
        if key not in objects:
            yield Finding(OBJECT_MISSING, label, object_id, key, attributes)
        elif not _has(content, objects.pop(key), stores, deep=deep):
            yield Finding(OBJECT_STALE, label, object_id, key, attributes)
    yield from (Finding(OBJECT_ORPHANED, label, object_id, key) for key in objects)


def valid_references(expected: Expected, item: Item) -> dict[str, str]:
    """Return the references of ``item`` that name an object with the right content."""
    references = {}
    for content in expected.fingerprints:
        key = item.get(content.attribute, {}).get("S", "")
        if content.is_kept_at(key):
            references[content.attribute] = key
    return references


def differing_attributes(
    expected: Expected, item: Item, references: Mapping[str, str], entry: LedgerEntry | None
) -> list[str]:
    """Return the names of the attributes that are missing, wrong, or too many in ``item``."""
    wanted = expected.attributes | {name: {"S": key} for name, key in references.items()}
    if entry is None:  # nothing says which revision it should be
        item = {name: value for name, value in item.items() if name != REVISION}
    else:
        wanted |= {REVISION: {"N": str(entry.mirrored_revision)}}
    lost = {content.attribute for content in expected.fingerprints} - references.keys()
    differ = {
        name
        for name in wanted.keys() | item.keys()
        if normal(wanted.get(name)) != normal(item.get(name))
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


def _has(content: Fingerprint, listed: Listed, stores: Stores, *, deep: bool) -> bool:
    """Whether the object has the right content.

    S3 lists the MD5 of an object that was put in one part, unless the bucket encrypts with KMS;
    where it is not that, the object itself is read.
    """
    if not deep and listed.etag == content.md5:
        return True
    found = stores.objects.get(listed.key)
    return found is not None and hashlib.sha256(found).hexdigest() == content.sha256
