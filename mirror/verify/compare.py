"""One row compared with its item and its objects: PostgreSQL is right, and what differs is named.

Findings carry names, identifiers and keys, never the private text itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from mirror.documents.document import Document
from mirror.documents.ids import encode_id
from mirror.documents.items import REVISION, Item, ItemKey, is_tombstone, normalized
from mirror.documents.object_keys import Fingerprint
from mirror.documents.render import Rendered, render
from mirror.documents.rows import folders, rows
from mirror.errors import DATABASE_TROUBLE, StoreError, UnreadableRow
from mirror.models import LedgerEntry, State
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

MAX_READINGS = 3  # a row that changes that often while it is examined counts as pending


@contextmanager
def row_errors() -> Iterator[None]:
    """Raise whatever a row raises, while it is read and rendered, as ``UnreadableRow``.

    That is ``Unmirrorable``, a defect of its document, or the error of a value that raw SQL wrote
    and Python cannot hold: a timestamp of infinity, JSON nested some thousand levels deep.
    """
    try:
        yield
    except (StoreError, *DATABASE_TROUBLE):
        raise
    except Exception as error:  # noqa: BLE001 - one row must not end the check of all others
        raise UnreadableRow(type(error).__name__) from None  # a message would quote the data


@dataclass(frozen=True)
class Examination:
    """What examining one row came to: pending, or else its findings, if there are any."""

    findings: tuple[Finding, ...] = ()
    pending: bool = False


@dataclass(frozen=True)
class Expected:
    """What the stores should hold of one row, without the contents of its bodies."""

    label: str
    object_id: str
    key: ItemKey
    attributes: Item = field(repr=False)
    fingerprints: tuple[Fingerprint, ...]

    @classmethod
    def of(cls, label: str, object_id: str, rendered: Rendered) -> Expected:
        """Return what is expected of a rendered row. Its contents can be freed afterwards."""
        fingerprints = tuple(body.fingerprint for body in rendered.bodies)
        return cls(label, object_id, rendered.key, rendered.attributes, fingerprints)


def examine(
    document: type[Document], object_id: str, stores: Stores, *, deep: bool = False
) -> Examination:
    """Compare one row with consistent reads, and report no difference while it is pending.

    The ledger is read before and after: if it changed meanwhile, the row is compared again.
    ``deep`` reads objects even if S3 lists the right checksum.
    """
    label = document.mirror_options.label
    for _ in range(MAX_READINGS):
        before = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if before and before.state == State.PENDING:
            return Examination(pending=True)
        recorded = {ItemKey(*key) for key in before.item_keys} if before else set()
        findings = tuple(_differences(document, object_id, before, recorded, stores, deep=deep))
        after = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if (before and before.version) == (after and after.version):
            return _without_scheduled_removals(findings, before, after)
    return Examination(pending=True)


def find_strays(
    document: type[Document], object_id: str, keys: Collection[ItemKey], stores: Stores
) -> list[Finding]:
    """Return findings for live items under keys that are not the row's and not in the ledger.

    The row may be pending: a key is recorded before anything is written to it, so nobody is about
    to write or to remove these.
    """
    label = document.mirror_options.label
    for _ in range(MAX_READINGS):
        before = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        own = {ItemKey(*key) for key in before.item_keys} if before else set()
        with suppress(UnreadableRow), row_errors():
            own |= {render(document, row).key for row in rows(document, [object_id])}
        items = stores.items.get_many(sorted(set(keys) - own), consistent=True)
        after = LedgerEntry.objects.filter(model=label, object_id=object_id).first()
        if _known_of(before) == _known_of(after):
            live = [key for key, item in items.items() if not is_tombstone(item)]
            return [Finding(ORPHANED, label, object_id, key) for key in live]
    return []


def _known_of(entry: LedgerEntry | None) -> object:
    return entry and (entry.version, entry.item_keys)


def _without_scheduled_removals(
    findings: tuple[Finding, ...], *entries: LedgerEntry | None
) -> Examination:
    """Return what is left of the findings if objects that will be removed are no orphans.

    A row that differs in nothing else is pending.
    """
    scheduled = set[str]().union(*(entry.scheduled_removals for entry in entries if entry))
    left = tuple(f for f in findings if f.kind != OBJECT_ORPHANED or f.key not in scheduled)
    return Examination(left, pending=bool(findings) and not left)


def _differences(
    document: type[Document],
    object_id: str,
    entry: LedgerEntry | None,
    keys: set[ItemKey],
    stores: Stores,
    *,
    deep: bool,
) -> Iterator[Finding]:
    """Yield how the stores differ from one row, read consistently; ``keys`` may hold its items."""
    label = document.mirror_options.label
    listed = [
        found
        for folder in folders(document)
        for found in stores.objects.list(f"{folder}/{encode_id(object_id)}/")
    ]
    try:
        with row_errors():
            instance = rows(document, [object_id]).first()
            rendered = render(document, instance) if instance else None
    except UnreadableRow:
        items = stores.items.get_many(sorted(keys), consistent=True)
        kind = STALE if any(not is_tombstone(item) for item in items.values()) else MISSING
        yield Finding(kind, label, object_id, min(keys, default=""))
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
        yield from (Finding(OBJECT_ORPHANED, label, object_id, found.key) for found in listed)
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
        attributes = differing_attributes(expected, item, references, entry)
        if attributes:
            yield Finding(STALE, label, object_id, expected.key, tuple(attributes))
    objects = {found.key: found for found in listed}
    for fingerprint in expected.fingerprints:
        # The object may exist even if the item does not refer to it.
        unreferenced = next((key for key in sorted(objects) if fingerprint.is_kept_at(key)), "")
        key = references.get(fingerprint.attribute, unreferenced)
        names = (fingerprint.attribute,)
        if key not in objects:
            yield Finding(OBJECT_MISSING, label, object_id, key, names)
        elif not has_content(objects.pop(key), fingerprint, stores, deep=deep):
            yield Finding(OBJECT_STALE, label, object_id, key, names)
    yield from (Finding(OBJECT_ORPHANED, label, object_id, key) for key in objects)


def valid_references(expected: Expected, item: Item) -> dict[str, str]:
    """Return the S3 keys in ``item`` that are keys of the expected bodies, by attribute."""
    references = {}
    for fingerprint in expected.fingerprints:
        key = item.get(fingerprint.attribute, {}).get("S", "")
        if fingerprint.is_kept_at(key):
            references[fingerprint.attribute] = key
    return references


def differing_attributes(
    expected: Expected, item: Item, references: Mapping[str, str], entry: LedgerEntry | None
) -> list[str]:
    """Return the names of the attributes that are missing from ``item``, wrong, or unexpected."""
    wanted = expected.attributes | {name: {"S": key} for name, key in references.items()}
    if entry is None:  # nothing says which revision it should have
        item = {name: value for name, value in item.items() if name != REVISION}
    else:
        wanted |= {REVISION: {"N": str(entry.mirrored_revision)}}
    unreferenced = {body.attribute for body in expected.fingerprints} - references.keys()
    differing = {
        name
        for name in wanted.keys() | item.keys()
        if normalized(wanted.get(name)) != normalized(item.get(name))
    }
    return sorted(differing | unreferenced)


def has_content(listed: Listed, fingerprint: Fingerprint, stores: Stores, *, deep: bool) -> bool:
    """Whether a listed object has the content that the fingerprint identifies.

    S3 lists the MD5 of an object that was put in one part, unless the bucket encrypts with KMS.
    Then S3 tells the SHA-256 that came with the upload, and has verified it. An object without
    one is read.
    """
    if not deep:
        if listed.etag == fingerprint.md5:
            return True
        if sha256 := stores.objects.sha256(listed.key):
            return sha256 == fingerprint.sha256
    content = stores.objects.get(listed.key)
    return content is not None and hashlib.sha256(content).hexdigest() == fingerprint.sha256
